"""Setting windows: who may, what is refused, what is recorded, and one schedule out of all rows."""

from __future__ import annotations

import datetime as dt
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotFound, NotPermitted, StateConflict, ValidationFailed
from portal.environments import window_services
from portal.environments.models import Environment, Window
from portal.environments.schedules import next_of, schedule_of
from tests.environments.window_oracle import utc
from tests.factories import EnvironmentFactory, UserFactory, WindowFactory, platform

pytestmark = pytest.mark.django_db

NOW = utc(2026, 11, 25, 14)
HOURS: dict[str, Any] = {
    "kind": "opening",
    "reason": "Somebody is at work",
    "time_zone": "Europe/Berlin",
    "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
    "first_day": date(2026, 11, 2),
    "start_time": time(9),
    "minutes": 480,
}
FREEZE: dict[str, Any] = {
    "kind": "freeze",
    "reason": "Sale",
    "time_zone": "Europe/Berlin",
    "starts_at": utc(2026, 11, 26),
    "ends_at": utc(2026, 12, 1),
}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def production() -> Environment:
    return EnvironmentFactory(slug="production")


@pytest.fixture
def pete() -> User:
    return platform("pete", "platform_engineer")


def refused(environment: Environment, **fields: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refusal:
        window_services.create(environment, actor=None, **fields)
    assert not Window.objects.exists()
    return {each["path"]: each["code"] for each in refusal.value.errors}


def test_windows_together_say_when_it_is_open(production: Environment, pete: User) -> None:
    window_services.create(production, actor=pete, **HOURS)
    window_services.create(production, actor=pete, **FREEZE)
    schedule = schedule_of(production)
    assert schedule.state_at(NOW).ends == utc(2026, 11, 25, 16)
    assert schedule.state_at(utc(2026, 11, 25, 16)).next_opening == utc(2026, 12, 1, 8)
    assert schedule_of(EnvironmentFactory(slug="dev")).state_at(NOW).open


@pytest.mark.parametrize("role", ["operator", "auditor", None])
def test_only_platform_engineers_set_change_and_remove(production: Environment, role: str | None) -> None:
    somebody = platform("somebody", role) if role else UserFactory()
    window = WindowFactory(environment=production)
    with pytest.raises(NotPermitted):
        window_services.create(production, actor=somebody, **HOURS)
    with pytest.raises(NotPermitted):
        window_services.change(window, actor=somebody, reason="Mine.")
    with pytest.raises(NotPermitted):
        window_services.remove(window, actor=somebody)
    assert Window.objects.get().reason == window.reason
    assert not AuditEvent.objects.exists()


def test_each_change_is_audited_and_saving_again_is_not(production: Environment, pete: User) -> None:
    window = window_services.create(production, actor=pete, **HOURS)
    window_services.change(window, actor=pete, minutes=540, reason="Longer")
    window_services.change(window, actor=pete, minutes=540)
    window_services.remove(window, actor=pete, comment="No longer.")
    events = list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))
    assert sorted(events) == ["window.removed", "window.saved", "window.saved"]
    changed = AuditEvent.objects.get(action="window.saved", before__isnull=False)
    assert (changed.before["minutes"], changed.after["minutes"]) == (480, 540)
    removed = AuditEvent.objects.get(action="window.removed")
    assert (removed.before["reason"], removed.comment, removed.actor) == ("Longer", "No longer.", pete)


def test_what_is_gone_cannot_be_changed_or_removed_again(production: Environment, pete: User) -> None:
    window = window_services.create(production, actor=pete, **HOURS)
    stale = Window.objects.select_related("environment").get(pk=window.pk)
    window_services.remove(window, actor=pete)
    with pytest.raises(NotFound):
        window_services.change(stale, actor=pete, minutes=1)
    with pytest.raises(NotFound):
        window_services.remove(stale, actor=pete)


