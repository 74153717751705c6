"""Bringing back what was sealed: a change like any other, after which nothing differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import ChangeUnderWay, NotFound, NotPermitted, StateConflict
from portal.core.objects import ObjectKey
from portal.environments.models import Environment
from portal.lifecycle.models import DriftReport, Remedy
from portal.lifecycle.operations import taking_away
from portal.lifecycle.services import approvals
from portal.lifecycle.services.drift import tolerances
from tests.fixtures.guard import PLACE, Scene
from tests.fixtures.worker import work_off
from tests.lifecycle.drift.drifted import APP, current, log_of, looked, patch, pod_spec
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db


def tamper(scene: Scene) -> None:
    """All that people do with kubectl."""
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=1", "PORT=9090")
    patch(scene, "deployment/shop-web", **pod_spec(nodeSelector={"disk": "ssd"}))
    sidecar = {"name": "side", "image": "registry.example.com/side:1"}
    patch(scene, "deployment/shop-web", "strategic", **pod_spec(containers=[sidecar]))
    scene.kubectl("label", "serviceaccount/shop-web", "example.com/tier=gold")
    scene.kubectl("delete", "service", "shop-web")


def revert(scene: Scene, **more: Any) -> Any:
    return ask(scene.organisation.alice, kind="remediate", instance=scene.service.pk, remedy="revert", **more)


def test_a_revert_brings_back_what_was_sealed_and_takes_away_what_was_not(scene: Scene) -> None:
    before = scene.live()["spec"]
    tamper(scene)
    found = current(scene)
    assert looked(scene).status == DriftReport.Status.DRIFTED
    assert {("Service", ""), ("Deployment", "spec.replicas")} <= set(found)
    change = revert(scene, reason="Nobody remembers why.")
    assert change.proven, "it ran here before, and worked"
    change = work_off(change)
    assert change.state == "succeeded", change.outcome
    assert scene.live()["spec"] == before
    assert scene.kubernetes.get(ObjectKey("v1", "Service", PLACE, "shop-web")) is not None
    assert current(scene) == {}
    assert looked(scene).status == DriftReport.Status.IN_STEP
    assert f"took away {APP}.env[DEBUG].name of Deployment/shop-web, put there by kubectl" in log_of(change)


def test_a_revert_is_a_release_of_its_own_with_the_very_content_that_was_sealed(scene: Scene) -> None:
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    looked(scene)
    change = work_off(revert(scene))
    sealed, again = change.base_release, change.release
    assert (again.number, again.objects_digest) == (sealed.number + 1, sealed.objects_digest)
    assert again.ingredients == sealed.ingredients
    remedy = Remedy.objects.get(change=change)
    assert [(item["path"], item["live"]) for item in remedy.items] == [("spec.replicas", 3)]
    event = AuditEvent.objects.get(action="change.requested", object_id=str(change.pk))
    assert event.after["remedy"] == "revert"
    assert event.after["of"] == ["Deployment/shop-web spec.replicas"]


def test_what_was_changed_since_it_was_asked_stays_and_the_log_says_so(scene: Scene) -> None:
    """Nobody decided on what nobody saw."""
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=1", "TRACE=1")
    looked(scene)
    change = revert(scene)
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=2", "LATER=1")
    change = work_off(change)
    assert change.state == "succeeded", change.outcome
    env = scene.live()["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {each["name"] for each in env} == {"PORT", "DEBUG", "LATER"}
    assert f"left {APP}.env[DEBUG].value of Deployment/shop-web alone" in log_of(change)
    assert {path for _, path in current(scene)} == {
        f"{APP}.env[{name}].{part}" for name in ("DEBUG", "LATER") for part in ("name", "value")
    }


def test_without_taking_away_what_others_added_would_stay(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: helm's server-side apply leaves fields that somebody else owns."""
    monkeypatch.setattr(taking_away, "removable", lambda *_: [])
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=1")
    looked(scene)
    assert work_off(revert(scene)).state == "succeeded"
    assert ("Deployment", f"{APP}.env[DEBUG].value") in current(scene)


def test_who_wipes_the_record_of_writers_hides_nothing_from_a_revert(scene: Scene) -> None:
    before = scene.live()["spec"]
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=1")
    patch(scene, "deployment/shop-web", **pod_spec(nodeSelector={"disk": "ssd"}))
    wipe = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
    scene.kubectl("patch", "deployment/shop-web", "--type", "json", "--patch", json.dumps(wipe))
    assert "managedFields" not in scene.live()["metadata"]
    looked(scene)
    assert work_off(revert(scene)).state == "succeeded"
    assert scene.live()["spec"] == before
    assert current(scene) == {}


