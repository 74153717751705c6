"""Helm 3.19 and 4.3 against a running cluster, through our adapter."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from portal.clusters import helm as helm_module
from portal.clusters.errors import (
    ClusterForbidden,
    ClusterRefused,
    HelmFailed,
    HelmStopped,
    HelmTimeout,
    ReleaseLocked,
)
from portal.clusters.helm import Helm
from portal.clusters.types import Target
from portal.core.objects import ObjectKey

SECRET = "hunter2-hunter2-hunter2"
SLOW_HOOK = {"hook": {"enabled": True, "image": "registry.example.com/slow-60:1"}}
CRASHING_HOOK = {"hook": {"enabled": True, "image": "registry.example.com/crash:1"}}


@pytest.fixture
def helm(connection, helm_binary, tmp_path):
    return Helm(connection, binary=helm_binary, cache_dir=tmp_path / "kube")


@pytest.fixture
def target(namespace):
    return Target("web", namespace)


@pytest.fixture
def apply(helm, demo_chart, target):
    def apply(values=None, *, timeout_seconds=30, **more):
        return helm.upgrade_install(
            demo_chart, target=target, values=values or {}, timeout_seconds=timeout_seconds, **more
        )

    return apply


def key(kind, target, name="web"):
    api_version = {"Deployment": "apps/v1", "Job": "batch/v1"}.get(kind, "v1")
    return ObjectKey(api_version, kind, target.namespace, name)


def kinds(documents):
    return sorted(document["kind"] for document in documents)


def test_an_install_records_what_it_applied_and_the_objects_get_ready(apply, kubernetes, target):
    applied = apply({"replicas": 2}, description="first")
    assert (applied.revision, applied.status) == (1, "deployed")
    assert kinds(applied.documents) == ["ConfigMap", "Deployment", "Service"]
    found = kubernetes.watch_until_settled(applied.documents, seconds=20, namespace=target.namespace)
    assert {status.state for status in found} == {"ready"}, found
    assert [status.message for status in found if status.key.kind == "Deployment"] == ["2 replicas are ready"]


def test_an_upgrade_is_a_new_revision_and_the_newest_stands_first(apply, helm, kubernetes, target):
    apply(description="first")
    applied = apply({"replicas": 3}, description="-more replicas")
    assert applied.revision == 2
    assert kubernetes.get(key("Deployment", target))["spec"]["replicas"] == 3
    newest, oldest = helm.history(target)
    assert (newest.revision, newest.status, newest.description) == (2, "deployed", "-more replicas")
    assert (oldest.revision, oldest.status, oldest.chart) == (1, "superseded", "demo-1.2.3")
    assert newest.updated >= oldest.updated
    assert newest.updated.tzinfo is not None


def test_applying_the_same_again_changes_no_object(apply, kubernetes, target):
    applied = apply({"password": SECRET})
    kubernetes.watch_until_settled(applied.documents, seconds=20, namespace=target.namespace)
    before = {kind: kubernetes.get(key(kind, target)) for kind in ("ConfigMap", "Secret", "Service")}
    generation = kubernetes.get(key("Deployment", target))["metadata"]["generation"]
    assert apply({"password": SECRET}).revision == 2
    assert {kind: kubernetes.get(key(kind, target)) for kind in before} == before
    assert kubernetes.get(key("Deployment", target))["metadata"]["generation"] == generation


def test_applying_again_takes_back_what_somebody_changed(apply, kubernetes, kubectl, target):
    apply()
    kubectl("-n", target.namespace, "scale", "deployment/web", "--replicas=5")
    kubectl("-n", target.namespace, "patch", "configmap/web", "-p", '{"data": {"greeting": "bye"}}')
    apply()
    assert kubernetes.get(key("Deployment", target))["spec"]["replicas"] == 1
    assert kubernetes.get(key("ConfigMap", target))["data"] == {"greeting": "hello"}


def test_hooks_run_and_are_recorded(apply, kubernetes, target):
    applied = apply({"hook": {"enabled": True}})
    assert "Job" in kinds(applied.documents)
    assert kubernetes.get(key("Job", target, "web-migrate"))["status"]["succeeded"] == 1
    assert "Job" not in {status.key.kind for status in kubernetes.statuses(applied.documents)}


def test_a_failing_hook_fails_the_release_and_recover_clears_the_way(apply, helm, target):
    with pytest.raises((HelmFailed, HelmTimeout), match="pre-install"):
        apply(CRASHING_HOOK, timeout_seconds=10)
    assert [revision.status for revision in helm.history(target)] == ["failed"]
    assert "uninstalled" in helm.recover(target)
    assert helm.history(target) == []
    assert apply().revision == 1


def test_what_admission_refuses_says_why(apply, helm, kubectl, target):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    quota["spec"] = {"hard": {"services": "0"}}
    kubectl("-n", target.namespace, "apply", "-f", "-", input=json.dumps(quota))
    with pytest.raises(ClusterRefused, match="exceeded quota: none"):
        apply()
    assert [revision.status for revision in helm.history(target)] == ["failed"]


def test_what_the_api_server_cannot_read_is_refused(apply):
    raw = "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec: {ports: [{port: eighty}]}\n"
    with pytest.raises(ClusterRefused, match="port"):
        apply({"raw": raw})
    # the latter from a server without OpenAPI v2, which helm asks about kinds that v3 does not know
    with pytest.raises(ClusterRefused, match=r"no matches for kind|could not find the requested resource"):
        apply({"raw": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: odd}\n"})


def test_no_namespace_is_ever_created(helm, demo_chart, kubernetes):
    with pytest.raises(ClusterRefused, match='namespaces "nowhere-to-be" not found'):
        helm.upgrade_install(demo_chart, target=Target("web", "nowhere-to-be"), values={}, timeout_seconds=10)
    assert kubernetes.namespace("nowhere-to-be") is None


@pytest.fixture
def killed(apply, kubernetes, target, monkeypatch):
    """Helm, killed outright (as the kernel or a node does) while it waits for a hook."""

    def killed(values):
        monkeypatch.setattr(helm_module, "GRACE_SECONDS", 0)
        with pytest.raises(HelmStopped):
            apply(
                {**SLOW_HOOK, **values},
                should_stop=lambda: kubernetes.get(key("Job", target, "web-migrate")) is not None,
            )

    return killed


def test_a_killed_install_is_locked_until_recovered(apply, helm, killed, target):
    killed({})
    assert [revision.status for revision in helm.history(target)] == ["pending-install"]
    with pytest.raises(ReleaseLocked):
        apply()
    assert (
        helm.recover(target) == "Revision 1 was left pending-install and nothing was deployed: uninstalled."
    )
    assert helm.recover(target) is None
    assert apply().revision == 1


def test_a_killed_upgrade_goes_back_to_what_was_deployed(apply, helm, kubernetes, killed, target):
    apply({"replicas": 2})
    killed({"replicas": 4})
    assert helm.history(target)[0].status == "pending-upgrade"
    with pytest.raises(ReleaseLocked):
        apply({"replicas": 4})
    assert helm.recover(target) == "Revision 2 was left pending-upgrade: rolled back to revision 1."
    newest = helm.history(target)[0]
    assert (newest.revision, newest.status) == (3, "deployed")
    assert kubernetes.get(key("Deployment", target))["spec"]["replicas"] == 2
    assert apply({"replicas": 4}).revision == 4


def test_a_healthy_release_needs_no_recovery(apply, helm, target):
    assert helm.recover(target) is None
    apply()
    assert helm.recover(target) is None
    with pytest.raises(ClusterRefused):
        apply({"raw": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: odd}\n"})
    assert helm.recover(target) is None


def test_a_stopped_helm_is_gone_within_seconds_and_leaves_no_lock(apply, helm, kubernetes, target):
    asked = []

    def should_stop():
        if kubernetes.get(key("Job", target, "web-migrate")) is not None:
            asked.append(time.monotonic())
        return bool(asked)

    with pytest.raises(HelmStopped):
        apply(SLOW_HOOK, should_stop=should_stop)
    assert time.monotonic() - asked[0] < 5
    assert helm.history(target)[0].status == "failed"


def test_a_hook_that_takes_too_long_is_a_timeout(apply):
    with pytest.raises((HelmTimeout, HelmFailed), match="pre-install"):
        apply(SLOW_HOOK, timeout_seconds=2)


def test_uninstalling_says_whether_there_was_anything(apply, helm, kubernetes, target):
    assert helm.uninstall(target, timeout_seconds=10) is False
    apply()
    assert helm.uninstall(target, timeout_seconds=10) is True
    assert helm.history(target) == []
    assert kubernetes.get(key("ConfigMap", target)) is None
    assert helm.uninstall(target, timeout_seconds=10) is False


def test_the_manifest_of_any_revision(apply, helm, target):
    assert helm.manifest(target) == ()
    apply({"greeting": "one"})
    apply({"greeting": "two"})

    def greeting(*revision):
        (found,) = [doc for doc in helm.manifest(target, *revision) if doc["kind"] == "ConfigMap"]
        return found["data"]["greeting"]

    assert (greeting(), greeting(1), greeting(2)) == ("two", "one", "two")
    assert helm.manifest(target, 9) == ()


def test_a_rollback_is_a_new_revision_with_the_old_objects(apply, helm, kubernetes, kubectl, target):
    first = apply({"replicas": 1})
    apply({"replicas": 3})
    kubectl("-n", target.namespace, "scale", "deployment/web", "--replicas=5")
    applied = helm.rollback(target, 1, timeout_seconds=20)
    assert (applied.revision, applied.status, applied.documents) == (3, "deployed", first.documents)
    assert kubernetes.get(key("Deployment", target))["spec"]["replicas"] == 1


def test_helm_acts_as_the_impersonated_identity(connection, helm_binary, demo_chart, kubectl, target):
    user = f"system:serviceaccount:{target.namespace}:deployer"
    helm = Helm(connection.impersonating(user), binary=helm_binary)
    with pytest.raises(ClusterForbidden, match=f'User "{user}" cannot'):
        helm.upgrade_install(demo_chart, target=target, values={}, timeout_seconds=10)
    with pytest.raises(ClusterForbidden, match="cannot list resource"):
        helm.history(target)
    who = f"{target.namespace}:deployer"
    kubectl(
        "-n", target.namespace, "create", "rolebinding", "d", "--clusterrole=admin", f"--serviceaccount={who}"
    )
    assert helm.upgrade_install(demo_chart, target=target, values={}, timeout_seconds=10).revision == 1


def test_the_log_comes_line_by_line_while_helm_runs(apply, kubernetes, target, demo_chart):
    lines = []
    seen = []

    def should_stop():
        if kubernetes.get(key("Job", target, "web-migrate")) is not None:
            seen.append(len(lines))
        return bool(seen)

    with pytest.raises(HelmStopped):
        apply({**SLOW_HOOK, "password": SECRET}, on_log=lines.append, should_stop=should_stop)
    assert seen[0] > 0
    assert "".join(lines).count("web-migrate") > 0
    assert not [line for line in lines if "level=" in line or ".go:" in line or str(demo_chart) in line]
    assert SECRET not in "\n".join(lines)


def test_secrets_are_on_no_command_line_in_no_environment_and_in_no_file(
    apply, connection, kubernetes, target, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    token = connection.kubeconfig.partition("token: ")[2].split()[0]
    shown = []

    def look():
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                    shown.append((process / "cmdline").read_bytes() + (process / "environ").read_bytes())
            except OSError:
                continue
        shown.extend(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        return kubernetes.get(key("Job", target, "web-migrate")) is not None

    with pytest.raises(HelmStopped):
        apply({**SLOW_HOOK, "password": SECRET}, should_stop=look)
    everything = b"\n".join(shown)
    assert b"upgrade" in everything
    assert SECRET.encode() not in everything
    assert token
    assert token.encode() not in everything
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_refusal_does_not_quote_secret_values(apply):
    raw = "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Values.password }}_}\n"
    with pytest.raises(ClusterRefused) as caught:
        apply({"raw": raw, "password": SECRET})
    assert SECRET not in caught.value.message
    assert "name" in caught.value.message
