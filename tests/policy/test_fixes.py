"""The ready fixes of the policies in policies/: applied to a bad example, nothing is left to complain of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.core.objects import key_of
from portal.policy import Verdict, fixes, load_bundle
from tests.policy.scenes import ALICE, POLICIES, namespace

BUNDLE = load_bundle(POLICIES)
FIXABLE = {policy.name for policy in BUNDLE.policies if policy.fix is not None}
# where a person must choose, a policy that has a fix offers none
BY_HAND = {
    *("autoscaler-maximum/bad-both", "autoscaler-minimum/bad-one-of-one", "autoscaler-settings/bad-equal"),
    *("kafka-listeners/bad-none", "kafka-listeners/bad-old-form"),
    *("owner-labels/bad-malformed", "service-account-token/bad-projected"),
    *(f"service-exposure/bad-name-of-{what}" for what in ("an-address", "another-namespace", "the-api")),
    *("service-exposure/bad-load-balancer", "service-exposure/bad-node-port"),
    *("service-exposure/bad-node-port-and-address", "termination-grace/bad-pause-longer-than-allowed"),
}


def _name(example: Path) -> str:
    return f"{example.parent.name}/{example.stem}"


EXAMPLES = {
    _name(path): path
    for path in sorted((POLICIES / "tests").glob("*/bad-*.yaml"))
    if path.parent.name in FIXABLE
}


def _documents(example: Path) -> tuple[dict[str, Any], list[Any]]:
    """The Namespace that an example lands in, and its documents; see test_examples."""
    documents = list(yaml.safe_load_all(example.read_text()))
    labels: dict[str, str] = {}
    if len(documents) > 1 and documents[0]["kind"] == "Namespace":
        labels = documents.pop(0)["metadata"]["labels"]
    return namespace("production", **labels), documents


def _findings(lands_in: dict[str, Any], documents: Sequence[Any]) -> list[Verdict]:
    judgement = BUNDLE.judge(documents, namespace=lands_in, user=ALICE)
    return [verdict for verdict in judgement.verdicts if verdict.outcome != "pass"]


def _mended(lands_in: dict[str, Any], documents: Sequence[Any], findings: Sequence[Verdict]) -> list[Any]:
    """The documents after the fix of each finding; several rules of a policy have one fix between them."""
    patches = {finding.key: finding.fix for finding in findings}
    place = lands_in["metadata"]["name"]
    return [
        # what is cluster-scoped lands nowhere
        fixes.applied(document, patches.get(key_of(document)) or patches.get(key_of(document, place), ()))
        for document in documents
    ]


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - BY_HAND))
def test_the_fix_of_a_policy_mends_its_bad_example(name: str) -> None:
    lands_in, documents = _documents(EXAMPLES[name])
    policy = EXAMPLES[name].parent.name
    before = _findings(lands_in, documents)
    own = [finding for finding in before if finding.policy == policy]
    assert all(finding.fix for finding in own)
    after = _findings(lands_in, _mended(lands_in, documents, own))
    assert [finding.message for finding in after if finding.policy == policy] == []
    assert {finding.policy for finding in after} < {finding.policy for finding in before}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_no_fix_is_offered_where_a_person_must_choose(name: str) -> None:
    own = [v for v in _findings(*_documents(EXAMPLES[name])) if v.policy == EXAMPLES[name].parent.name]
    assert own
    assert not any(finding.fix for finding in own)


@pytest.mark.parametrize("policy", sorted(FIXABLE))
def test_every_fix_mends_something(policy: str) -> None:
    assert {name for name, path in EXAMPLES.items() if path.parent.name == policy} - BY_HAND


def test_a_fix_is_of_the_workload_that_somebody_wrote() -> None:
    lands_in, (deployment,) = _documents(EXAMPLES["pod-privileged/bad-two-of-three"])
    own = [v for v in _findings(lands_in, [deployment]) if v.policy == "pod-privileged"]
    (mended,) = _mended(lands_in, [deployment], own)
    spec = mended["spec"]["template"]["spec"]
    assert spec["containers"][0]["securityContext"] == {}
    assert spec["initContainers"][0]["securityContext"] == {"runAsUser": 1000}
    assert "privileged" in str(deployment)


def test_applying_a_fix_leaves_the_fix_as_it_was() -> None:
    patch = [{"op": "add", "path": "/spec", "value": {}}, {"op": "add", "path": "/spec/replicas", "value": 3}]
    assert fixes.applied({}, patch) == {"spec": {"replicas": 3}}
    assert patch[0]["value"] == {}
