"""Spans of time as people say them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.web import wording


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(seconds=59), "moments"),
        (timedelta(minutes=4, seconds=59), "4 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47, minutes=4), "47 h 4 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=3) - timedelta(seconds=1), "2 d 23 h"),
        (timedelta(days=6, hours=23), "6 d 23 h"),
        (timedelta(days=7, hours=23), "7 d"),
    ],
    ids=str,
)
def test_a_span_is_said_as_exactly_as_it_matters(duration: timedelta, said: str) -> None:
    assert wording.span(duration) == wording.span(-duration) == said
