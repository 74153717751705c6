"""How long a violation may stand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.policy import sla
from portal.policy.documents import Metadata


@pytest.mark.parametrize(("severity", "days"), [("critical", 7), ("high", 30), ("medium", 90), ("low", 180)])
def test_the_time_to_remedy_follows_from_the_severity(severity: str, days: int) -> None:
    assert sla.time_to_remedy(Metadata(severity=severity)) == timedelta(days=days)


@pytest.mark.parametrize(("said", "time"), [("3d", timedelta(days=3)), ("36h", timedelta(hours=36))])
def test_what_the_policy_says_counts_more_than_its_severity(said: str, time: timedelta) -> None:
    assert sla.time_to_remedy(Metadata(severity="low", sla=said)) == time


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(days=7), "7 days"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
    ],
)
def test_times_read_as_people_say_them(time: timedelta, words: str) -> None:
    assert sla.in_words(time) == words
