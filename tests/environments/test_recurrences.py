"""Recurrences: as dateutil walks them, but from anywhere at once; and what is refused, with what to do."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.environments.recurrences import Recurrence, months_from
from portal.environments.rrules import WEEKDAYS, NoRecurrence, parse
from portal.environments.window_checks import problems_of
from portal.environments.windows import Kind, Once, WindowRule
from tests.environments.window_oracle import utc

NINE = datetime(2026, 1, 1, 9)


def several(values: st.SearchStrategy, most: int = 4) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda each: ",".join(map(str, each)))


def signed(largest: int) -> st.SearchStrategy[int]:
    return st.integers(-largest, largest).filter(bool)


def ordinals(largest: int) -> st.SearchStrategy[str]:
    return st.tuples(signed(largest), st.sampled_from(WEEKDAYS)).map(lambda each: f"{each[0]}{each[1]}")


days = several(st.sampled_from(WEEKDAYS))
months = several(st.integers(1, 12))
OPTIONS = {
    "DAILY": {"BYDAY": days, "BYMONTH": months, "BYMONTHDAY": several(signed(31))},
    "WEEKLY": {"BYDAY": days, "BYMONTH": months, "WKST": st.sampled_from(WEEKDAYS)},
    "MONTHLY": {
        "BYDAY": st.one_of(days, several(ordinals(5))),
        "BYMONTHDAY": several(signed(31)),
        "BYMONTH": months,
    },
    "YEARLY": {
        "BYDAY": st.one_of(days, several(ordinals(53))),
        "BYMONTH": months,
        "BYMONTHDAY": several(signed(31)),
        "BYYEARDAY": several(signed(366)),
    },
}


@st.composite
def texts(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(sorted(OPTIONS)))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.sampled_from([1, 1, 2, 3, 5])))}
    for name in draw(st.lists(st.sampled_from(sorted(OPTIONS[frequency])), max_size=2, unique=True)):
        parts[name] = draw(OPTIONS[frequency][name])
    if "BYMONTH" in parts and frequency == "YEARLY" and "BYDAY" in parts:
        parts["BYDAY"] = draw(several(ordinals(5)))
    if frequency == "YEARLY" and len(parts) == 2 and draw(st.booleans()):
        parts |= {"BYWEEKNO": draw(several(signed(53))), "BYDAY": draw(days)}
    if frequency in ("MONTHLY", "YEARLY") and "BYDAY" in parts and draw(st.booleans()):
        parts["BYSETPOS"] = draw(several(signed(6), 2))
    if draw(st.booleans()):
        parts["BYHOUR"] = draw(several(st.integers(0, 23), 2))
        parts["BYMINUTE"] = draw(several(st.integers(0, 59), 2))
    return ";".join(f"{name}={value}" for name, value in parts.items())


@settings(max_examples=150, deadline=None)
@given(
    text=texts(), first=st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1)), ahead=st.integers(0, 5000)
)
def test_the_starts_of_any_three_months_are_those_that_dateutil_walks_to(
    text: str, first: datetime, ahead: int
) -> None:
    first = first.replace(second=0, microsecond=0)
    shown = (first + timedelta(days=ahead)).replace(day=1, hour=0, minute=0)
    look = months_from(shown)
    found = [each for _ in range(3) for each in Recurrence(text, first, 1).starts_in(*next(look))]
    end = datetime(*next(look), 1)
    # its own end, so that what never happens does not walk to the year 9999
    rule = rrulestr(f"{text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=first)
    walked = rule.xafter(shown - timedelta(seconds=1))
    expected = []
    for each in walked if _happens(text, first) else ():
        if each >= end:
            break
        expected.append(each)
    assert found == expected


def _happens(text: str, first: datetime) -> bool:
    return Recurrence(text, first, 1).ever_happens()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=6MO", "no meaning"),
        ("FREQ=SECONDLY", "too dense"),
        ("FREQ=MINUTELY;INTERVAL=30", "too dense"),
        ("FREQ=HOURLY", "too dense"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5", "too dense"),
        ("FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30", "too dense"),
        ("FREQ=FORTNIGHTLY", "DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("INTERVAL=2", "Begin with FREQ="),
        ("", "1 to 255 characters"),
        ("FREQ=DAILY;" * 40, "1 to 255 characters"),
        ("every friday", "no part of a recurrence"),
        ("FREQ=DAILY;FREQ=DAILY", "there twice"),
        ("FREQ=DAILY;COUNT=3", "until"),
        ("FREQ=DAILY;UNTIL=20300101", "until"),
        ("FREQ=DAILY;BYSECOND=1", "full minute"),
        ("FREQ=DAILY;BYEASTER=1", "no part of a recurrence"),
        ("DTSTART=20300101;FREQ=DAILY", "first day"),
        ("FREQ=DAILY;INTERVAL=0", "from 1 to 400"),
        ("FREQ=DAILY;INTERVAL=-1", "whole numbers"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "whole numbers"),
        ("FREQ=DAILY;INTERVAL=٣", "whole numbers"),
        ("FREQ=DAILY;BYHOUR=24", "from 0 to 23"),
        ("FREQ=YEARLY;BYMONTH=13", "from 1 to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "no meaning with FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "no meaning with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "no meaning"),
        ("FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", "no meaning"),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "MO, TU"),
        ("FREQ=WEEKLY;BYDAY=", "no part of a recurrence"),
        ("FREQ=WEEKLY;WKST=XX", "WKST"),
        ("FREQ=MONTHLY;BYSETPOS=1", "add that part"),
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "no meaning"),
    ],
)
def test_what_windows_cannot_have_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(NoRecurrence, match=said):
        parse(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="FREQ=DAILYWKMONTHBS;,-+0123456789", max_size=60))
def test_any_other_text_is_refused_and_never_an_error_of_ours(text: str) -> None:
    for given_text in (text, f"FREQ=DAILY;{text}"):
        with suppress(NoRecurrence):
            Recurrence(given_text, NINE, 60).ever_happens()


def wrong(when: Once | Recurrence, reason: str = "Because.", zone: str = "Europe/Berlin") -> dict[str, str]:
    problems = problems_of(WindowRule(Kind.FREEZE, reason, zone, when))
    return {path: code for path, _, code in problems}


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (Recurrence("FREQ=DAILY", NINE, 0), {"/minutes": "invalid"}),
        (Recurrence("FREQ=DAILY", NINE, 10_081), {"/minutes": "invalid"}),
        (Recurrence("FREQ=DAILY", NINE, 60, date(2025, 12, 31)), {"/until": "invalid"}),
        (Recurrence("FREQ=DAILY", NINE.replace(second=1), 60), {"/start_time": "invalid"}),
        (Recurrence("FREQ=DAILY", NINE.replace(year=1999), 60), {"/first_day": "invalid"}),
        (Recurrence("FREQ=SECONDLY", NINE, 0), {"/rrule": "invalid", "/minutes": "invalid"}),
        (Recurrence("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", NINE, 60), {"/rrule": "never"}),
        (Recurrence("FREQ=WEEKLY;BYDAY=MO", NINE, 60, date(2026, 1, 3)), {"/rrule": "never"}),
        (Recurrence("FREQ=YEARLY", datetime(2028, 2, 29, 9), 60), {}),
        (Once(utc(2026, 1, 1), utc(2026, 1, 1)), {"/ends_at": "invalid"}),
        (Once(utc(2026, 1, 1), utc(2027, 1, 3)), {"/ends_at": "too_long"}),
        (Once(utc(2026, 1, 1), utc(2026, 1, 20)), {}),
        (Once(datetime(2026, 1, 1), utc(2026, 1, 2)), {"/starts_at": "invalid"}),
        (Once(utc(1, 1, 1), utc(9999, 12, 31)), {"/starts_at": "invalid", "/ends_at": "too_long"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(when: Once | Recurrence, found: dict[str, str]) -> None:
    assert {path: code for path, code in wrong(when).items() if path in found} == found
    assert bool(wrong(when)) == bool(found)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "europe/berlin", "localtime", "../etc/passwd", "America"]
)
def test_a_zone_that_is_not_known_is_refused(zone: str) -> None:
    assert wrong(Recurrence("FREQ=DAILY", NINE, 60), zone=zone) == {"/time_zone": "unknown"}


def test_a_rule_that_never_happens_again_does_not_walk_to_the_end_of_time() -> None:
    began = time.process_time()
    rare = Recurrence("FREQ=DAILY;INTERVAL=7;BYDAY=TU", datetime(2026, 1, 1, 9), 60)  # a Thursday's rule
    rule = WindowRule(Kind.FREEZE, "never", "UTC", rare)
    assert list(rule.intervals(utc(2026, 1, 1), utc(2027, 2, 1))) == []
    assert time.process_time() - began < 2
