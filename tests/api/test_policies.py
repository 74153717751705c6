"""The library of policies: what is in it, in which modes, and what it finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.http import urlencode

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import PolicyMode
from portal.lifecycle.models import Violation
from tests.api import policy_rows
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, binding, policy

NOTES = {
    "policy.slipway.dev/title": "Three replicas",
    "policy.slipway.dev/category": "Reliability",
    "policy.slipway.dev/severity": "low",
    "policy.slipway.dev/rationale": "One is none.",
    "policy.slipway.dev/sla": "36h",
    "policy.slipway.dev/fix": "[{'op': 'replace', 'path': '/spec/replicas', 'value': 3}]",
}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
IN_DEV = {"namespaceSelector": {"matchLabels": {"slipway.dev/environment": "dev"}}}


@pytest.fixture
def two_policies(world: World, use_policies: UsePolicies) -> None:
    replicas = policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS)
    replicas["metadata"]["annotations"] = NOTES
    names = policy("names", "object.metadata.name != params.data.name", paramKind=CONFIG_MAP)
    folder = use_policies([replicas, binding("replicas", "Warn", matchResources=IN_DEV), names])
    examples = folder / "tests" / "replicas"
    examples.mkdir(parents=True)
    for name in ("bad-one", "good-three"):
        (examples / f"{name}.yaml").write_text(f"kind: Deployment # {name}\n")


def rows(world: World, person: str = "alice", **query: str) -> dict[str, dict[str, Any]]:
    page = world.api(person).get(f"policies/?{urlencode(query)}").json()
    return {row["name"]: row for row in page["results"]}


# ------------------------------------------------------------------ the library
def test_a_policy_says_its_mode_in_each_environment_and_how_much_it_finds(
    world: World, two_policies: None
) -> None:
    exception = policy_rows.granted(world, policy="replicas")
    policy_rows.violation(world.instance, 1, policy="replicas")
    policy_rows.violation(world.instance, 2, policy="replicas", outcome="waived", exception=exception)
    policy_rows.violation(world.foreign, 3, policy="replicas")
    row = rows(world)["replicas"]
    assert [(mode["environment"], mode["mode"], mode["chosen"]) for mode in row["modes"]] == [
        ("dev", "warn", False),
        ("production", "off", False),
    ]
    assert (row["violations"], row["waived"], row["exceptions"]) == (1, 1, 1)
    assert (row["sla"], row["has_fix"], row["severity"], row["file"]) == ("36h", True, "low", "0.yaml")
    assert rows(world, "audrey")["replicas"]["violations"] == 2
    assert rows(world)["names"]["sla"] == "90d"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "one is NONE"}, {"replicas"}),
        ({"search": "reliability three"}, {"replicas"}),
        ({"search": "nothing of the kind"}, set()),
        ({"category": "reliability"}, {"replicas"}),
        ({"severity": "low"}, {"replicas"}),
        ({"severity": "critical"}, set()),
        ({"mode": "warn"}, {"replicas"}),
        ({"mode": "off"}, {"replicas", "names"}),
        ({"mode": "enforce"}, set()),
        ({"mode": "warn", "severity": "medium"}, set()),
    ],
)
def test_the_library_is_searched_and_filtered(
    world: World, two_policies: None, query: dict[str, str], found: set[str]
) -> None:
    assert set(rows(world, **query)) == found


@pytest.mark.parametrize("query", ["severity=grave", "mode=on", "colour=red", "search=%00"])
def test_a_filter_of_the_library_that_cannot_be_understood_is_refused(world: World, query: str) -> None:
    body = check(world.api("alice").get(f"policies/?{query}"), 400, "invalid_input")
    assert body["errors"][0]["path"] == "?" + query.split("=")[0]


def test_one_policy_comes_with_its_document_and_its_examples_the_good_first(
    world: World, two_policies: None
) -> None:
    found = world.api("alice").get("policies/replicas/").json()
    assert found["document"]["kind"] == "ValidatingAdmissionPolicy"
    assert [(each["name"], each["good"]) for each in found["examples"]] == [
        ("good-three", True),
        ("bad-one", False),
    ]
    assert "# bad-one" in found["examples"][1]["text"]
    check(world.api("alice").get("policies/absent/"), 404, "not_found")


# ------------------------------------------------------------------ violations
def test_a_violation_names_its_object_its_time_and_what_lifts_it(world: World, two_policies: None) -> None:
    exception = policy_rows.granted(world, policy="replicas")
    now, fix = clock.now(), [{"op": "replace", "path": "/spec/replicas", "value": 3}]
    late = {"due_at": now - timedelta(hours=1), "fix": fix, "message": "Too few."}
    policy_rows.violation(world.instance, 1, policy="replicas", **late)
    waived = {"outcome": "waived", "exception": exception, "due_at": now - timedelta(days=9)}
    policy_rows.violation(world.instance, 2, policy="replicas", **waived)
    first, second = world.api("alice").get("policies/replicas/violations/").json()["results"]
    assert first["object"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "storefront-dev",
        "name": "web-1",
    }
    assert first["instance"] == {"id": world.instance.pk, "name": "shop-api"}
    assert (first["team"], first["application"], first["environment"]) == ("shop", "storefront", "dev")
    assert (first["outcome"], first["overdue"], first["exception"]) == ("deny", True, None)
    assert (first["fix"], first["message"]) == (fix, "Too few.")
    assert (second["outcome"], second["overdue"]) == ("waived", False)
    assert second["exception"]["id"] == exception.pk


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("outcome=deny", 1),
        ("outcome=deny&outcome=waived", 2),
        ("environment=production", 1),
        ("environment=nowhere", 0),
        ("team=shop", 2),
        ("team=payments", 1),
    ],
)
def test_violations_are_filtered(world: World, two_policies: None, query: str, count: int) -> None:
    elsewhere = world.waiting.instance
    policy_rows.violation(world.instance, policy="replicas")
    policy_rows.violation(elsewhere, policy="replicas", outcome="waived")
    policy_rows.violation(world.foreign, policy="replicas", outcome="warn")
    found = world.api("audrey").get(f"policies/replicas/violations/?{query}").json()
    assert found["count"] == count


def test_violations_of_other_teams_do_not_exist_for_you(world: World, two_policies: None) -> None:
    policy_rows.violation(world.foreign, policy="replicas")
    alice = world.api("alice")
    assert alice.get("policies/replicas/violations/").json()["count"] == 0
    assert alice.get("policies/replicas/violations/?team=payments").json()["count"] == 0
    check(alice.get("policies/absent/violations/"), 404, "not_found")
    check(alice.get("policies/replicas/violations/?outcome=bad"), 400, "invalid_input")


# ------------------------------------------------------------------ modes
def put(world: World, person: str = "pete", name: str = "replicas", place: str = "dev", **body: Any) -> Any:
    sent = {"mode": "enforce", "reason": "All are done."} | body
    return world.api(person).call("PUT", f"policies/{name}/modes/{place}/", sent)


def test_a_mode_that_is_chosen_holds_at_once_and_is_audited_with_its_reason(
    world: World, two_policies: None
) -> None:
    answer = put(world, seen="warn")
    assert answer.status_code == 200
    chosen = answer.json()
    assert (chosen["environment"], chosen["mode"], chosen["chosen"]) == ("dev", "enforce", True)
    assert (chosen["set_by"], chosen["reason"]) == ("pete", "All are done.")
    assert rows(world)["replicas"]["modes"][0] == chosen
    event = AuditEvent.objects.get(action="policy.mode_changed")
    assert (event.actor_name, event.source, event.comment) == ("pete", "api", "All are done.")
    back = put(world, mode="folder", reason="Not all.", seen="enforce").json()
    assert (back["mode"], back["chosen"], back["set_by"], back["reason"]) == ("warn", False, None, "")


def test_a_mode_is_not_changed_by_who_saw_another_one(world: World, two_policies: None) -> None:
    assert put(world, mode="audit", seen="warn").status_code == 200
    body = check(put(world, mode="off", seen="warn"), 409, "state_conflict")
    assert "audit" in body["detail"]
    assert PolicyMode.objects.get().mode == "audit"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"mode": "on"}, "/mode"),
        ({"reason": ""}, "/reason"),
        ({"reason": "  "}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"seen": "folder"}, "/seen"),
        ({"force": True}, "/force"),
        ({"mode": ["off"]}, "/mode"),
    ],
)
def test_a_wish_for_a_mode_that_is_no_such_thing_is_refused(
    world: World, two_policies: None, body: dict[str, Any], path: str
) -> None:
    found = check(put(world, **body), 422, "validation_failed")
    assert [error["path"] for error in found["errors"]] == [path]
    assert not PolicyMode.objects.exists()


def test_a_mode_of_what_is_not_there_is_404(world: World, two_policies: None) -> None:
    check(put(world, name="absent"), 404, "not_found")
    check(put(world, place="nowhere"), 404, "not_found")


def test_a_policy_without_its_params_cannot_be_switched_on(world: World, two_policies: None) -> None:
    check(put(world, name="names"), 409, "mode_impossible")
    assert not PolicyMode.objects.exists()


def test_broken_policies_are_said_and_not_passed_over(world: World, use_policies: UsePolicies) -> None:
    use_policies([policy("broken", "object.spec.")])
    for path in ("policies/", "policies/reports/", "policies/replicas/"):
        body = check(world.api("alice").get(path), 500, "policies_unusable")
        assert body["problems"][0]["policy"] == "broken"
    documents = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}]
    evaluation = {"environment": "dev", "documents": documents}
    check(world.api("alice").post("policies/evaluate/", evaluation), 500, "policies_unusable")
    assert not Violation.objects.exists()
