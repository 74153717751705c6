"""Our charts on a cluster, applied as the portal applies them: by the namespace's own deployer alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from portal.clusters.errors import ClusterForbidden, HelmFailed
from portal.clusters.helm import Helm
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Connection, Target
from portal.core.objects import ObjectKey, key_of
from services_catalog import checks, library
from tests import tools

OFFERINGS = library.read(Path(settings.SLIPWAY_LIBRARY_DIR))
CASES = {
    str(case): case
    for case in checks.cases(OFFERINGS)
    if case.environment == "dev" and case.plan.get("default")
}
SERVICES = [name for name, case in CASES.items() if case.offering.slug != "namespace"]
NAMESPACE = next(
    case
    for case in reversed(CASES.values())
    if case.offering.slug == "namespace" and "dev-values" in case.example
)
# each version and the one before it, with its minimal example
UPGRADES = {
    f"{offering.slug} {old.version.number} to {new.version.number}": (old, new)
    for offering in OFFERINGS
    for old, new in pairwise(
        case
        for case in CASES.values()
        if case.offering is offering and case.example in ("ci/minimal-values.yaml", "ci/dev-values.yaml")
    )
}
# what gives each key of a connection; an address when no key is named
BACKING = {
    "uri": "redis 1.1.0 small ci/minimal-values.yaml dev",
    "bootstrapServers": "kafka-topic 1.0.0 small ci/minimal-values.yaml dev",
    "BucketInfo": "object-bucket 1.0.0 standard ci/minimal-values.yaml dev",
}
SECONDS = 60


@pytest.fixture(scope="module")
def platform(sandbox_cluster) -> Connection:
    return Connection("sandbox", Path(sandbox_cluster.kubeconfig).read_text())


@pytest.fixture(scope="module", params=["helm3", "helm4"])
def helm_binary(request):
    return tools.helm3() if request.param == "helm3" else tools.helm()


@pytest.fixture(scope="module")
def namespace(platform, sandbox_cluster, helm_binary):
    """A namespace from the library, ready."""
    sandbox_cluster.empty()
    Kubernetes(platform).ensure_namespace(checks.SYSTEM_NAMESPACE, {})
    applied = apply(Helm(platform, binary=helm_binary), NAMESPACE)
    settled(Kubernetes(platform), applied)
    yield NAMESPACE.namespace
    sandbox_cluster.empty()


@pytest.fixture(scope="module")
def deployer(platform, namespace) -> Connection:
    return platform.impersonating(f"system:serviceaccount:{namespace}:slipway-deployer")


@pytest.fixture(autouse=True)
def nothing_left(deployer, platform, namespace, helm_binary):
    """What a test that failed leaves, and the data that outlives a StatefulSet, would use up the quota."""
    yield
    Helm(deployer, binary=helm_binary).uninstall(
        Target("storefront-example", namespace), timeout_seconds=SECONDS
    )
    claims = {"app.kubernetes.io/instance": "storefront-example"}
    for claim in Kubernetes(platform).labelled("v1", "PersistentVolumeClaim", claims):
        Kubernetes(platform).delete(key_of(claim))


def values_here(case: checks.Case) -> dict:
    """The example's values, but with the only storage class that the sandbox has: its default."""
    composed = case.values()
    for section in ("storage", "persistence", "checkpoints"):
        if section in composed:
            composed[section]["className"] = ""
    return composed


def apply(helm: Helm, case: checks.Case, target: Target | None = None):
    return helm.upgrade_install(
        case.version.folder, target=target or case.target, values=values_here(case), timeout_seconds=SECONDS
    )


def settled(kubernetes: Kubernetes, applied) -> None:
    statuses = kubernetes.watch_until_settled(applied.documents, seconds=SECONDS)
    assert {status.state for status in statuses} == {"ready"}, statuses


@pytest.mark.parametrize("name", SERVICES)
def test_the_deployer_installs_it_it_gets_ready_and_goes_again(deployer, platform, helm_binary, name):
    case, helm = CASES[name], Helm(deployer, binary=helm_binary)
    provide_certificate(Kubernetes(platform), case)
    provide_data(Kubernetes(platform), case)
    for target, backing in connections(case):
        # what it connects to must be there first
        settled(Kubernetes(platform), apply(helm, backing, target))
    applied = apply(helm, case)
    settled(Kubernetes(platform), applied)
    for release in (case.target, *(target for target, _ in connections(case))):
        assert helm.uninstall(release, timeout_seconds=SECONDS) is True
    left = Kubernetes(platform).live(applied.documents)
    assert [key for key, found in left.items() if found is not None and not is_kept(found)] == []


def connections(case: checks.Case) -> list[tuple[Target, checks.Case]]:
    """What the example connects to, and where; RabbitMQ's bindings are of another kind."""
    bound = [entry for entry in case.values().get("bindings", []) if "instance" in entry]
    return [
        (Target(entry["instance"], case.namespace), CASES[BACKING[entry.get("key") or "uri"]])
        for entry in bound
    ]


def provide_certificate(kubernetes: Kubernetes, case: checks.Case) -> None:
    """What a certificate controller would have made before."""
    name = case.values().get("tls", {}).get("secretName")
    if name:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": case.namespace},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": "", "tls.key": "", "ca.crt": ""},
        }
        kubernetes.apply(secret, "certificates")


