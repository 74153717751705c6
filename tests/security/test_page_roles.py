"""Role × page × object: what each person gets on each page, from one table."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from portal.accounts.models import User
from portal.web import urls
from tests.api.conftest import PEOPLE, World
from tests.security.pages import MEMBERS, MEMBERS_DO, PAGES, TEAM

# whoever is no member sees these as well; test_sign_in.py and tests/web/test_session.py are about them
OPEN = {"sign-in", "sign-out", "theme"}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
OF_A_TEAM = [name for name, page in PAGES.items() if page.status_for("pia") == 404]


def visit(world: World, name: str, person: str, address: str, data: dict[str, Any]) -> Any:
    browser = Client(raise_request_exception=False)
    if person != "anonymous":
        browser.force_login(User.objects.get(username=person))
    return browser.get(address) if name.startswith("GET") else browser.post(address, data)


def test_every_page_has_a_row_in_the_table() -> None:
    assert {name.split()[1] for name in PAGES} == {str(page.name) for page in urls.urlpatterns} - OPEN


@pytest.mark.parametrize("name", PAGES)
def test_each_role_gets_what_the_table_says(world: World, name: str) -> None:
    page, got = PAGES[name], {}
    for person in PEOPLE:
        with transaction.atomic():
            world.waiting.refresh_from_db()
            world.apis.clear()
            address, data = page.address(world), page.data(world)
            got[person] = visit(world, name, person, address, data).status_code
            transaction.set_rollback(True)
    assert got == {person: page.status_for(person) for person in PEOPLE}


@pytest.mark.parametrize("name", OF_A_TEAM)
def test_things_of_another_team_look_as_if_they_were_not_there(world: World, name: str) -> None:
    """The same page, about something of another team and about nothing at all, to the letter."""
    page = PAGES[name]
    address, data = page.address(world), page.data(world)
    there = visit(world, name, "pia", address, data)
    parts = ["99999999" if part.isdigit() else part for part in address.split("?")[0].split("/")]
    nowhere = "/".join(parts).replace("storefront", "no-such").replace(f"{world.instance.pk}?", "99999999?")
    query = address.partition("?")[2]
    if query:
        nowhere += "?" + query.replace(f"instance={world.instance.pk}", "instance=99999999")
    absent = visit(world, name, "pia", nowhere, data)
    assert (there.status_code, absent.status_code) == (404, 404)
    assert seen(there) == seen(absent)


def seen(answer: Any) -> str:
    """What is on a page, but for the token that guards its forms."""
    return TOKEN.sub("", answer.content.decode())


def test_the_table_tells_members_from_others() -> None:
    """A slip in the table would be a hole: what is only for members is never open to another team."""
    for statuses in (TEAM, MEMBERS, MEMBERS_DO):
        assert statuses.split()[PEOPLE.index("pia")] == "404"
    for name, page in PAGES.items():
        assert page.status_for("anonymous") in (302, 401), name
        assert len(page.statuses.split()) == len(PEOPLE), name
