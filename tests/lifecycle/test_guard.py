"""The guard around the gate, with real helm and kubectl: what is refused, what is seen, and what goes on."""

from __future__ import annotations

import pytest

from portal.audit.models import AuditEvent
from portal.lifecycle.models import Bypass
from portal.lifecycle.operations import bypasses, guarding
from portal.lifecycle.services import guards, retirements
from tests.fixtures.guard import CHART, PLACE, Scene
from tests.fixtures.worker import until

REFUSED = "Ask for the change in the portal"
RECORD = "secret/sh.helm.release.v1.shop-web.v1"
WEB = "deployment/shop-web"
DRY = "--dry-run=server"
BY_HAND = {
    "patch": ("patch", WEB, "--type=merge", "-p", '{"spec":{"minReadySeconds":3}}', DRY),
    "set the image": ("set", "image", WEB, "app=registry.example.com/shop/storefront:9", DRY),
    "label": ("label", WEB, "seen=yes", DRY),
    "take Helm's label": ("label", WEB, "app.kubernetes.io/managed-by-", DRY),
    "take Helm's annotation": ("annotate", WEB, "meta.helm.sh/release-name-", DRY),
    "scale": ("scale", WEB, "--replicas=7", DRY),
    "delete": ("delete", WEB, DRY),
    "delete all": ("delete", "deployments", "--all", DRY),
    "delete the record": ("delete", RECORD, DRY),
    "change the record": ("label", RECORD, "status=failed", "--overwrite", DRY),
    "change the quota": (
        "patch",
        "quota/quota",
        "--type=merge",
        "-p",
        '{"spec":{"hard":{"pods":"900"}}}',
        DRY,
    ),
    "open the network": ("delete", "networkpolicy/default-deny", DRY),
    "give rights": ("delete", "rolebinding/operators-admin", DRY),
    "change the namespace": ("label", f"namespace/{PLACE}", "slipway.dev/environment-", DRY),
    "delete the namespace": ("delete", f"namespace/{PLACE}", DRY),
}
POD = """
apiVersion: v1
kind: Pod
metadata: {{name: shell-of-{account}}}
spec:
  serviceAccountName: {account}
  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
  - name: shell
    image: registry.example.com/shop/mine:1.0.0
    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""
MINE = ("--set", "image.repository=registry.example.com/shop/x,image.tag=v1")
FREE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: notes, labels: {app: notes}}
data: {a: "1"}
"""


pytestmark = pytest.mark.django_db


def test_each_way_by_hand_passes_without_the_guard_warns_in_audit_and_is_refused_in_deny(
    scene: Scene,
) -> None:
    for way, command in BY_HAND.items():
        assert REFUSED not in scene.kubectl(*command), way
    scene.guard("audit")
    for way, command in BY_HAND.items():
        assert REFUSED in scene.kubectl(*command), way
    scene.guard("deny")
    before = scene.live()["spec"]
    for way, command in BY_HAND.items():
        said = scene.kubectl(*(part for part in command if part != DRY), fails=True)
        assert "olga may not" in said, way
        assert REFUSED in said, way
    assert scene.live()["spec"] == before
    scene.guard("off")
    for way, command in BY_HAND.items():
        assert REFUSED not in scene.kubectl(*command), way


def edit(scene: Scene, limit: int, *, fails: bool = False) -> str:
    """kubectl edit, with an editor that types another number of old revisions to keep."""
    editor = scene.admin.home / "editor"
    editor.write_text(f'#!/bin/sh\nsed -i "s/revisionHistoryLimit: .*/revisionHistoryLimit: {limit}/" "$1"\n')
    editor.chmod(0o755)
    scene.kubectl.cli.extra["KUBE_EDITOR"] = str(editor)
    return scene.kubectl("edit", WEB, fails=fails)


def kept(scene: Scene) -> int:
    return int(scene.live()["spec"]["revisionHistoryLimit"])


