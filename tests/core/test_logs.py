"""Logs hold what happened, never what variables held."""

import logging
import sys

import pytest

from portal.settings.logs import formatter


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_shows_no_local_variables(style):
    def fail() -> None:
        password = "".join(["hun", "ter2"])
        raise ValueError(len(password))

    try:
        fail()
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broken", None, sys.exc_info())
    text = formatter(style).format(record)
    assert "ValueError: 7" in text
    assert "hunter2" not in text
