"""Cron schedules: when a CronJob is due next."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.sandbox.controllers import cron


def moment(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("*/15 * * * *", "2026-03-01T10:07:30", "2026-03-01T10:15"),
        ("0 * * * *", "2026-03-01T10:00", "2026-03-01T11:00"),
        ("@daily", "2026-12-31T23:59", "2027-01-01T00:00"),
        ("30 2 * * mon-fri", "2026-03-06T03:00", "2026-03-09T02:30"),
        ("0 0 29 feb *", "2026-03-01T00:00", "2028-02-29T00:00"),
        ("5,35 8-10/2 * * *", "2026-03-01T08:40", "2026-03-01T10:05"),
        ("0 12 1 * 0", "2026-03-02T00:00", "2026-03-08T12:00"),
    ],
)
def test_next_run_is_the_first_due_minute(schedule: str, after: str, due: str) -> None:
    assert cron.parse(schedule).next_after(moment(after)) == moment(due)


def test_schedule_is_read_in_its_own_time_zone() -> None:
    due = cron.parse("0 9 * * *").next_after(moment("2026-07-01T10:00", "Europe/Berlin"))
    assert due is not None
    assert due.astimezone(UTC).hour == 7


def test_a_day_that_never_comes_is_never_due() -> None:
    assert cron.parse("0 0 31 feb *").next_after(moment("2026-01-01T00:00")) is None


@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "60 * * * *", "* 24 * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *"]
)
def test_wrong_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(cron.ScheduleError):
        cron.parse(schedule)
