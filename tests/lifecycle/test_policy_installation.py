"""Policies installed in a cluster: the same documents, the same verdicts, and nothing of ours left behind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from portal.audit.models import AuditEvent
from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import PolicyException
from portal.lifecycle.operations import installation
from portal.lifecycle.services import policy_modes
from tests.factories import ClusterFactory, PolicyExceptionFactory
from tests.fixtures.organisation import Organisation, load
from tests.fixtures.policies import UsePolicies
from tests.fixtures.worker import until
from tests.policy.scenes import DEPLOYMENTS, binding, deployment, policy
from tests.sandbox_process import SandboxProcess

NAMESPACE = "storefront-dev"
PARAMS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "fewest", "namespace": "slipway-system"},
    "data": {"replicas": "3"},
}
RULE = policy(
    "fewest-replicas",
    {"expression": "object.spec.replicas >= int(params.data.replicas)", "message": "Too few replicas."},
    rule=DEPLOYMENTS,
    paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
)
ENVIRONMENTS = {"matchExpressions": [{"key": "slipway.dev/environment", "operator": "Exists"}]}
BOUND = binding(
    "fewest-replicas",
    "Deny",
    paramRef={"name": "fewest", "namespace": "slipway-system", "parameterNotFoundAction": "Deny"},
    matchResources={"namespaceSelector": ENVIRONMENTS},
)


@pytest.fixture
def organisation(db: None, sandbox_cluster: SandboxProcess) -> Organisation:
    return load(ClusterFactory(kubeconfig=sandbox_cluster.kubeconfig.read_text()))


@pytest.fixture
def cluster(organisation: Organisation, use_policies: UsePolicies) -> Iterator[Cluster]:
    use_policies([PARAMS, RULE, BOUND])
    row = organisation.cluster
    kubernetes = Kubernetes(row.connection)
    kubernetes.ensure_namespace(NAMESPACE, {"slipway.dev/environment": "dev"})
    yield row
    installation.uninstall(row, actor=None)
    kubernetes.delete(ObjectKey("v1", "Namespace", "", NAMESPACE))
    until(lambda: kubernetes.namespace(NAMESPACE) is None)


def create(cluster: Cluster, name: str = "web") -> None:
    document = deployment(name)
    document["metadata"] |= {"namespace": NAMESPACE}
    Kubernetes(cluster.connection).dry_run_apply(document, "test")


def actions(steps: Any) -> dict[str, str]:
    return {str(step.key): step.action for step in steps}


def test_what_is_installed_refuses_in_the_cluster_with_the_policys_words(cluster: Cluster) -> None:
    create(cluster)
    assert set(actions(installation.install(cluster, actor=None)).values()) == {"create"}
    with pytest.raises(ClusterError, match="Too few replicas"):
        create(cluster)


def test_a_dry_run_changes_nothing_and_a_second_installation_finds_nothing_to_do(cluster: Cluster) -> None:
    assert set(actions(installation.plan(cluster)).values()) == {"create"}
    create(cluster)
    installation.install(cluster, actor=None)
    assert set(actions(installation.plan(cluster)).values()) == {"same"}
    assert set(actions(installation.install(cluster, actor=None)).values()) == {"same"}


def test_what_somebody_changed_or_removed_by_hand_is_drift_and_is_put_right(cluster: Cluster) -> None:
    installation.install(cluster, actor=None)
    kubernetes = Kubernetes(cluster.connection)
    tampered = kubernetes.get(ObjectKey("v1", "ConfigMap", "slipway-system", "fewest"))
    assert tampered is not None
    metadata = {"name": "fewest", "namespace": "slipway-system"}
    kubernetes.apply({**PARAMS, "metadata": metadata, "data": {"replicas": "0"}}, "somebody")
    kubernetes.delete(
        ObjectKey(
            "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", "fewest-replicas"
        )
    )
    drift = actions(installation.plan(cluster))
    assert drift["ConfigMap/fewest"] == "change"
    assert drift["ValidatingAdmissionPolicyBinding/fewest-replicas"] == "create"
    assert drift["ValidatingAdmissionPolicy/fewest-replicas"] == "same"
    installation.install(cluster, actor=None)
    with pytest.raises(ClusterError, match="Too few replicas"):
        create(cluster)


def test_what_belongs_there_no_more_is_removed_and_what_is_not_ours_stays(
    cluster: Cluster, use_policies: UsePolicies
) -> None:
    foreign = policy("somebody-elses", "true", rule=DEPLOYMENTS)
    kubernetes = Kubernetes(cluster.connection)
    kubernetes.apply(foreign, "somebody")
    installation.install(cluster, actor=None)
    use_policies([policy("another", "true", rule=DEPLOYMENTS)])
    done = actions(installation.install(cluster, actor=None))
    assert done == {
        "ValidatingAdmissionPolicy/another": "create",
        "ValidatingAdmissionPolicyBinding/fewest-replicas": "remove",
        "ValidatingAdmissionPolicy/fewest-replicas": "remove",
        "ConfigMap/fewest": "remove",
    }
    key = ObjectKey("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "", "somebody-elses")
    assert kubernetes.get(key) is not None
    kubernetes.delete(key)


def test_a_mode_that_is_changed_reaches_the_cluster_by_itself(
    cluster: Cluster, organisation: Organisation
) -> None:
    installation.install(cluster, actor=organisation.pete)
    dev = Environment.objects.get(slug="dev")
    policy_modes.set_mode("fewest-replicas", dev, "audit", actor=organisation.pete, reason="Trying it out.")
    assert installation.keep_installed() == 1
    assert installation.keep_installed() == 0
    create(cluster)


def test_drift_is_noted_by_itself_after_a_while_and_left_to_people(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.install(cluster, actor=None)
    key = ObjectKey(
        "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", "fewest-replicas"
    )
    Kubernetes(cluster.connection).delete(key)
    assert installation.keep_installed() == 0
    cluster.refresh_from_db()
    assert cluster.policies_message == ""
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert installation.keep_installed() == 0
    cluster.refresh_from_db()
    assert cluster.policies_message == "1 of 3 objects differ from what belongs here."
    create(cluster)


def test_an_exception_counts_in_the_cluster_for_its_object_and_ends_there_without_the_portal(
    cluster: Cluster, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now().replace(microsecond=0)
    exception = PolicyExceptionFactory(
        policy="fewest-replicas",
        application=organisation.storefront,
        environment=organisation.environment("dev"),
        object_kind="Deployment",
        object_name="web",
    )
    installation.install(cluster, actor=None)
    create(cluster, "web")
    with pytest.raises(ClusterError, match="Too few replicas"):
        create(cluster, "other")
    # installed while it counted; the portal never comes back, and the cluster's own clock passes its end
    PolicyException.objects.filter(pk=exception.pk).update(expires_at=now - timedelta(seconds=1))
    moment = now - timedelta(seconds=2)
    with monkeypatch.context() as context:
        context.setattr(clock, "now", lambda: moment)
        installation.install(cluster, actor=None)
    with pytest.raises(ClusterError, match="Too few replicas"):
        create(cluster, "web")


def test_the_command_says_what_it_does_and_what_has_drifted(cluster: Cluster) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        out = io.StringIO()
        try:
            call_command("policy", "install", "--cluster", cluster.slug, *arguments, stdout=out)
        except SystemExit as exit_:
            return int(exit_.code or 0), out.getvalue()
        return 0, out.getvalue()

    assert run("--dry-run")[0] == 1
    status, said = run()
    assert status == 0
    assert "create  ValidatingAdmissionPolicy/fewest-replicas" in said
    assert run("--dry-run") == (0, "0 create, 0 change, 3 same, 0 remove\n")
    event = AuditEvent.objects.filter(action="policy.installed").latest("id")
    assert event.source == AuditEvent.Source.COMMAND
    assert event.after == {"create": 3, "change": 0, "same": 0, "remove": 0}
    assert "remove  ConfigMap/fewest" in run("--remove")[1]
