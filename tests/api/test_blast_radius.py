"""What a rule or a mode would break, from the question to the worker's answer."""

from __future__ import annotations

from typing import Any

import pytest

from portal.lifecycle.models import BlastRadius
from portal.lifecycle.operations import blast_radius
from portal.lifecycle.selectors import bundle
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, binding, config_map, policy

ADDRESS = "policies/blast-radius/"
TEXT = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: fewer}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments]}]
  validations: [{expression: object.spec.replicas < 2}]
"""


@pytest.fixture(autouse=True)
def policies(world: World, use_policies: UsePolicies) -> None:
    replicas = policy(
        "replicas", {"expression": "object.spec.replicas >= 3", "message": "Too few."}, rule=DEPLOYMENTS
    )
    notes = {"remediation": "Ask for three.", "fix": "[{'op': 'add', 'path': '/spec/replicas', 'value': 3}]"}
    annotations = {f"policy.slipway.dev/{name}": note for name, note in notes.items()}
    replicas["metadata"]["annotations"] = annotations
    use_policies([replicas, binding("replicas", "Warn")])


def mode(mode: str = "enforce", **other: str) -> dict[str, str]:
    return {"policy": "replicas", "environment": "dev", "mode": mode} | other


def ask(world: World, person: str = "pete", **body: Any) -> Any:
    return world.api(person).post(ADDRESS, body)


def answered(world: World, **body: Any) -> dict[str, Any]:
    accepted = ask(world, **body)
    assert accepted.status_code == 202, accepted.content
    assert blast_radius.work_out(accepted.json()["id"])
    found: dict[str, Any] = world.api("audrey").get(accepted["Location"]).json()
    return found


def test_from_the_question_to_the_answer(world: World) -> None:
    pete, before = world.api("pete"), bundle.current().digest
    accepted = ask(world, modes=[mode()])
    assert accepted.status_code == 202
    row = accepted.json()
    assert accepted["Location"] == f"/api/v1/{ADDRESS}{row['id']}/"
    assert (row["state"], row["progress"]) == ("waiting", {"done": 0, "total": 0})
    waiting = pete.get(accepted["Location"]).json()
    assert (waiting["result"], waiting["proposal"]["modes"]) == (None, [mode()])

    assert blast_radius.work_out(row["id"])
    found = pete.get(accepted["Location"]).json()
    assert (found["state"], found["policy_digest"]) == ("done", before)
    # instances: two of shop, one of payments; changes: two that ran, one that waits
    assert found["progress"] == {"done": 6, "total": 6}
    result = found["result"]
    assert result["policies"] == ["replicas"]
    assert result["counts"] == {"instances": 2, "changes": 2, "judged": 6}
    assert {(each["team"], each["instances"], each["changes"]) for each in result["teams"]} == {
        ("shop", 1, 1),
        ("payments", 1, 1),
    }
    names = {each["name"]: each for each in result["instances"]}
    [verdict] = names["shop-api"]["verdicts"]
    assert (verdict["message"], verdict["remediation"]) == ("Too few.", "Ask for three.")
    assert verdict["fix"] == [{"op": "add", "path": "/spec/replicas", "value": 3}]
    assert {(each["id"], each["kind"]) for each in result["changes"]} == {
        (world.change.pk, "create"),
        (world.foreign_change.pk, "create"),
    }
    assert bundle.current().digest == before
    assert [each["id"] for each in pete.get(ADDRESS).json()["results"]] == [row["id"]]


def test_a_new_rule_may_come_as_yaml_and_is_taken_as_enforced_everywhere(world: World) -> None:
    result = answered(world, text=TEXT)["result"]
    assert result["policies"] == ["fewer"]
    assert result["counts"]["instances"] == 3


def test_a_rule_may_be_done_without(world: World) -> None:
    assert answered(world, remove=["replicas"])["result"]["counts"]["instances"] == 0


def test_questions_are_for_those_who_may_read_everything(world: World) -> None:
    radius = ask(world, "olga", modes=[mode()]).json()["id"]
    for person in ("alice", "mona", "pia"):
        check(world.api(person).get(ADDRESS), 403, "not_permitted")
        check(world.api(person).get(f"{ADDRESS}{radius}/"), 403, "not_permitted")
        check(ask(world, person, modes=[mode()]), 403, "not_permitted")
    check(world.api("pete").get(f"{ADDRESS}999999/"), 404, "not_found")


def test_who_may_read_everything_no_longer_does_not_read_the_answer_to_their_own_question(
    world: World,
) -> None:
    radius = ask(world, "olga", modes=[mode()]).json()["id"]
    world.people["olga"].platform_roles.all().delete()
    check(world.api("olga").get(f"{ADDRESS}{radius}/"), 403, "not_permitted")


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"/modes"}),
        ({"modes": [mode("on")]}, {"/modes/0/mode"}),
        (
            {"modes": [mode(), mode(policy="absent", environment="nowhere")]},
            {"/modes/1/policy", "/modes/1/environment"},
        ),
        ({"remove": ["replicas", "absent"]}, {"/remove/1"}),
        ({"remove": [["replicas"]]}, {"/remove/0"}),
        ({"documents": ["text", 5]}, {"/documents/0", "/documents/1"}),
        ({"text": "a: ["}, {"/text"}),
        ({"text": "- a\n- b\n"}, {"/text"}),
        ({"text": "", "modes": "x"}, {"/text", "/modes"}),
        ({"text": TEXT, "documents": [config_map()]}, {"/text"}),
        ({"scope": "all"}, {"/scope"}),
    ],
)
def test_a_question_that_is_none_names_all_its_places(
    world: World, body: dict[str, Any], paths: set[str]
) -> None:
    found = check(ask(world, **body), 422, "validation_failed")
    assert {error["path"] for error in found["errors"]} == paths
    assert not BlastRadius.objects.exists()


def test_documents_that_cannot_be_used_are_refused_with_every_problem_and_its_place(world: World) -> None:
    wrong = policy("wrong", "object.spec.", "object.x == ")
    twice = [binding("replicas", named="same"), binding("replicas", named="same")]
    found = check(ask(world, documents=[config_map(), wrong, *twice]), 422, "policy_invalid")
    assert [(each["document"], each["policy"], each["field"]) for each in found["problems"]] == [
        (1, "wrong", "spec.validations[0].expression"),
        (1, "wrong", "spec.validations[1].expression"),
        (3, "same", "metadata.name"),
    ]
    assert not BlastRadius.objects.exists()


@pytest.mark.parametrize("part", [5, "x", [1], {"a": [1]}, None, True])
@pytest.mark.parametrize("kind", ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"])
@pytest.mark.parametrize("at", ["metadata", "spec", "name", "annotations", "operations", "validations"])
def test_documents_with_anything_anywhere_are_answered(world: World, kind: str, part: Any, at: str) -> None:
    document: dict[str, Any] = policy("odd", "true") if kind.endswith("Policy") else binding("replicas")
    places = {
        "metadata": document,
        "spec": document,
        "name": document["metadata"],
        "annotations": document["metadata"],
        "operations": document["spec"].get("matchConstraints", {}).get("resourceRules", [{}])[0],
        "validations": document["spec"],
    }
    places[at][at] = part
    answer = ask(world, documents=[document])
    assert answer.status_code in (202, 422), answer.content


def test_a_policy_without_its_params_cannot_be_proposed(world: World, use_policies: UsePolicies) -> None:
    names = policy("names", "object.a == params.b", paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
    use_policies([names])
    check(ask(world, modes=[mode(policy="names")]), 409, "mode_impossible")
