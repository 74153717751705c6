"""The policies in policies/, each against the good and the bad objects beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.policy import Bundle, load_bundle
from portal.policy.types import SEVERITIES
from tests.policy.scenes import ALICE, POLICIES, judge, namespace

EXAMPLES = sorted((POLICIES / "tests").glob("*/*.yaml"))
BUNDLE = load_bundle(POLICIES)
NAMES = [policy.name for policy in BUNDLE.policies]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return BUNDLE


def _scene(example: Path) -> tuple[dict[str, Any], list[Any]]:
    """The Namespace in production that an example lands in, and the example's documents.

    Where several documents start with a Namespace, the others land in that one: it brings its labels.
    """
    documents = list(yaml.safe_load_all(example.read_text()))
    labels: dict[str, str] = {}
    if len(documents) > 1 and documents[0]["kind"] == "Namespace":
        labels = documents.pop(0)["metadata"]["labels"]
    return namespace("production", **labels), documents


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_example_is_judged_as_its_name_says(bundle: Bundle, example: Path) -> None:
    lands_in, documents = _scene(example)
    judgement = bundle.judge(documents, namespace=lands_in, user=ALICE)
    said = {verdict.outcome for verdict in judgement.verdicts if verdict.policy == example.parent.name}
    assert said, "the policy is not about this object at all"
    if example.stem.startswith("good-"):
        assert said == {"pass"}
    else:
        assert example.stem.startswith("bad-")
        assert said & {"deny", "warn", "audit"}
        assert "error" not in said


@pytest.mark.parametrize("name", NAMES)
def test_policy_has_examples_of_both_kinds(name: str) -> None:
    found = [path.stem for path in EXAMPLES if path.parent.name == name]
    assert sum(stem.startswith("good-") for stem in found) >= 2
    assert sum(stem.startswith("bad-") for stem in found) >= 2


def test_no_example_belongs_to_a_policy_that_is_gone() -> None:
    assert {path.parent.name for path in EXAMPLES} == set(NAMES)


@pytest.mark.parametrize("policy", BUNDLE.policies, ids=NAMES)
def test_policy_explains_itself(policy: object) -> None:
    notes = policy.metadata  # type: ignore[attr-defined]
    assert notes.title
    assert notes.category
    assert notes.rationale
    assert notes.remediation
    assert notes.severity in SEVERITIES
    assert notes.docs == f"docs/policy-library.md#{policy.name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("policy", BUNDLE.policies, ids=NAMES)
def test_every_message_is_a_sentence_for_people(policy: object) -> None:
    for validation in policy.validations:  # type: ignore[attr-defined]
        assert validation.message.endswith(".")
        assert validation.message[0].isupper() or validation.message[0] == "/"


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_pod_security_is_enforced_in_every_environment(bundle: Bundle, environment: str) -> None:
    example = POLICIES / "tests" / "pod-privileged" / "bad-container.yaml"
    judgement = judge(bundle, yaml.safe_load(example.read_text()), environment=environment)
    assert [v.outcome for v in judgement.verdicts if v.policy == "pod-privileged"] == ["deny"]


@pytest.mark.parametrize(
    ("environment", "expected"), [("dev", "warn"), ("staging", "deny"), ("production", "deny")]
)
def test_probes_are_a_warning_in_dev_and_a_refusal_beyond(
    bundle: Bundle, environment: str, expected: str
) -> None:
    example = POLICIES / "tests" / "probes" / "bad-none.yaml"
    judgement = judge(bundle, yaml.safe_load(example.read_text()), environment=environment)
    assert {v.outcome for v in judgement.verdicts if v.policy == "probes"} == {expected}
