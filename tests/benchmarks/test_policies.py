"""How fast policies judge, against an evaluation that compiles each time, in the same run."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from portal.lifecycle.models import Release, ServiceInstance
from portal.lifecycle.operations import scanning
from portal.policy import Bundle, UserInfo, load_bundle
from tests.benchmarks.reporting import report
from tests.factories import InstanceFactory, ReleaseFactory
from tests.policy.scenes import POLICIES, namespace
from tools.paths import ROOT

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]
DEPLOYER = UserInfo("system:serviceaccount:shop:slipway-deployer", ("system:authenticated",))
FLEET = 1_000
# what `python -c` runs: the time of loading alone, in a process that has compiled nothing yet
COLD = """
import time, pathlib
from portal.policy import load_bundle
start = time.process_time()
load_bundle(pathlib.Path("policies"))
print(time.process_time() - start)
"""

READ_ONLY = """
import time, pathlib, yaml
from portal.policy.bundle import Loader, policy_files
start = time.process_time()
for file in policy_files(pathlib.Path("policies")):
    list(yaml.load_all(file.read_text(), Loader=Loader))
print(time.process_time() - start)
"""


def probe(path: str) -> dict[str, Any]:
    command = ["podcli", "check", "http", f"localhost:9898{path}"]
    return {"exec": {"command": command}, "initialDelaySeconds": 5, "timeoutSeconds": 5}


def manifest() -> dict[str, Any]:
    """A Deployment of the size of podinfo's: three ports, both probes, a volume, everything restricted."""
    ports = [("http", 9898), ("http-metrics", 9797), ("grpc", 9999)]
    command = ["./podinfo", "--port=9898", "--port-metrics=9797", "--grpc-port=9999", "--level=info"]
    container = {
        "name": "podinfo",
        "image": "registry.example.com/podinfo:6.9.2",
        "imagePullPolicy": "IfNotPresent",
        "command": [*command, "--random-delay=false", "--random-error=false"],
        "env": [{"name": "PODINFO_UI_COLOR", "value": "#34577c"}],
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports],
        "livenessProbe": probe("/healthz"),
        "readinessProbe": probe("/readyz"),
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "resources": {
            "limits": {"cpu": "1", "memory": "512Mi"},
            "requests": {"cpu": "100m", "memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "9797"}
    labels = {"app.kubernetes.io/name": "podinfo", "app.kubernetes.io/instance": "podinfo"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "podinfo", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": 2,
            "revisionHistoryLimit": 10,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {
                    "terminationGracePeriodSeconds": 30,
                    "automountServiceAccountToken": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 1000,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container],
                    "volumes": [{"name": "data", "emptyDir": {}}],
                },
            },
        },
    }


def judge(bundle: Bundle, document: dict[str, Any]) -> Any:
    return bundle.judge([document], namespace=namespace("production"), user=DEPLOYER)


def milliseconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile, of processor time: what else runs on the machine does not count."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken), sorted(taken)[int(rounds * 0.95)]


@pytest.fixture(scope="module")
def library() -> Bundle:
    return load_bundle(POLICIES)


@pytest.fixture(scope="module")
def pod_security(library: Bundle) -> Bundle:
    """Sixteen policies of the Pod Security Standards."""
    standard = [p.name for p in library.policies if any(s.startswith("PSS") for s in p.metadata.standards)]
    assert len(standard) >= 16
    return library.narrowed(standard[:16])


def test_a_manifest_against_sixteen_pod_security_policies_against_compiling_each_time(
    pod_security: Bundle,
) -> None:
    document = manifest()
    documents = pod_security.installable()
    assert judge(pod_security, document).allowed
    for _ in range(50):
        judge(pod_security, document)
    gc.collect()
    shared, p95 = milliseconds(lambda: judge(pod_security, document), 1_000)
    naive, _ = milliseconds(lambda: judge(load_bundle(documents), document), 20)
    report("manifest against 16 policies, ms", median=shared, p95=p95, compiled_each_time=naive)
    report("compiled each time over shared", ratio=naive / shared)
    assert naive > 2 * shared


def test_a_thousand_manifests_against_the_whole_library(library: Bundle) -> None:
    documents = [{**manifest(), "metadata": {"name": f"web-{n}", "namespace": "shop"}} for n in range(1_000)]
    judge(library, documents[0])
    start = time.process_time()
    for document in documents:
        judge(library, document)
    seconds = time.process_time() - start
    naive, _ = milliseconds(lambda: judge(load_bundle(library.installable()), documents[0]), 3)
    report(
        f"1,000 manifests against {len(library.policies)} policies",
        manifests_per_second_and_core=1_000 / seconds,
        ratio_of_compiling_each_time=naive / seconds,
    )
    assert naive > 2 * seconds


def test_loading_the_whole_library_cold_against_loading_it_without_compiling(library: Bundle) -> None:
    """The baseline reads and parses the same YAML and compiles nothing."""
    cold = [float(_cold(COLD)) for _ in range(5)]
    read = [float(_cold(READ_ONLY)) for _ in range(5)]
    report(
        f"loading {len(library.policies)} policies in a new process, ms",
        cold=statistics.median(cold) * 1000,
        yaml_alone=statistics.median(read) * 1000,
        ratio=statistics.median(cold) / statistics.median(read),
    )


def _cold(source: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout


@pytest.mark.django_db
def test_scanning_a_fleet_of_a_thousand_instances_against_scanning_it_when_nothing_changed() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "podinfo"},
        "spec": {"selector": {"app": "podinfo"}, "ports": [{"port": 80}]},
    }
    first = InstanceFactory(name="service-0")
    sealed = ReleaseFactory(instance=first, objects_masked=[manifest(), service])
    others = ServiceInstance.objects.bulk_create(
        InstanceFactory.build(
            application=first.application,
            environment=first.environment,
            offering=first.offering,
            created_by=first.created_by,
            name=f"service-{n}",
        )
        for n in range(1, FLEET)
    )
    copied = {f.attname: getattr(sealed, f.attname) for f in Release._meta.concrete_fields if f.name != "id"}
    Release.objects.bulk_create(Release(**{**copied, "instance_id": other.pk}) for other in others)
    for release in Release.objects.only("pk", "instance_id"):
        ServiceInstance.objects.filter(pk=release.instance_id).update(current_release=release)
    seconds = timed(lambda: scanning.scan_due(budget_seconds=600), FLEET)
    again = timed(lambda: scanning.scan_due(budget_seconds=600), 0)
    report("fleet scan of 1,000 instances, s", whole=seconds, nothing_changed=again, ratio=seconds / again)
    assert seconds > 20 * again


def timed(scan: Callable[[], int], expected: int) -> float:
    start = time.process_time()
    assert scan() == expected
    return time.process_time() - start
