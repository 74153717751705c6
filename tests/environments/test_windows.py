"""Is it open, until when, and when does it open next: against every minute's wall clock, across DST."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.environments.recurrences import Recurrence
from portal.environments.windows import HORIZON, Interval, Kind, Once, Schedule, WindowRule, once
from tests.environments.window_oracle import MINUTE, minutes, open_minutes, spans, utc

# clocks that are put forward or back within days of the moment; Samoa left out a whole day
MIDDLES = [
    ("Europe/Berlin", utc(2026, 3, 29, 1)),
    ("Europe/Berlin", utc(2026, 10, 25, 1)),
    ("America/New_York", utc(2026, 3, 8, 7)),
    ("America/New_York", utc(2026, 11, 1, 6)),
    ("Australia/Lord_Howe", utc(2026, 4, 4, 15)),
    ("Australia/Lord_Howe", utc(2026, 10, 3, 15)),
    ("Africa/Casablanca", utc(2026, 2, 15, 2)),
    ("Africa/Casablanca", utc(2026, 3, 22, 2)),
    ("Pacific/Apia", utc(2011, 12, 30, 10)),
    ("Asia/Kolkata", utc(2026, 3, 29, 1)),
    ("UTC", utc(2028, 2, 29, 0)),
]
RRULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;BYHOUR=1,2,3",
    "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,15,30,45",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;BYDAY=SA,SU",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO",
    "FREQ=MONTHLY;BYDAY=-1SU,1SU,2SU",
    "FREQ=MONTHLY;BYMONTHDAY=-1,1,15",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=3,10,12;BYMONTHDAY=25,29,30",
    "FREQ=YEARLY;BYWEEKNO=13,43;BYDAY=SU",
]
ZONES = sorted({zone for zone, _ in MIDDLES})
kinds = st.sampled_from(Kind)
nearby = st.integers(-150, 150)
lengths = st.one_of(
    st.integers(1, 180),
    st.integers(1, 180),
    st.integers(1, 7 * 24 * 60),
    st.sampled_from([1440, 2880, 10080]),
)
offsets = st.one_of(nearby, st.integers(-3 * 1440, 3 * 1440))


@st.composite
def rules(draw: st.DrawFn, middle: datetime, zone: str) -> WindowRule:
    """Most of them begin or end about when the clock is put forward or back."""
    there = draw(st.one_of(st.just(zone), st.just(zone), st.sampled_from(ZONES)))
    kind = draw(kinds)
    if draw(st.integers(0, 4)) == 0:
        start = middle + draw(st.integers(-5000, 5000)) * MINUTE
        return WindowRule(kind, "once", there, Once(start, start + draw(lengths) * MINUTE))
    then = middle.astimezone(ZoneInfo(there)).replace(tzinfo=None, fold=0)
    before = timedelta(days=draw(st.integers(-1, 40)))
    first = then - before + draw(st.one_of(nearby, nearby, st.integers(0, 1439))) * MINUTE
    until = draw(st.one_of(st.none(), st.integers(0, 45)))
    last = first.date() + timedelta(days=until) if until is not None else None
    return WindowRule(
        kind, "again", there, Recurrence(draw(st.sampled_from(RRULES)), first, draw(lengths), last)
    )


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    zone, middle = draw(st.sampled_from(MIDDLES))
    return Schedule(tuple(draw(st.lists(rules(middle, zone), max_size=4)))), middle


@settings(max_examples=120, deadline=None)
@given(
    place=st.sampled_from(MIDDLES),
    kind=kinds,
    rrule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU,FR,SA"]),
    offset=nearby,
    length=st.one_of(st.integers(1, 90), st.sampled_from([1440, 2880])),
)
def test_a_window_begins_and_ends_when_the_wall_clock_says(
    place: tuple[str, datetime], kind: Kind, rrule: str, offset: int, length: int
) -> None:
    zone, middle = place
    then = middle.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    first = then - timedelta(days=20) + offset * MINUTE
    rule = WindowRule(kind, "night", zone, Recurrence(rrule, first, length))
    near = timedelta(days=3)
    found = [each for each in rule.intervals(middle - near, middle + near) if each.start >= middle - near]
    assert found == spans(rule, middle)


@settings(max_examples=100, deadline=None)
@given(case=schedules(), asked=st.lists(offsets, min_size=8, max_size=8))
def test_state_and_next_opening_agree_with_every_minute(
    case: tuple[Schedule, datetime], asked: list[int]
) -> None:
    schedule, middle = case
    line, truth = minutes(middle), open_minutes(schedule.rules, middle)
    sure = len(line) - 24 * 60  # what is under way at the very end may end later
    for offset in asked:
        at = len(line) // 2 + offset
        state = schedule.state_at(line[at])
        assert state.open is truth[at]
        assert schedule.state_at(line[at] + MINUTE - timedelta(microseconds=1)).open is truth[at]
        turn = next((index for index in range(at, sure) if truth[index] is not truth[at]), None)
        if turn is None:
            assert state.ends is None or state.ends >= line[sure]
        else:
            assert state.ends == line[turn]
        assert state.next_opening == (None if state.open else state.ends)
        assert schedule.next_opening(line[at]) == (line[at] if state.open else state.ends)


@settings(max_examples=50, deadline=None)
@given(case=schedules(), offset=offsets, length=st.integers(1, 600))
def test_a_freeze_always_wins(case: tuple[Schedule, datetime], offset: int, length: int) -> None:
    schedule, middle = case
    start = middle + offset * MINUTE
    freeze = WindowRule(Kind.FREEZE, "incident", "UTC", Once(start, start + length * MINUTE))
    frozen = Schedule((*schedule.rules, freeze))
    for moment in (start, start + length * MINUTE - timedelta(microseconds=1)):
        assert not frozen.state_at(moment).open
        opening = frozen.next_opening(moment)
        assert opening is None or opening >= start + length * MINUTE


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(5, 21),
    moment=st.datetimes(datetime(2012, 2, 1), datetime(2040, 1, 1)),
)
@example(zone="Europe/Berlin", hour=9, moment=datetime(2026, 3, 28, 12))
def test_it_opens_at_the_same_wall_clock_hour_all_year(zone: str, hour: int, moment: datetime) -> None:
    hours = Recurrence("FREQ=DAILY", datetime(2012, 1, 1, hour), 60)
    schedule = Schedule((WindowRule(Kind.OPENING, "hours", zone, hours),))
    asked = moment.replace(tzinfo=ZoneInfo("UTC"))
    opening = schedule.next_opening(asked)
    assert opening is not None
    if opening == asked:
        assert opening.astimezone(ZoneInfo(zone)).hour == hour
    else:
        assert opening.astimezone(ZoneInfo(zone)).time().isoformat() == f"{hour:02}:00:00"
        assert opening - asked <= timedelta(hours=25)


def berlin(kind: Kind, first: datetime, length: int, rrule: str = "FREQ=DAILY") -> WindowRule:
    return WindowRule(kind, "night", "Europe/Berlin", Recurrence(rrule, first, length))


def only(rule: WindowRule, day: datetime) -> list[Interval]:
    """What takes place within 24 hours."""
    return [each for each in rule.intervals(day, day + timedelta(days=1)) if each.start >= day]


def test_what_starts_in_the_hour_that_is_left_out_starts_right_after_it() -> None:
    rule = berlin(Kind.OPENING, datetime(2026, 1, 1, 2, 30), 60)
    assert only(rule, utc(2026, 3, 29)) == [(utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 30))]


def test_what_lies_wholly_in_that_hour_does_not_take_place() -> None:
    for kind in Kind:
        assert only(berlin(kind, datetime(2026, 1, 1, 2, 10), 30), utc(2026, 3, 29)) == []


def test_in_the_hour_that_comes_twice_a_freeze_lasts_to_its_second_end_and_an_opening_to_its_first() -> None:
    first = datetime(2026, 1, 1, 2, 10)
    start = utc(2026, 10, 25, 0, 10)
    assert only(berlin(Kind.OPENING, first, 30), utc(2026, 10, 24, 22)) == [(start, utc(2026, 10, 25, 0, 40))]
    assert only(berlin(Kind.FREEZE, first, 30), utc(2026, 10, 24, 22)) == [(start, utc(2026, 10, 25, 1, 40))]


def test_a_day_on_which_the_clock_is_put_forward_has_23_hours_of_all_day() -> None:
    found = only(berlin(Kind.FREEZE, datetime(2026, 1, 1), 24 * 60), utc(2026, 3, 28, 23))
    assert [each.end - each.start for each in found] == [timedelta(hours=23), timedelta(hours=24)]


def test_half_an_hour_on_lord_howe() -> None:
    when = Recurrence("FREQ=DAILY", datetime(2026, 1, 1, 1, 45), 5)
    for kind, length in ((Kind.OPENING, 5), (Kind.FREEZE, 35)):
        rule = WindowRule(kind, "night", "Australia/Lord_Howe", when)
        (found,) = only(rule, utc(2026, 4, 4, 14))
        assert (found.start, found.end - found.start) == (utc(2026, 4, 4, 14, 45), length * MINUTE)


def test_the_day_that_samoa_left_out_has_no_window() -> None:
    rule = WindowRule(
        Kind.OPENING, "hours", "Pacific/Apia", Recurrence("FREQ=DAILY", datetime(2011, 12, 1, 9), 60)
    )
    starts = [each.start for each in rule.intervals(utc(2011, 12, 29), utc(2012, 1, 1))]
    assert starts == [utc(2011, 12, 29, 19), utc(2011, 12, 30, 19), utc(2011, 12, 31, 19)]
    shown = [each.astimezone(ZoneInfo("Pacific/Apia")).date() for each in starts]
    assert shown == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]


def test_without_any_window_it_is_always_open() -> None:
    state = Schedule().state_at(utc(2026, 11, 25))
    assert (state.open, state.reason, state.ends, state.next_opening) == (True, "", None, None)


def test_the_reason_is_that_of_the_freeze_that_ends_last_then_of_the_hours() -> None:
    hours = berlin(Kind.OPENING, datetime(2026, 1, 5, 9), 480, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    short = WindowRule(Kind.FREEZE, "audit", "UTC", Once(utc(2026, 11, 25, 9), utc(2026, 11, 25, 10)))
    long = WindowRule(Kind.FREEZE, "sale", "UTC", Once(utc(2026, 11, 25, 8), utc(2026, 11, 27, 12)))
    schedule = Schedule((hours, short, long))
    closed = schedule.state_at(utc(2026, 11, 25, 9, 30))
    assert (closed.open, closed.reason, closed.next_opening) == (False, "sale", utc(2026, 11, 27, 12))
    assert schedule.state_at(utc(2026, 11, 28, 9)).reason == "Outside opening hours: night"
    friday = schedule.state_at(utc(2026, 11, 27, 12))
    assert (friday.open, friday.reason, friday.ends) == (True, "night", utc(2026, 11, 27, 16))
    assert friday.time_zone == "Europe/Berlin"


def test_hours_that_are_over_for_good_leave_it_closed_and_say_so() -> None:
    over = Once(utc(2026, 1, 1), utc(2026, 1, 2))
    state = Schedule((WindowRule(Kind.OPENING, "launch", "UTC", over),)).state_at(utc(2026, 1, 2))
    assert (state.open, state.reason, state.next_opening) == (False, "Outside opening hours", None)


def test_what_comes_after_the_horizon_is_not_guessed() -> None:
    now = utc(2026, 1, 1)
    for later, known in ((HORIZON - MINUTE, True), (HORIZON, False)):
        opening = Once(now + later, now + later + MINUTE)
        found = Schedule((WindowRule(Kind.OPENING, "launch", "UTC", opening),)).next_opening(now)
        assert found == (opening.start if known else None)


def test_freezes_that_follow_each_other_without_end_are_said_to_have_none() -> None:
    always = berlin(Kind.FREEZE, datetime(2026, 1, 1), 24 * 60)
    assert Schedule((always,)).state_at(utc(2026, 6, 1)).next_opening is None


def test_local_times_of_a_single_freeze_are_read_as_those_of_a_recurrence() -> None:
    start, end = datetime(2026, 10, 25, 2, 10), datetime(2026, 10, 25, 2, 40)
    assert once(Kind.FREEZE, "Europe/Berlin", start, end) == Once(
        utc(2026, 10, 25, 0, 10), utc(2026, 10, 25, 1, 40)
    )


def test_an_unreadable_schedule_is_closed() -> None:
    schedule = Schedule(unreadable="The window “x” cannot be read.")
    state = schedule.state_at(utc(2026, 1, 1))
    assert (state.open, state.next_opening) == (False, None)
    assert "cannot be read" in state.reason
    assert schedule.next_opening(utc(2026, 1, 1)) is None


@pytest.mark.parametrize("kind", Kind)
def test_a_window_holds_from_its_first_instant_until_just_before_its_end(kind: Kind) -> None:
    rule = WindowRule(kind, "x", "UTC", Once(utc(2026, 1, 1), utc(2026, 1, 2)))
    inside, outside = kind is Kind.OPENING, kind is Kind.FREEZE
    instant = timedelta(microseconds=1)
    moments = (utc(2026, 1, 1) - instant, utc(2026, 1, 1), utc(2026, 1, 2) - instant, utc(2026, 1, 2))
    found = [Schedule((rule,)).state_at(each).open for each in moments]
    assert found == [outside, inside, inside, outside]
