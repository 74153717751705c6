"""What examples cannot say of the rules on traffic, batch, messaging and machines: updates and modes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from portal.core.objects import key_of
from portal.policy import load_bundle
from tests.policy.scenes import ALICE, POLICIES, judge, namespace, pod_spec

BUNDLE = load_bundle(POLICIES)
TRAINING = {"slipway.dev/hpc-class": "training"}


def _example(name: str) -> list[Any]:
    return list(yaml.safe_load_all((POLICIES / "tests" / f"{name}.yaml").read_text()))


def _outcomes(policy: str, *documents: Any, environment: str, **labels: str) -> set[str]:
    lands_in = namespace(environment, **labels)
    judgement = BUNDLE.judge(list(documents), namespace=lands_in, user=ALICE)
    return {verdict.outcome for verdict in judgement.verdicts if verdict.policy == policy}


@pytest.mark.parametrize(
    ("name", "dev", "beyond"),
    [
        ("cluster-control-plane/bad-one", "warn", "deny"),
        ("cronjob-overlap/bad-default", "warn", "deny"),
        ("gateway-tls/bad-no-tls", "deny", "deny"),
        ("gpu-class/bad-no-class", "deny", "deny"),
        ("kafka-listeners/bad-plain", "deny", "deny"),
        ("kafka-topic-replication/bad-one", "warn", "deny"),
        ("kafka-user-quotas/bad-none", "audit", "warn"),
        ("mesh-mtls/bad-permissive", "deny", "deny"),
        ("nats-replicas/bad-one", "warn", "deny"),
        ("rabbitmq-queues/bad-classic", "warn", "deny"),
        ("route-mirrors/bad-mirror", "warn", "deny"),
    ],
)
def test_a_single_copy_is_enough_in_dev_and_what_is_unsafe_is_refused_there_too(
    name: str, dev: str, beyond: str
) -> None:
    policy = name.partition("/")[0]
    (document,) = _example(name)
    assert _outcomes(policy, document, environment="dev") - {"pass"} == {dev}
    assert _outcomes(policy, document, environment="staging") - {"pass"} == {beyond}


@pytest.mark.parametrize("environment", ["dev", "production", ""])
@pytest.mark.parametrize(
    "name",
    [
        "api-server-audit/bad-none",
        "encryption-providers/bad-identity-only",
        "kernel-arguments/bad-mitigations",
        "kubelet-authentication/bad-anonymous",
        "ssh-authentication/bad-root",
        "sysctl-baseline/bad-empty",
    ],
)
def test_what_a_machine_reads_is_judged_by_the_strictest_mode_wherever_it_is_kept(
    name: str, environment: str
) -> None:
    (document,) = _example(name)
    assert "deny" in _outcomes(name.partition("/")[0], document, environment=environment)


def test_a_pod_that_has_its_node_may_still_be_changed() -> None:
    before: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {**pod_spec(), "nodeName": "node-1"},
    }
    after = {**before, "metadata": {**before["metadata"], "labels": {"app": "web"}}}
    old = {key_of(before): before}

    def said(**options: Any) -> set[str]:
        judgement = judge(BUNDLE, after, environment="production", **options)
        return {verdict.outcome for verdict in judgement.verdicts if verdict.policy == "node-placement"}

    assert said(old=old) == {"pass"}
    assert said() == {"deny"}


def test_a_namespace_of_an_hpc_class_lets_jobs_run_longer_and_wants_them_queued() -> None:
    (job,) = _example("job-deadline/bad-too-late")
    assert _outcomes("job-deadline", job, environment="production") == {"deny"}
    assert _outcomes("job-deadline", job, environment="production", **TRAINING) == {"pass"}
    assert _outcomes("job-queue", job, environment="production") == {"pass"}
    assert _outcomes("job-queue", job, environment="production", **TRAINING) == {"warn"}


def test_accelerators_of_a_class_that_was_taken_away_are_refused() -> None:
    _training, pod = _example("gpu-class/good-beside-another")
    assert _outcomes("gpu-class", pod, environment="production", **TRAINING) == {"pass"}
    assert "deny" in _outcomes("gpu-class", pod, environment="production")


@pytest.mark.parametrize("name", ["hpc-classes", "traffic", "ssh-settings", "kafka-limits", "cluster-limits"])
def test_without_the_organisations_settings_their_policies_refuse(name: str) -> None:
    documents = [
        document
        for path in sorted(POLICIES.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
        if (document["kind"], document["metadata"]["name"]) != ("ConfigMap", name)
    ]
    bundle = load_bundle(documents)
    bound = {
        binding["spec"]["policyName"]
        for binding in documents
        if binding["kind"] == "ValidatingAdmissionPolicyBinding"
        and (binding["spec"].get("paramRef") or {}).get("name") == name
    }
    assert bound
    for policy in bound:
        *labels, document = _example(f"{policy}/{_good_example(policy)}")
        lands_in = namespace("production", **(labels[0]["metadata"]["labels"] if labels else {}))
        judgement = bundle.judge([document], namespace=lands_in, user=ALICE)
        assert "error" in {verdict.outcome for verdict in judgement.verdicts if verdict.policy == policy}


def _good_example(policy: str) -> str:
    return min(path.stem for path in (POLICIES / "tests" / policy).glob("good-*.yaml"))
