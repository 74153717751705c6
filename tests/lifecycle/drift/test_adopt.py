"""Sealing what runs: values with which the chart renders it, found, proved, and judged like any request."""

from __future__ import annotations

from typing import Any

import pytest

from portal.core.errors import QuotaExceeded, StateConflict, ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.models import DriftReport, Remedy
from portal.lifecycle.operations.adoption import trials
from portal.lifecycle.services.drift import remedies
from tests.fixtures.guard import Scene
from tests.fixtures.worker import work_off
from tests.lifecycle.drift.drifted import APP, current, looked, patch, pod_spec
from tests.lifecycle.helpers import ask

pytestmark = pytest.mark.django_db


def wish(scene: Scene, **more: Any) -> dict[str, Any]:
    return {"kind": "remediate", "instance": scene.service.pk, "remedy": "adopt", **more}


def adopt(scene: Scene, **more: Any) -> Any:
    return ask(scene.organisation.alice, **wish(scene, **more))


def search(scene: Scene, **more: Any) -> Any:
    return remedies.look(scene.organisation.alice, wish(scene, **more))


def refused(scene: Scene, **more: Any) -> dict[str, str]:
    """Code by item, as the request is refused with."""
    with pytest.raises(ValidationFailed) as refusal:
        adopt(scene, **more)
    return {error["message"].partition(": ")[0]: error["code"] for error in refusal.value.errors}


def test_an_image_set_by_hand_becomes_the_release_and_nothing_differs_any_more(scene: Scene) -> None:
    image = "registry.example.com/shop/storefront:1.5.0"
    scene.kubectl("set", "image", "deployment/shop-web", f"app={image}")
    looked(scene)
    found = search(scene)
    assert [(each.path, each.value) for each in found.settings] == [("/image/tag", "1.5.0")]
    change = work_off(adopt(scene, reason="It was urgent."))
    assert change.state == "succeeded", change.outcome
    assert change.release.inputs["image"]["tag"] == "1.5.0"
    assert not change.proven
    assert Remedy.objects.get(change=change).does == Remedy.Does.ADOPT
    assert current(scene) == {}
    assert looked(scene).status == DriftReport.Status.IN_STEP
    assert scene.live()["spec"]["template"]["spec"]["containers"][0]["image"] == image


def test_several_fields_in_one_release(scene: Scene) -> None:
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=45))
    annotations = {"example.com/a.b": "x"}
    patch(scene, "deployment/shop-web", spec={"template": {"metadata": {"annotations": annotations}}})
    looked(scene)
    found = search(scene)
    assert {each.path: each.value for each in found.settings} == {
        "/shutdown/graceSeconds": 45,
        "/podAnnotations/example.com~1a.b": "x",
    }
    assert found.renderings <= 6
    assert work_off(adopt(scene)).state == "succeeded"
    assert current(scene) == {}


def test_what_no_value_sets_is_said_for_each_item_and_the_rest_can_be_adopted(scene: Scene) -> None:
    scene.kubectl("set", "env", "deployment/shop-web", "DEBUG=1")
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=45))
    items = current(scene)
    env = [f"Deployment/shop-web {APP}.env[DEBUG].{part}" for part in ("name", "value")]
    assert refused(scene) == dict.fromkeys(env, "no_value")
    one = items[("Deployment", "spec.template.spec.terminationGracePeriodSeconds")]
    with pytest.raises(ValidationFailed, match="Some values") as refusal:
        adopt(scene)
    said = refusal.value.errors[0]["message"]
    assert "Revert it, tolerate it for a time, or ask Platform team" in said
    assert work_off(adopt(scene, items=[one.pk])).state == "succeeded"
    assert {path for _, path in current(scene)} == {name.partition(" ")[2] for name in env}


def test_what_changes_along_is_named_and_wants_a_word(scene: Scene) -> None:
    """More copies than one bring a disruption budget with them."""
    scene.kubectl("scale", "deployment/shop-web", "--replicas=3")
    looked(scene)
    answer = search(scene).answers[0]
    assert (answer.code, answer.more) == (
        "changes_more",
        ("PodDisruptionBudget/shop-web would be added",),
    )
    assert refused(scene) == {"Deployment/shop-web spec.replicas": "changes_more"}
    change = work_off(adopt(scene, with_more=True))
    assert change.state == "succeeded", change.outcome
    assert change.release.inputs["replicas"] == 3
    assert current(scene) == {}


def test_more_than_the_quota_has_room_for_is_refused_as_usual(scene: Scene) -> None:
    scene.kubectl("scale", "deployment/shop-web", "--replicas=20")
    looked(scene)
    with pytest.raises(QuotaExceeded):
        adopt(scene, with_more=True)


def test_more_than_the_schema_allows_is_refused_with_its_words(scene: Scene) -> None:
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=100_000))
    looked(scene)
    with pytest.raises(ValidationFailed) as refusal:
        adopt(scene)
    (error,) = refusal.value.errors
    assert error["code"] == "refused"
    assert "/shutdown/graceSeconds" in error["message"]


def test_secrets_are_never_taken_from_the_cluster(scene: Scene) -> None:
    secret = "Put-There-By-Hand"
    scene.update(secretEnv={"TOKEN": "Correct-Horse-1"})
    patch(scene, "secret/shop-web-secret-env", stringData={"TOKEN": secret})
    looked(scene)
    assert set(refused(scene).values()) == {"secret"}


def test_foreign_objects_and_what_has_moved_on_cannot_be_sealed(scene: Scene) -> None:
    scene.kubectl("create", "configmap", "by-hand", "--from-literal=a=b")
    scene.kubectl("label", "configmap/by-hand", "app.kubernetes.io/instance=shop-web")
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=45))
    items = current(scene)
    foreign = items[("ConfigMap", "")]
    assert refused(scene, items=[foreign.pk]) == {"ConfigMap/by-hand": "foreign"}
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=50))
    place = "spec.template.spec.terminationGracePeriodSeconds"
    assert refused(scene) == {f"Deployment/shop-web {place}": "moved"}


def test_a_deleted_object_is_adopted_by_the_value_that_switches_it_off(scene: Scene) -> None:
    change = scene.update(replicas=2)
    assert change.state == "succeeded", change.outcome
    scene.kubectl("delete", "networkpolicy", "shop-web")
    looked(scene)
    (code,) = refused(scene).values()
    assert code in ("no_value", "not_found_in_time"), "no value of the chart leaves the policy out"


def test_the_search_is_bounded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST_RENDERINGS", 0)
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=45))
    looked(scene)
    assert set(refused(scene).values()) == {"not_found_in_time"}


def test_an_adoption_waits_at_the_gate_however_long_it_has_run_there(scene: Scene) -> None:
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=45))
    looked(scene)
    Environment.objects.filter(slug="dev").update(approvals_required=1, rollback_approvals_required=0)
    assert adopt(scene).is_awaiting_approval


def test_items_are_those_of_now(scene: Scene) -> None:
    patch(scene, "deployment/shop-web", **pod_spec(terminationGracePeriodSeconds=45))
    looked(scene)
    with pytest.raises(ValidationFailed) as refusal:
        adopt(scene, items=[10**9])
    assert refusal.value.errors[0]["code"] == "unknown"
    with pytest.raises(ValidationFailed):
        adopt(scene, items=[])
    scene.update(replicas=1)
    with pytest.raises(StateConflict, match="Nobody has looked yet"):
        adopt(scene)