def test_a_refused_change_leaves_the_window_as_it_was(production: Environment, pete: User) -> None:
    window = window_services.create(production, actor=pete, **HOURS)
    with pytest.raises(ValidationFailed):
        window_services.change(window, actor=pete, minutes=0)
    with pytest.raises(ValidationFailed):
        window_services.change(window, actor=pete, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    assert Window.objects.get().minutes == 480


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {"/kind": "unknown", "/starts_at": "required", "/ends_at": "required"}),
        (FREEZE | {"kind": "party"}, {"/kind": "unknown"}),
        (FREEZE | {"reason": " "}, {"/reason": "required"}),
        (FREEZE | {"reason": "x" * 301}, {"/reason": "max_length"}),
        (FREEZE | {"time_zone": "Mars/Olympus"}, {"/time_zone": "unknown"}),
        (FREEZE | {"ends_at": FREEZE["starts_at"]}, {"/ends_at": "invalid"}),
        (FREEZE | {"ends_at": None}, {"/ends_at": "required"}),
        (FREEZE | {"ends_at": datetime(2026, 12, 1)}, {"/ends_at": "invalid"}),
        (FREEZE | {"starts_at": utc(2026, 1, 1), "ends_at": NOW}, {"/ends_at": "invalid"}),
        (
            FREEZE | {"minutes": 5},
            {"/rrule": "required", "/first_day": "required", "/start_time": "required"},
        ),
        (FREEZE | HOURS, {"/starts_at": "invalid", "/ends_at": "invalid"}),
        (HOURS | {"minutes": 0}, {"/minutes": "invalid"}),
        (HOURS | {"minutes": 7 * 1440 + 1}, {"/minutes": "invalid"}),
        (HOURS | {"minutes": None, "start_time": None}, {"/minutes": "required", "/start_time": "required"}),
        (HOURS | {"rrule": "FREQ=MINUTELY"}, {"/rrule": "invalid"}),
        (HOURS | {"rrule": "FREQ=WEEKLY;BYDAY=MO", "until": date(2026, 11, 1)}, {"/until": "invalid"}),
        (HOURS | {"until": date(2026, 11, 20)}, {"/until": "invalid"}),
        (
            HOURS | {"reason": "", "time_zone": "", "rrule": "X", "minutes": -1},
            {"/reason": "required", "/time_zone": "unknown", "/rrule": "invalid", "/minutes": "invalid"},
        ),
    ],
)
def test_everything_wrong_is_said_at_once_beside_its_field(
    production: Environment, fields: dict[str, Any], found: dict[str, str]
) -> None:
    said = refused(production, **fields)
    assert found.items() <= said.items()


def test_the_fifty_first_window_is_one_too_many(production: Environment) -> None:
    for _ in range(window_services.MOST_WINDOWS):
        WindowFactory(environment=production)
    with pytest.raises(StateConflict, match="Remove one"):
        window_services.create(production, actor=None, **HOURS)


def test_the_schedules_of_many_environments_cost_one_query_each_or_two_in_all() -> None:
    for number in range(5):
        environment = EnvironmentFactory(slug=f"stage-{number}")
        WindowFactory(environment=environment)
    with CaptureQueriesContext(connection) as queries:
        states = [schedule_of(each).state_at(NOW) for each in Environment.objects.prefetch_related("windows")]
    assert (len(states), len(queries)) == (5, 2)


def test_a_row_that_cannot_be_read_closes_the_environment_and_says_which(production: Environment) -> None:
    """As when a time zone has left the tz database."""
    window = WindowFactory(environment=production, reason="Sale")
    Window.objects.filter(pk=window.pk).update(time_zone="Europe/Atlantis")
    state = schedule_of(production).state_at(NOW)
    assert (state.open, state.next_opening) == (False, None)
    assert "Sale" in state.reason
    assert next_of(Window.objects.get(), NOW) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "party"},
        {"ends_at": None},
        {"ends_at": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)},
        {"rrule": "FREQ=DAILY"},
        {"minutes": 5},
        {"starts_at": None, "ends_at": None, "rrule": "FREQ=DAILY", "first_day": date(2026, 1, 1)},
    ],
)
def test_the_database_takes_no_half_windows(production: Environment, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        WindowFactory(environment=production, **wrong)


def run(*command: str) -> str:
    out = StringIO()
    call_command("window", *command, stdout=out)
    return out.getvalue()


def test_windows_are_listed_added_and_removed_from_the_command_line(production: Environment) -> None:
    assert "production is open" in run("list", "production")
    freeze = ("--reason", "Sale", "--time-zone", "Europe/Berlin")
    run("add", "production", "freeze", *freeze, "--from", "2026-11-25T14:00", "--until", "2026-11-27T09:00")
    weekly = ("--rrule", "FREQ=WEEKLY;BYDAY=FR", "--start-time", "09:00", "--minutes", "60")
    run("add", "production", "opening", *freeze, *weekly)
    first, second = Window.objects.all()
    assert (first.starts_at, second.first_day) == (utc(2026, 11, 25, 13), NOW.date())
    said = run("list", "production")
    assert "production is closed until 2026-11-27T08:00:00+00:00" in said
    assert f"{second.pk}: next 2026-11-27T08:00:00+00:00" in said
    run("remove", "production", str(first.pk), "--comment", "Done.")
    assert Window.objects.get() == second
    assert AuditEvent.objects.get(action="window.removed").actor_name == "slipway"


HOURLY = ("--rrule", "FREQ=HOURLY", "--start-time", "09:00", "--minutes", "5")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("list", "moon"), "no environment"),
        (("remove", "production", "7"), "no window 7"),
        (("add", "production", "freeze", "--from", "soon", "--until", "later"), "--from: "),
        (("add", "production", "freeze", "--from", "2026-12-01T00:00"), "--from, --until"),
        (("add", "production", "freeze", "--minutes", "5"), "rrule: On which days"),
        (("add", "production", "freeze", *HOURLY), "too dense"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    production: Environment, command: tuple[str, ...], said: str
) -> None:
    rest = ("--reason", "Sale", "--time-zone", "UTC") if command[0] == "add" else ()
    with pytest.raises(CommandError, match=said):
        run(*command, *rest)
