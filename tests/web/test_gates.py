"""The rules of a gate and groups of approvers on pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.audit.models import AuditEvent
from portal.environments.models import ApproverGroup, Environment
from tests.fixtures.organisation import Organisation
from tests.lifecycle.gate import told
from tests.web.conftest import SignIn
from tests.web.pages import Page

ADDRESS = "/platform/environments/production/gate/"
RULES = {
    "approvals_required": "1",
    "minimum_soak_minutes": "0",
    "changes_expire_after_hours": "168",
    "remind_after_hours": "24",
    "escalate_after_hours": "72",
    "review_within_hours": "24",
    "supersede_waiting": "on",
    "reason": "After the review of spring.",
}


@pytest.fixture
def pete(organisation: Organisation, signed_in: SignIn) -> Client:
    return signed_in(organisation.pete)


def production() -> Environment:
    return Environment.objects.get(slug="production")


def text(response: Any) -> str:
    return str(response.content.decode())


def test_it_is_reached_from_the_list_of_environments(pete: Client) -> None:
    page = Page(text(pete.get("/platform/")))
    assert {ADDRESS, "/platform/groups/"} <= set(page.links)
    for address in (ADDRESS, "/platform/groups/"):
        shown = Page(text(pete.get(address)))
        assert (shown.problems, len(shown.headings)) == ([], 1)


@pytest.mark.parametrize("name", ["olga", "audrey"])
def test_who_reads_the_audit_trail_sees_the_rules_and_cannot_set_them(
    organisation: Organisation, signed_in: SignIn, name: str
) -> None:
    browser = signed_in(getattr(organisation, name))
    shown = text(browser.get(ADDRESS))
    assert "Whoever asked may approve" in shown
    assert '<fieldset class="border-0 p-0 m-0" disabled>' in shown
    assert ">Save<" not in shown
    assert browser.post(ADDRESS + "save/", RULES | {"approvals_required": "0"}).status_code == 403
    assert production().approvals_required == 1


@pytest.mark.parametrize("name", ["alice", "mona", "pia"])
def test_nobody_else_reaches_it(organisation: Organisation, signed_in: SignIn, name: str) -> None:
    browser = signed_in(getattr(organisation, name))
    for address in (ADDRESS, "/platform/groups/"):
        assert browser.get(address).status_code == 403


def test_rules_are_saved_with_why(pete: Client) -> None:
    evidence = {"evidence_policies": "60", "evidence_drift": "30"}
    done = pete.post(ADDRESS + "save/", RULES | evidence | {"approvals_required": "2"}, follow=True)
    assert "It holds at once" in text(done)
    assert "After the review of spring." in text(done)
    gate = production()
    assert (gate.approvals_required, gate.required_evidence) == (2, {"policies": 60, "drift": 30})
    event = AuditEvent.objects.filter(action="environment.saved").latest("at")
    assert (event.actor_name, event.before["approvals_required"], event.after["approvals_required"]) == (
        "pete",
        1,
        2,
    )


def test_what_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(pete: Client) -> None:
    wrong = RULES | {"approvals_required": "9", "evidence_drift": "0", "one_of_each_group": "on"}
    refused = pete.post(ADDRESS + "save/", wrong)
    assert refused.status_code == 422
    shown = text(refused)
    assert shown.count("A whole number from") == 2
    assert 'value="9"' in shown
    assert "After the review of spring." in shown
    refused = pete.post(ADDRESS + "save/", RULES | {"one_of_each_group": "on"})
    assert refused.status_code == 422
    assert "Choose the groups of which one person each is wanted." in text(refused)
    assert production().one_of_each_group is False


def test_a_relaxation_is_shown_and_told_to_operators(pete: Client) -> None:
    assert "Relaxed" not in text(pete.get(ADDRESS))
    shown = text(pete.post(ADDRESS + "save/", RULES | {"requester_may_decide": "on"}, follow=True))
    assert "Relaxed" in shown
    assert told("gate.relaxed") == {"olga", "oscar"}


def test_rules_that_somebody_else_has_changed_meanwhile_are_not_overwritten(pete: Client) -> None:
    seen = text(pete.get(ADDRESS)).split('name="seen" value="')[1].split('"')[0]
    Environment.objects.filter(slug="production").update(approvals_required=3)
    refused = pete.post(ADDRESS + "save/", RULES | {"seen": seen})
    assert refused.status_code == 409
    assert "Somebody has changed this gate" in text(refused)
    assert production().approvals_required == 3


def test_a_group_is_created_changed_and_chosen(organisation: Organisation, pete: Client) -> None:
    olga, oscar = str(organisation.olga.pk), str(organisation.oscar.pk)
    new = {"slug": "release-managers", "name": "Release managers", "members": [olga]}
    assert "Release managers is saved." in text(pete.post("/platform/groups/", new, follow=True))
    assert pete.post("/platform/groups/", new).status_code == 409
    changed = {"name": "Release managers", "members": [olga, oscar]}
    pete.post("/platform/groups/release-managers/", changed)
    group = ApproverGroup.objects.get()
    assert {person.username for person in group.members.all()} == {"olga", "oscar"}
    pete.post(ADDRESS + "save/", RULES | {"approver_groups": ["release-managers"]})
    assert list(production().approver_groups.all()) == [group]
    refused = pete.post("/platform/groups/release-managers/", {"name": "Release managers"})
    assert refused.status_code == 409
    assert "The gate of production wants somebody of this group" in text(refused)
    shown = Page(text(pete.get("/platform/groups/release-managers/")))
    assert shown.problems == []


def test_only_operators_can_be_chosen(organisation: Organisation, pete: Client) -> None:
    alice = str(organisation.alice.pk)
    refused = pete.post("/platform/groups/", {"slug": "g", "name": "G", "members": [alice]})
    assert refused.status_code == 422
    assert not ApproverGroup.objects.exists()