def test_what_was_sealed_is_never_taken_away_with_what_was_not() -> None:
    """Whatever the record of writers says, or does not."""
    live = {"metadata": {"uid": "u"}, "spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}}
    sealed = {"spec": {"template": {"spec": {"containers": []}}}}
    (place,) = taking_away.removable(live, sealed, {"spec.template.spec.nodeSelector.disk"})
    assert place.prefixes[-1] == "spec.template.spec.nodeSelector"


def test_what_is_foreign_is_left_alone(scene: Scene) -> None:
    labels = "app.kubernetes.io/instance=shop-web"
    scene.kubectl("create", "configmap", "by-hand", "--from-literal=a=b")
    scene.kubectl("label", "configmap/by-hand", labels)
    assert ("ConfigMap", "") in current(scene)
    with pytest.raises(StateConflict, match="not of the release"):
        revert(scene)
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    looked(scene)
    assert work_off(revert(scene)).state == "succeeded"
    assert set(current(scene)) == {("ConfigMap", "")}


def test_added_fields_that_are_tolerated_are_not_taken_away(scene: Scene) -> None:
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=1", "TRACE=1")
    item = current(scene)[("Deployment", f"{APP}.env[DEBUG].value")]
    until = clock.now() + tolerances.LONGEST / 2
    tolerances.tolerate(
        scene.service,
        item.key,
        f"{APP}.env[DEBUG]",
        until=until,
        reason="Looking into it.",
        actor=scene.organisation.alice,
    )
    assert work_off(revert(scene)).state == "succeeded"
    env = scene.live()["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [each["name"] for each in env] == ["PORT", "DEBUG"]


def test_a_revert_waits_at_the_gate_and_runs_once_it_is_approved(scene: Scene) -> None:
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    looked(scene)
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    change = revert(scene)
    assert change.is_awaiting_approval
    with pytest.raises(NotPermitted):
        approvals.approve(change, actor=scene.organisation.alice, digest=change.seal)
    approvals.approve(change, actor=scene.organisation.olga, digest=change.seal)
    assert work_off(change).state == "succeeded"
    assert scene.live()["spec"]["replicas"] == 1


def test_where_going_back_is_the_faster_path_so_is_a_revert(scene: Scene) -> None:
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    looked(scene)
    Environment.objects.filter(slug="dev").update(approvals_required=2, rollback_approvals_required=0)
    assert revert(scene).state == "queued"


def test_there_has_to_be_something_to_revert(scene: Scene) -> None:
    with pytest.raises(StateConflict, match="Nobody has looked yet"):
        revert(scene)
    looked(scene)
    with pytest.raises(StateConflict, match="Nothing differs"):
        revert(scene)


def test_one_change_at_a_time_and_only_the_team_may(scene: Scene) -> None:
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    looked(scene)

    def by(person: User) -> Any:
        return ask(person, kind="remediate", instance=scene.service.pk, remedy="revert")

    with pytest.raises(NotFound):
        by(scene.organisation.pia)
    with pytest.raises(NotPermitted):
        by(scene.organisation.olga)
    by(scene.organisation.bob)
    with pytest.raises(ChangeUnderWay):
        by(scene.organisation.alice)


def test_a_patch_names_values_that_were_read_and_removes_from_the_end() -> None:
    env = [{"name": name, "value": "1"} for name in ("A", "B", "C")]
    live = {
        "metadata": {"uid": "u", "managedFields": [_entry("helm", "A"), _entry("kubectl-set", "B", "C")]},
        "spec": {"env": env},
    }
    paths = {f"spec.env[{name}].{part}" for name in ("B", "C") for part in ("name", "value")}
    sealed = {"spec": {"env": env[:1]}}
    places = taking_away.removable(live, sealed, paths)
    assert [place.steps for place in places] == [("spec", "env", 2), ("spec", "env", 1)]
    assert taking_away.operations(live, places) == [
        {"op": "test", "path": "/metadata/uid", "value": "u"},
        {"op": "test", "path": "/spec/env/2", "value": env[2]},
        {"op": "test", "path": "/spec/env/1", "value": env[1]},
        {"op": "remove", "path": "/spec/env/2"},
        {"op": "remove", "path": "/spec/env/1"},
    ]


def _entry(manager: str, *names: str) -> dict[str, Any]:
    members = {f"k:{json.dumps({'name': name})}": {".": {}, "f:name": {}, "f:value": {}} for name in names}
    return {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {"f:env": members}}}
