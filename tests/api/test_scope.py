"""Another team's things do not exist for you, whichever way you ask; secrets exist for nobody."""

from __future__ import annotations

import json
import re

import pytest

from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from tests.api import policy_rows
from tests.api.conftest import World
from tests.api.test_roles import TABLE, an_event, decision

FOREIGN = {
    "/teams/{slug}/": lambda world: "teams/payments/",
    "/applications/{slug}/": lambda world: "applications/ledger/",
    "/instances/{id}/": lambda world: f"instances/{world.foreign.pk}/",
    "/changes/{id}/": lambda world: f"changes/{world.foreign_change.pk}/",
    "/audit/{id}/": lambda world: f"audit/{an_event_of_payments(world)}/",
    "/exceptions/{id}/": lambda world: f"exceptions/{policy_rows.of_payments(world).pk}/",
    "/tokens/{token_key}/": lambda world: f"tokens/{world.api('pia').token_row.token_key}/",
}
OWNED = [operation for operation in TABLE if any(f" {prefix}" in operation for prefix in FOREIGN)]


def an_event_of_payments(world: World) -> str:
    from portal.audit.recording import record

    return str(record("change.requested", world.foreign_change, actor=world.people["pia"]).pk)


@pytest.mark.parametrize("operation", OWNED)
def test_things_of_another_team_are_404(world: World, operation: str) -> None:
    method, path = operation.split()
    prefix = next(prefix for prefix in FOREIGN if path.startswith(prefix))
    body = decision(world) if method == "POST" and "/changes/" in path else None
    own = TABLE[operation].path(world)
    foreign = FOREIGN[prefix](world) + path.removeprefix(prefix)
    answer = world.api("alice").call(method, foreign, body)
    assert answer.status_code == 404, (own, foreign, answer.content)
    assert answer.json()["code"] == "not_found"


def test_absent_and_invisible_look_the_same(world: World) -> None:
    invisible = world.api("alice").get(f"instances/{world.foreign.pk}/").json()
    absent = world.api("alice").get("instances/999999/").json()
    assert invisible | {"request_id": ""} == absent | {"request_id": ""}


def leave_traces(world: World) -> None:
    """An event, an exception, a report and a finding of each team."""
    an_event(world), an_event_of_payments(world)
    policy_rows.asked(world), policy_rows.of_payments(world)
    for instance in (world.instance, world.foreign):
        policy_rows.report(instance), policy_rows.violation(instance)


LISTS = ["instances", "changes", "applications", "teams", "audit", "exceptions", "policies/reports"]


@pytest.mark.parametrize("noun", [*LISTS, "violations"])
def test_lists_hold_only_what_one_may_see(world: World, noun: str) -> None:
    leave_traces(world)
    noun = f"policies/{policy_rows.a_policy()}/violations" if noun == "violations" else noun
    own, foreign = ("storefront", "ledger") if noun != "teams" else ("shop", "payments")
    seen = json.dumps(world.api("alice").get(f"{noun}/").json())
    assert foreign not in seen
    assert own in seen or noun == "audit"
    everything = json.dumps(world.api("audrey").get(f"{noun}/").json())
    assert foreign in everything or noun == "audit"


@pytest.mark.parametrize("query", ["team=payments", "application=ledger"])
@pytest.mark.parametrize("noun", ["instances", "changes", "exceptions", "policies/reports"])
def test_a_filter_shows_nothing_of_another_team(world: World, noun: str, query: str) -> None:
    leave_traces(world)
    assert world.api("alice").get(f"{noun}/?{query}").json()["count"] == 0
    assert world.api("olga").get(f"{noun}/?{query}").json()["count"] == 1


@pytest.mark.parametrize("noun", ["changes", "previews"])
def test_a_wish_cannot_name_things_of_another_team(world: World, noun: str) -> None:
    ServiceInstance.objects.filter(pk=world.foreign.pk).update(retirement_announced_at=clock.now())
    alice = world.api("alice")
    retire = {"kind": "retire", "instance": world.foreign.pk, "confirm": "ledger-api"}
    assert alice.post(f"{noun}/", retire).status_code == 404
    create = {"application": "ledger", "environment": "dev", "offering": "web-service", "name": "mine"}
    answer = alice.post(f"{noun}/", create)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["/application"]


def test_a_rollback_cannot_name_a_release_of_another_instance(world: World) -> None:
    body = {
        "kind": "rollback",
        "instance": world.instance.pk,
        "release": world.foreign.current_release.pk,
    }
    answer = world.api("alice").post("changes/", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "/release"


READS = [operation for operation in TABLE if operation.startswith("GET ")]


@pytest.mark.parametrize("operation", READS)
def test_no_answer_holds_a_secret(world: World, operation: str) -> None:
    answer = world.api("olga").get(TABLE[operation].path(world))
    text = answer.getvalue().decode()
    assert "hunter2" not in text
    assert "kubeconfig" not in text
    assert not re.search(r"slw_[0-9a-f]{30}", text)


def test_inactive_people_are_not_let_in(world: World) -> None:
    alice = world.api("alice")
    world.people["alice"].is_active = False
    world.people["alice"].save()
    assert alice.get("me/").status_code == 401
