"""Windows on pages: set without RRULE, shown with what comes, and told to whoever asks for something."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Window
from tests.environments.window_oracle import utc
from tests.factories import WindowFactory
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.pages import Page

ADDRESS = "/platform/environments/dev/windows/"
WEDNESDAY = utc(2026, 11, 25, 14)
ONCE = {
    "what": "once",
    "reason": "Stock-taking",
    "time_zone": "Europe/Berlin",
    "starts": "2026-11-25T14:00",
    "ends": "2026-11-27T09:00",
}
HOURS = {
    "what": "opening",
    "reason": "Somebody is at work",
    "time_zone": "Europe/Berlin",
    "days": ["MO", "TU", "WE", "TH", "FR"],
    "start": "09:00",
    "end": "17:00",
}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: WEDNESDAY)
    return WEDNESDAY


@pytest.fixture
def pete(organisation: Organisation, signed_in: SignIn) -> Client:
    return signed_in(organisation.pete)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def add(browser: Client, data: dict[str, Any]) -> Any:
    return browser.post(ADDRESS + "add/", data, follow=True)


@pytest.mark.parametrize("person", ["alice", "mona", "olga", "audrey"])
def test_only_platform_engineers_reach_it(person: str, organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(getattr(organisation, person))
    window = WindowFactory(environment=organisation.environment("dev"))
    for response in (
        browser.get(ADDRESS),
        browser.post(ADDRESS + "add/", ONCE),
        browser.post(f"{ADDRESS}{window.pk}/remove/"),
    ):
        assert response.status_code == 403
    assert Window.objects.count() == 1


def test_a_freeze_is_typed_in_its_zones_own_time_and_closes_at_once(pete: Client) -> None:
    assert "Always open" in pete.get("/platform/").content.decode()
    page = add(pete, ONCE).content.decode()
    window = Window.objects.get()
    assert (window.starts_at, window.ends_at) == (utc(2026, 11, 25, 13), utc(2026, 11, 27, 8))
    assert "Closed Stock-taking. Opens Fri 27 Nov 09:00 Europe/Berlin" in text_of(page)
    assert AuditEvent.objects.get(action="window.saved").actor_name == "pete"
    assert "Closed" in pete.get("/platform/").content.decode()


def test_opening_hours_need_no_rrule(pete: Client) -> None:
    page = add(pete, HOURS).content.decode()
    window = Window.objects.get()
    assert (window.rrule, window.minutes) == ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", 480)
    assert window.first_day == WEDNESDAY.date()
    assert "Mon–Fri 09:00–17:00" in page
    assert "until <time" in page  # it is three in Berlin
    assert page.count("Somebody is at work") >= 10  # and what comes in two weeks


def test_an_end_that_is_not_later_is_the_next_days(pete: Client) -> None:
    add(pete, HOURS | {"what": "freeze", "start": "22:00", "end": "06:00", "days": ["SA"]})
    add(pete, HOURS | {"what": "freeze", "start": "00:00", "end": "00:00", "days": ["SU"]})
    assert list(Window.objects.values_list("minutes", flat=True)) == [480, 1440]


def test_experts_write_the_recurrence_themselves(pete: Client) -> None:
    page = add(pete, HOURS | {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "until": "2027-12-31"}).content.decode()
    assert Window.objects.get().rrule == "FREQ=MONTHLY;BYDAY=-1FR"
    assert "FREQ=MONTHLY;BYDAY=-1FR 09:00–17:00" in page
    assert "until 31 Dec 2027" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (ONCE | {"reason": " "}, "Say why"),
        (ONCE | {"time_zone": "Mars/Olympus"}, "no such time zone"),
        (ONCE | {"ends": ""}, "Until when?"),
        (ONCE | {"ends": "2026-11-25T13:00"}, "must end after it starts"),
        (ONCE | {"starts": "2026-11-20T09:00", "ends": "2026-11-21T09:00"}, "over already"),
        (ONCE | {"starts": "0001-01-01T00:00"}, "The year is from 2000"),
        (ONCE | {"ends": "9999-12-31T23:59"}, "The year is from 2000"),
        (ONCE | {"ends": "tomorrow"}, "valid date/time"),
        (HOURS | {"days": []}, "Choose the days"),
        (HOURS | {"days": ["XX"]}, "XX is not one of"),
        (HOURS | {"start": ""}, "From which time on?"),
        (HOURS | {"rrule": "FREQ=HOURLY"}, "too dense"),
        (HOURS | {"rrule": "every friday"}, "no part of a recurrence"),
        (HOURS | {"until": "2026-11-01"}, "before the first one"),
        (HOURS | {"what": "sometimes"}, "sometimes is not one of"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    pete: Client, typed: dict[str, Any], said: str
) -> None:
    response = add(pete, typed)
    page = response.content.decode()
    assert (response.status_code, said in page) == (422, True), said
    assert "field-error" in page
    assert typed["reason"] in page
    assert Page(page).problems == []
    assert not Window.objects.exists()


def test_removing_says_what_it_does_and_does_it(pete: Client) -> None:
    page = add(pete, ONCE).content.decode()
    assert "opens at once, and what waits runs" in page
    window = Window.objects.get()
    page = pete.post(f"{ADDRESS}{window.pk}/remove/", follow=True).content.decode()
    assert "Open at all hours" in page
    assert AuditEvent.objects.get(action="window.removed").before["reason"] == "Stock-taking"
    assert pete.post(f"{ADDRESS}{window.pk}/remove/").status_code == 404


def test_a_window_is_removed_only_where_it_is(pete: Client, organisation: Organisation) -> None:
    elsewhere = WindowFactory(environment=organisation.environment("production"))
    assert pete.post(f"{ADDRESS}{elsewhere.pk}/remove/").status_code == 404
    assert Window.objects.count() == 1


def test_the_page_costs_the_same_for_one_window_and_for_twenty(
    pete: Client, organisation: Organisation
) -> None:
    dev = organisation.environment("dev")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert pete.get(ADDRESS).status_code == 200
        return len(queries)

    WindowFactory(environment=dev)
    few = cost()
    for number in range(19):
        WindowFactory(environment=dev, starts_at=WEDNESDAY + timedelta(days=number))
    assert cost() == few


def test_whoever_asks_is_told_that_it_is_closed_and_when_it_opens(
    organisation: Organisation, signed_in: SignIn
) -> None:
    freeze = {"starts_at": WEDNESDAY - timedelta(hours=1), "ends_at": utc(2026, 11, 27, 8)}
    WindowFactory(environment=organisation.environment("dev"), **freeze)
    browser = signed_in(organisation.alice)
    request = "/catalog/namespace/request/"
    form = browser.get(request, {"application": "storefront", "environment": "dev"}).content.decode()
    assert "closed, opens" in form
    about = {"application": "storefront", "environment": "dev", "plan": "small", "view": "form"}
    answer = text_of(browser.post(request + "preview/", about).content.decode())
    assert "Closed Stock-taking. Opens Fri 27 Nov 09:00 Europe/Berlin" in answer
    assert "none: it runs at the opening" in answer


def test_whoever_asks_while_it_is_open_is_not_bothered(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    about = {"application": "storefront", "environment": "dev", "plan": "small", "view": "form"}
    answer = browser.post("/catalog/namespace/request/preview/", about).content.decode()
    assert "none: it runs at once" in answer
    assert "<dt>Window</dt>" not in answer
