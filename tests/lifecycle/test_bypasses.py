"""Counting what went around the gate: what counts, what does not, and how much is looked at in a round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import Bypass, GuardState, Rollout
from portal.lifecycle.operations import bypasses, field_writers, guarding
from tests.factories import ApplicationFactory, InstanceFactory
from tests.fixtures.guard import Scene
from tests.fixtures.organisation import Organisation

TIME = "2026-03-02T09:00:00Z"


def entry(manager: str, *, part: str = "", operation: str = "Update", **fields: Any) -> dict[str, Any]:
    found = {
        "manager": manager,
        "operation": operation,
        "time": TIME,
        "fieldsV1": fields or {"f:spec": {"f:replicas": {}}},
    }
    return {**found, "subresource": part} if part else found


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (entry("kubectl-edit"), ["kubectl-edit"]),
        (entry("kubectl", part="scale"), ["kubectl"]),
        (entry("argocd-controller", operation="Apply"), ["argocd-controller"]),
        (entry("helm"), []),
        (entry("slipway"), []),
        (entry("kube-controller-manager", part="scale"), []),
        (entry("kube-controller-manager", part="status"), []),
        (entry("cert-manager", part="status"), []),
        (entry("old-client", **{"f:status": {"f:phase": {}}}), []),
        (entry("nobody", **{".": {}}), []),
        (entry(""), [""]),
    ],
)
def test_whose_fields_count(given: dict[str, Any], seen: list[str]) -> None:
    assert [each.manager for each in field_writers.foreign({"managedFields": [given]})] == seen


def test_fields_are_told_as_people_write_them() -> None:
    container = {'k:{"name":"app"}': {".": {}, "f:image": {}, "f:env": {'k:{"name":"A"}': {".": {}}}}}
    template = {"f:spec": {"f:containers": container}}
    (seen,) = field_writers.foreign(
        {"managedFields": [entry("kubectl-set", **{"f:spec": {"f:template": template}})]}
    )
    assert seen.fields == (
        "spec.template.spec.containers[name=app].image, spec.template.spec.containers[name=app].env[name=A]"
    )
    many = {f"f:key-{number:02}": {} for number in range(40)}
    (seen,) = field_writers.foreign({"managedFields": [entry("kubectl", **{"f:data": many})]})
    assert seen.fields.endswith("data.key-05 and 34 more")


@pytest.mark.parametrize(
    "odd",
    [{}, {"managedFields": None}, {"managedFields": [{}]}, {"managedFields": [{"fieldsV1": {"f:a": 1}}]}],
)
def test_odd_metadata_is_no_stumbling_block(odd: dict[str, Any]) -> None:
    assert len(list(field_writers.foreign(odd))) <= 1


@pytest.mark.django_db
def test_only_gated_and_guarded_environments_are_looked_at_oldest_first(organisation: Organisation) -> None:
    bypasses.watch_oldest()
    assert set(GuardState.objects.values_list("environment__slug", flat=True)) == {"production"}
    Environment.objects.filter(slug="dev").update(guard="audit")
    bypasses.watch_oldest()
    assert set(GuardState.objects.values_list("environment__slug", flat=True)) == {"production", "dev"}


@pytest.mark.django_db
def test_a_round_is_bounded_and_the_next_goes_on_from_there(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = organisation.environment("production")
    for number in range(5):
        application = ApplicationFactory(team=organisation.shop, slug=f"app-{number}")
        InstanceFactory(application=application, environment=production, created_by=organisation.alice)
    looked: list[str] = []
    monkeypatch.setattr(
        bypasses, "look", lambda environment, application: looked.append(application.slug) or []
    )
    monkeypatch.setattr(bypasses, "AT_ONCE", 2)
    state = GuardState.objects.create(environment=production)
    for _ in range(2):
        bypasses.watch_oldest()
        state.refresh_from_db()
        assert state.watched_at is None
    bypasses.watch_oldest()
    state.refresh_from_db()
    assert looked == [f"app-{number}" for number in range(5)]
    assert (state.cursor, state.watched_at is None) == (0, False)
    bypasses.watch_oldest()
    assert looked[5:] == ["app-0", "app-1"]


@pytest.mark.django_db
def test_a_cluster_that_does_not_answer_is_noted_and_comes_again(organisation: Organisation) -> None:
    production = organisation.environment("production")
    application = ApplicationFactory(team=organisation.shop)
    instance = InstanceFactory(application=application, environment=production, created_by=organisation.alice)
    assert bypasses.watch_oldest() == 0
    state = GuardState.objects.get(environment=production)
    assert "does not answer" in state.message
    assert state.watched_at is None
    instance.retired_at = clock.now()
    instance.save()
    bypasses.watch_oldest()
    state.refresh_from_db()
    assert (state.message, state.watched_at is None) == ("", False)


@pytest.mark.django_db
def test_a_guard_that_cannot_be_installed_says_why_and_is_tried_again(organisation: Organisation) -> None:
    Environment.objects.filter(slug="dev").update(guard="audit")
    for _ in range(2):
        assert guarding.keep() == 0
        organisation.cluster.refresh_from_db()
        assert "does not answer" in organisation.cluster.guard_message
    assert organisation.cluster.guard_digest == ""
    assert not GuardState.objects.exclude(audited_at=None).exists()


@pytest.mark.django_db
def test_the_same_write_is_counted_once_however_often_it_is_seen(scene: Scene) -> None:
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    scene.kubectl("label", "deployment/shop-web", "seen=yes")
    scene.kubectl("label", "networkpolicy/default-deny", "seen=yes")
    scene.kubectl("annotate", "namespace/storefront-dev", "seen=yes")
    assert bypasses.watch_oldest() == 3
    GuardState.objects.all().delete()
    assert bypasses.watch_oldest() == 0
    assert AuditEvent.objects.filter(action="gate.bypassed").count() == 3
    assert set(Bypass.objects.values_list("kind", "instance__name")) == {
        ("Deployment", "shop-web"),
        ("NetworkPolicy", "storefront-dev"),
        ("Namespace", "storefront-dev"),
    }


@pytest.mark.django_db
def test_without_helms_label_an_object_is_found_by_its_name(scene: Scene) -> None:
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    scene.kubectl("label", "deployment/shop-web", "app.kubernetes.io/managed-by-", "mine=yes")
    assert bypasses.watch_oldest() == 1
    assert "metadata.labels.mine" in Bypass.objects.get().fields


@pytest.mark.django_db
def test_a_rollout_that_never_said_its_revision_made_what_came_while_it_ran(scene: Scene) -> None:
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    lost = Rollout.objects.filter(change__instance=scene.service)
    lost.update(helm_revision=None, outcome=Rollout.Outcome.LOST)
    assert bypasses.watch_oldest() == 0
    long_ago = clock.now() - timedelta(days=2)
    lost.update(started_at=long_ago, finished_at=long_ago)
    assert bypasses.watch_oldest() == 1
    assert Bypass.objects.get().how == Bypass.How.HELM_REVISION
