"""The guard around the gate over the API: set in its order, seen as it stands, with what went around."""

from __future__ import annotations

from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import Bypass, GuardState
from tests.api.conftest import World
from tests.api.test_problems import check

ADDRESS = "environments/production/guard/"
AUDIT = {"mode": "audit", "reason": "What would be refused?"}
DENY = {"mode": "deny", "reason": "Nothing was."}


def installed(world: World, **facts: Any) -> None:
    """As the keeper leaves it."""
    facts = {"guard_digest": "sha256:1", "guard_message": "", "guard_checked_at": clock.now(), **facts}
    Cluster.objects.filter(environments=world.production).update(**facts)


def bypass(world: World, **facts: Any) -> Bypass:
    given = {"name": "shop-api", "kind": "Deployment", "api_version": "apps/v1", "manager": "kubectl-edit"}
    given |= {"how": Bypass.How.FIELD_MANAGER, "namespace": "storefront-production", "at": clock.now()}
    given |= {"operation": "Update", "fields": "spec.replicas", "mark": str(Bypass.objects.count())}
    return Bypass.objects.create(environment=world.production, seen_at=clock.now(), **{**given, **facts})


def test_it_is_off_until_somebody_sets_it_and_then_comes_to_the_cluster(world: World) -> None:
    pete = world.api("pete")
    answer = pete.get(ADDRESS).json()
    assert (answer["mode"], answer["standing"], answer["since"], answer["set_by"]) == (
        "off",
        "off",
        None,
        None,
    )
    answer = pete.post(ADDRESS, {**AUDIT, "seen": "off"})
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["mode"], shown["standing"], shown["set_by"]) == ("audit", "coming", "pete")
    assert shown["reason"] == "What would be refused?"
    installed(world)
    assert pete.get(ADDRESS).json()["standing"] == "in_force"
    event = AuditEvent.objects.get(action="gate.guard_changed")
    assert event.before == {"mode": "off", "controllers": []}
    assert event.after == {"mode": "audit", "controllers": []}
    assert (event.comment, event.actor_name) == ("What would be refused?", "pete")


def test_deny_is_refused_until_audit_was_in_force(world: World) -> None:
    pete = world.api("pete")
    problem = check(pete.post(ADDRESS, DENY), 409, "guard_audit_first")
    assert "Set audit first" in problem["detail"]
    pete.post(ADDRESS, AUDIT)
    check(pete.post(ADDRESS, DENY), 409, "guard_audit_first")
    GuardState.objects.filter(environment=world.production).update(audited_at=clock.now())
    assert pete.post(ADDRESS, DENY).json()["mode"] == "deny"


def test_what_is_set_already_changes_nothing_and_a_stale_look_is_told(world: World) -> None:
    pete = world.api("pete")
    pete.post(ADDRESS, AUDIT)
    assert pete.post(ADDRESS, AUDIT).status_code == 200
    assert AuditEvent.objects.filter(action="gate.guard_changed").count() == 1
    check(pete.post(ADDRESS, {"mode": "off", "reason": "Too loud.", "seen": "off"}), 409, "state_conflict")
    assert Environment.objects.get(slug="production").guard == "audit"


@pytest.mark.parametrize(
    ("facts", "standing", "message"),
    [
        ({"guard_message": "1 of 6 objects differ from what belongs here."}, "drifted", "1 of 6 objects"),
        ({"guard_message": "The cluster does not answer."}, "failed", "does not answer"),
        ({"guard_message": "The cluster does not answer.", "guard_digest": ""}, "failed", "does not answer"),
        ({"guard_digest": ""}, "coming", ""),
        ({}, "in_force", ""),
    ],
)
def test_it_says_how_the_cluster_stands_to_it(
    world: World, facts: dict[str, Any], standing: str, message: str
) -> None:
    pete = world.api("pete")
    pete.post(ADDRESS, AUDIT)
    installed(world, **facts)
    answer = pete.get(ADDRESS).json()
    assert answer["standing"] == standing
    assert message in answer["message"]


def test_bypasses_are_counted_and_told_newest_first(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(55):
        bypass(world, name=f"shop-{number}", instance=world.instance)
    with django_assert_max_num_queries(8):
        answer = world.api("olga").get(ADDRESS).json()
    assert (answer["bypass_count"], len(answer["bypasses"])) == (55, 50)
    newest = answer["bypasses"][0]
    assert newest["object"]["name"] == "shop-54"
    assert (newest["how"], newest["manager"], newest["fields"]) == (
        "field manager",
        "kubectl-edit",
        "spec.replicas",
    )
    assert newest["instance"] == world.instance.pk


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"mode": "enforce", "reason": "x"}, "/mode"),
        ({"mode": "audit"}, "/reason"),
        ({"mode": "audit", "reason": "  "}, "/reason"),
        ({"mode": "audit", "reason": "x", "force": True}, "/force"),
        ({"mode": "audit", "reason": "x", "controllers": ["olga"]}, "/controllers"),
        ({"mode": "audit", "reason": "x", "controllers": ["system:masters"]}, "/controllers"),
        (
            {
                "mode": "audit",
                "reason": "x",
                "controllers": ["system:serviceaccount:storefront-dev:slipway-deployer"],
            },
            "/controllers",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused(world: World, body: dict[str, Any], path: str) -> None:
    found = check(world.api("pete").post(ADDRESS, body), 422, "validation_failed")
    assert [error["path"] for error in found["errors"]] == [path]


def test_operators_are_named_by_their_service_accounts_and_stay(world: World) -> None:
    pete = world.api("pete")
    operator = "system:serviceaccount:cert-manager:cert-manager"
    answer = pete.post(ADDRESS, {**AUDIT, "controllers": [operator, operator]})
    assert answer.json()["controllers"] == [operator]
    # with the mode as it is, they alone are changed; not sent, they stay
    assert pete.post(ADDRESS, {**AUDIT, "controllers": []}).json()["controllers"] == []
    pete.post(ADDRESS, {**AUDIT, "controllers": [operator]})
    assert pete.post(ADDRESS, {"mode": "off", "reason": "x"}).json()["controllers"] == [operator]
    assert AuditEvent.objects.filter(action="gate.guard_changed").count() == 4


def test_an_environment_that_is_not_there_is_not_found(world: World) -> None:
    check(world.api("pete").get("environments/nowhere/guard/"), 404, "not_found")
    check(world.api("pete").post("environments/nowhere/guard/", AUDIT), 404, "not_found")