def test_kubectl_edit_is_seen_in_audit_and_refused_in_deny(scene: Scene) -> None:
    scene.guard("audit")
    edit(scene, 3)
    assert kept(scene) == 3
    assert bypasses.watch_oldest() == 1
    seen = Bypass.objects.get()
    assert (seen.how, seen.manager, seen.instance) == ("field manager", "kubectl-edit", scene.service)
    assert (str(seen.key), seen.namespace, seen.fields) == (
        "Deployment/shop-web",
        PLACE,
        "spec.revisionHistoryLimit",
    )
    assert seen.at is not None
    event = AuditEvent.objects.get(action="gate.bypassed")
    assert event.after["manager"] == "kubectl-edit"
    assert event.team_id == scene.organisation.shop.pk
    assert bypasses.watch_oldest() == 0
    scene.guard("deny")
    assert REFUSED in edit(scene, 2, fails=True)
    assert kept(scene) == 3
    assert bypasses.watch_oldest() == 0


def upgrade(scene: Scene, *arguments: str, fails: bool = False) -> str:
    values = ("--reuse-values", "--set", "replicas=3", "--server-side=true", "--force-conflicts")
    return scene.helm("upgrade", "shop-web", CHART, *values, *arguments, fails=fails)


def found() -> list[tuple[str, str, str]]:
    return sorted(Bypass.objects.values_list("how", "name", "operation"))


def test_helm_by_a_person_is_seen_in_audit(scene: Scene) -> None:
    assert bypasses.watch_oldest() == 0
    scene.guard("audit")
    upgrade(scene)
    assert bypasses.watch_oldest() == 1
    scene.helm("rollback", "shop-web", "1")
    scene.helm("install", "mine", CHART, *MINE)
    assert bypasses.watch_oldest() == 2
    assert found() == [
        ("foreign release", "sh.helm.release.v1.mine.v1", "Create"),
        ("helm revision", "sh.helm.release.v1.shop-web.v2", "Create"),
        ("helm revision", "sh.helm.release.v1.shop-web.v3", "Create"),
    ]
    assert Bypass.objects.filter(how="foreign release", instance=None).exists()
    assert scene.update(replicas=2).state == "succeeded"
    assert bypasses.watch_oldest() == 0
    scene.helm("uninstall", "shop-web")
    assert bypasses.watch_oldest() == 1
    assert ("helm revision", "sh.helm.release.v1.shop-web.v4", "Delete") in found()
    assert bypasses.watch_oldest() == 0


def test_helm_by_a_person_is_refused_in_deny(scene: Scene) -> None:
    upgrade(scene)
    scene.guard("deny")
    before = scene.live()["spec"]
    assert REFUSED in upgrade(scene, fails=True)
    assert REFUSED in scene.helm("install", "mine", CHART, *MINE, fails=True)
    assert REFUSED in scene.helm("rollback", "shop-web", "1", fails=True)
    # helm keeps to itself why it could not delete
    assert "failed to delete release" in scene.helm("uninstall", "shop-web", fails=True)
    assert scene.live()["spec"] == before
    history = scene.admin("get", "secrets", "-l", "owner=helm", "-o", "name").stdout.split()
    assert len(history) == 2


@pytest.mark.parametrize(
    "account", ["default", "shop-web", "kube-system:default", "ledger-dev:slipway-deployer"]
)
def test_another_service_account_is_refused(scene: Scene, account: str) -> None:
    command = ("scale", WEB, "--replicas=4")
    scene.as_account(account)(*command)
    scene.guard("deny")
    assert REFUSED in scene.as_account(account)(*command[:2], "--replicas=6", fails=True)
    assert scene.live()["spec"]["replicas"] == 4


def test_an_operator_that_is_named_goes_on(scene: Scene) -> None:
    operator = scene.as_account("cert-manager:cert-manager")
    scene.guard("deny")
    assert REFUSED in operator("label", WEB, "seen=yes", fails=True)
    named = ["system:serviceaccount:cert-manager:cert-manager"]
    guards.set_mode(
        scene.environment, "deny", reason="It mends labels.", actor=scene.organisation.pete, controllers=named
    )
    assert guarding.keep() == 1
    assert guarding.keep() == 0
    operator("label", WEB, "seen=yes")
    assert REFUSED in scene.kubectl("label", WEB, "seen=no", "--overwrite", fails=True)