def provide_data(kubernetes: Kubernetes, case: checks.Case) -> None:
    """What somebody would have filled before."""
    if name := case.values().get("data", {}).get("claim"):
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": case.namespace},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
        kubernetes.apply(claim, "tests")


def is_kept(document) -> bool:
    return document["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"


@pytest.mark.parametrize("slug", ["postgresql", "redis"])
def test_an_upgrade_keeps_data_address_and_password(deployer, platform, helm_binary, slug):
    old, new = (CASES[f"{slug} {number} small ci/full-values.yaml dev"] for number in ("1.0.0", "1.1.0"))
    helm, kubernetes = Helm(deployer, binary=helm_binary), Kubernetes(platform)

    def identities() -> dict:
        name = old.target.release
        keys = (
            ObjectKey("apps/v1", "StatefulSet", old.namespace, name),
            ObjectKey("v1", "Service", old.namespace, name),
            ObjectKey("v1", "PersistentVolumeClaim", old.namespace, f"data-{name}-0"),
        )
        secret = kubernetes.get(ObjectKey("v1", "Secret", old.namespace, f"{name}-connection"))
        return {"data": secret["data"], **{key: kubernetes.get(key)["metadata"]["uid"] for key in keys}}

    settled(kubernetes, apply(helm, old))
    before = identities()
    applied = apply(helm, new)
    settled(kubernetes, applied)
    assert applied.revision == 2
    assert identities() == before
    pod = kubernetes.get(ObjectKey("v1", "Pod", old.namespace, f"{old.target.release}-0"))
    assert [each["name"] for each in pod["spec"]["containers"]][1:] == ["exporter"]
    helm.uninstall(old.target, timeout_seconds=SECONDS)


@pytest.mark.parametrize("name", UPGRADES)
def test_an_upgrade_from_the_version_before_replaces_no_object(deployer, platform, helm_binary, name):
    """What cannot be changed would be refused, or be another object afterwards."""
    old, new = UPGRADES[name]
    is_namespace = old.offering.slug == "namespace"
    helm, kubernetes = Helm(platform if is_namespace else deployer, binary=helm_binary), Kubernetes(platform)
    before = identities(kubernetes, apply(helm, old))
    applied = apply(helm, new)
    after = identities(kubernetes, applied)
    assert before.items() <= after.items()
    assert applied.revision >= 2
    if not is_namespace:
        helm.uninstall(new.target, timeout_seconds=SECONDS)


def identities(kubernetes: Kubernetes, applied) -> dict[str, str]:
    """The uid of each object of a release that got ready."""
    settled(kubernetes, applied)
    live = kubernetes.live(applied.documents)
    return {str(key): found["metadata"]["uid"] for key, found in live.items() if found is not None}


def test_an_upgrade_of_a_web_service_changes_its_pods(deployer, platform, helm_binary):
    old, new = UPGRADES["web-service 1.0.0 to 1.1.0"]
    helm, kubernetes = Helm(deployer, binary=helm_binary), Kubernetes(platform)
    apply(helm, old)
    settled(kubernetes, apply(helm, new))
    deployment = kubernetes.get(ObjectKey("apps/v1", "Deployment", old.namespace, old.target.release))
    assert "startupProbe" in deployment["spec"]["template"]["spec"]["containers"][0]
    helm.uninstall(old.target, timeout_seconds=SECONDS)


def test_another_computation_is_another_job_and_keeps_its_checkpoints(deployer, platform, helm_binary):
    case = CASES["ml-batch-job 1.0.0 small ci/minimal-values.yaml dev"]
    helm, kubernetes = Helm(deployer, binary=helm_binary), Kubernetes(platform)

    def compute(run: int) -> dict[str, str]:
        wish = {**values_here(case), "run": run}
        wish["checkpoints"] |= {"enabled": True, "size": "1Gi"}
        done = helm.upgrade_install(
            case.version.folder, target=case.target, values=wish, timeout_seconds=SECONDS
        )
        return identities(kubernetes, done)

    first, second = compute(1), compute(2)
    gone, come = set(first) - set(second), set(second) - set(first)
    assert [key.partition("/")[0] for key in (*gone, *come)] == ["Job", "Job"]
    claim = next(key for key in first if key.startswith("PersistentVolumeClaim"))
    assert first[claim] == second[claim]
    helm.uninstall(case.target, timeout_seconds=SECONDS)


def test_the_deployer_cannot_touch_the_guard_rails_nor_another_namespace(deployer, platform, helm_binary):
    kubernetes = Kubernetes(deployer)
    for kind, api, name in (
        ("ResourceQuota", "v1", "quota"),
        ("Role", "rbac.authorization.k8s.io/v1", "slipway-deployer"),
    ):
        with pytest.raises(ClusterForbidden):
            kubernetes.get(ObjectKey(api, kind, NAMESPACE.namespace, name))
    case = CASES["web-service 1.1.0 small ci/minimal-values.yaml dev"]
    with pytest.raises((ClusterForbidden, HelmFailed)):
        apply(Helm(deployer, binary=helm_binary), case, Target("stray", "default"))
    with pytest.raises((ClusterForbidden, HelmFailed)):
        apply(Helm(deployer, binary=helm_binary), NAMESPACE)