def test_the_portals_own_changes_and_retirement_go_through(scene: Scene) -> None:
    scene.guard("deny")
    assert scene.update(replicas=3).state == "succeeded"
    assert scene.live()["spec"]["replicas"] == 3
    bigger = {"kind": "update", "instance": scene.namespace.pk, "plan": "medium"}
    assert scene.work(**bigger).state == "succeeded"
    assert bypasses.watch_oldest() == 0
    # the namespace goes with all that controllers and the garbage collector still have to clear away
    for instance in (scene.service, scene.namespace):
        retirements.announce(instance, actor=scene.organisation.alice)
        done = scene.work(kind="retire", instance=instance.pk, confirm=instance.name)
        assert done.state == "succeeded", done.outcome
        until(lambda: scene.pods() == [])
    until(lambda: scene.kubernetes.namespace(PLACE) is None)


def test_the_autoscaler_the_deployment_controller_and_the_garbage_collector_work_on(scene: Scene) -> None:
    scene.guard("deny")
    autoscaling = {"enabled": True, "minReplicas": 3, "maxReplicas": 5, "targetCPUPercent": 60}
    assert scene.update(autoscaling=autoscaling).state == "succeeded"
    until(lambda: scene.live()["spec"]["replicas"] == 3)
    scaler = scene.as_account("kube-system:horizontal-pod-autoscaler")
    scaler("scale", WEB, "--replicas=4")
    until(lambda: scene.live()["status"].get("readyReplicas", 0) >= 3)
    old = set(scene.pods())
    image = {"repository": "registry.example.com/shop/storefront", "tag": "1.4.3"}
    assert scene.update(autoscaling=autoscaling, image=image).state == "succeeded"
    until(lambda: old.isdisjoint(scene.pods()), seconds=60)
    until(lambda: scene.live()["status"].get("updatedReplicas", 0) >= 3)
    assert bypasses.watch_oldest() == 0
    scene.kubectl("delete", f"pod/{scene.pods()[0]}", "--wait=false")
    until(lambda: scene.live()["status"].get("readyReplicas", 0) >= 3)


def test_what_nobody_sealed_is_everybodys(scene: Scene) -> None:
    scene.guard("deny")
    scene.kubectl("apply", "-f", "-", stdin=FREE)
    scene.kubectl("label", "configmap/notes", "seen=yes")
    scene.kubectl("create", "deployment", "mine", "--image=registry.example.com/shop/mine:1.0.0")
    scene.kubectl("set", "image", "deployment/mine", "mine=registry.example.com/shop/mine:2.0.0")
    scene.kubectl("delete", "deployment/mine", "configmap/notes", "--wait=false")
    assert bypasses.watch_oldest() == 0
    # a size shows nothing of what it is the size of, so all of them are the portal's
    scene.kubectl("create", "deployment", "mine", "--image=registry.example.com/shop/mine:1.0.0")
    assert "sizes are set only through the portal" in scene.kubectl(
        "scale", "deployment/mine", "--replicas=2", fails=True
    )


def test_nobody_becomes_the_deployer(scene: Scene) -> None:
    scene.kubectl("create", "token", "slipway-deployer")
    scene.guard("deny")
    assert "acts as slipway-deployer" in scene.kubectl("create", "token", "slipway-deployer", fails=True)
    scene.kubectl("create", "token", "default")
    for account, fails in (("default", False), ("slipway-deployer", True)):
        said = scene.kubectl("create", "-f", "-", stdin=POD.format(account=account), fails=fails)
        assert ("acts as slipway-deployer" in said) == fails


def test_an_environment_that_is_not_guarded_is_left_alone(scene: Scene) -> None:
    scene.guard("deny")
    scene.admin("create", "namespace", "elsewhere")
    scene.admin("label", "namespace", "elsewhere", "slipway.dev/environment=staging")
    scene.kubectl("label", "namespace", "elsewhere", "seen=yes")
    entering = scene.kubectl(
        "label", "namespace", "elsewhere", "slipway.dev/environment=dev", "--overwrite", fails=True
    )
    assert REFUSED in entering
