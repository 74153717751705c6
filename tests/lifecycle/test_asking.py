"""Asking: everything that is wrong is said at once, and a refusal leaves nothing half-made."""

import pytest

from portal.audit.models import AuditEvent
from portal.core.errors import (
    ChangeUnderWay,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    NotPermitted,
    PolicyDenied,
    QuotaExceeded,
    RetirementNotAnnounced,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle.models import ChangeRequest, Release, ServiceInstance
from portal.lifecycle.services import changes, retirements, wishes
from portal.lifecycle.states import ChangeState
from tests.lifecycle.helpers import WEB, ask, live_namespace, live_service

pytestmark = pytest.mark.django_db
NAMESPACE = {"application": "storefront", "environment": "dev", "offering": "namespace"}
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}


def codes(caught):
    return {error["path"]: error["code"] for error in caught.value.errors}


def nothing_made():
    return not (ServiceInstance.objects.exists() or Release.objects.exists())


def test_all_unknown_names_are_said_at_once(organisation):
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, application="nope", environment="moon", offering="warp-drive")
    assert codes(caught) == {"/application": "unknown", "/environment": "unknown", "/offering": "unknown"}
    assert nothing_made()


def test_another_teams_application_looks_like_none(organisation):
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, **{**NAMESPACE, "application": "ledger"})
    assert codes(caught) == {"/application": "unknown"}


@pytest.mark.parametrize("person", ["olga", "pete", "audrey"])
def test_who_sees_but_is_no_member_may_not_ask(organisation, person):
    with pytest.raises(NotPermitted):
        ask(getattr(organisation, person), **NAMESPACE)
    assert nothing_made()


@pytest.mark.parametrize("name", ["", "Shop", "a_b", "x" * 54, "-a", "1a", "../etc", "a b"])
def test_names_that_kubernetes_refuses_are_refused_here(organisation, name):
    live_namespace(organisation)
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, **{**SERVICE, "name": name}, values=WEB)
    assert "/name" in codes(caught)


def test_every_schema_error_is_listed_with_its_path(organisation):
    live_namespace(organisation)
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, **SERVICE, values={**WEB, "replicas": "many", "nonsense": 1})
    paths = set(codes(caught))
    assert "/values/replicas" in paths
    assert any("nonsense" in path or "nonsense" in str(caught.value.errors) for path in paths)
    assert len(paths) >= 2


def test_values_that_are_nested_without_end_are_refused(organisation):
    deep: dict = {}
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(InvalidInput):
        ask(organisation.alice, **SERVICE, values=deep)


def test_a_denied_request_is_kept_with_its_verdicts_and_makes_no_instance(organisation):
    live_namespace(organisation)
    before = ServiceInstance.objects.count()
    with pytest.raises(PolicyDenied) as caught:
        ask(organisation.alice, **SERVICE, values={**WEB, "securityContext": {"privileged": True}})
    change = ChangeRequest.objects.get(pk=caught.value.details["change"])
    assert change.state == ChangeState.DENIED
    assert any(v["outcome"] == "deny" for v in change.verdicts)
    assert ServiceInstance.objects.count() == before
    assert AuditEvent.objects.filter(action="change.denied", object_id=str(change.pk)).exists()


def test_a_name_is_taken_once(organisation):
    ask(organisation.alice, **NAMESPACE)
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.bob, **NAMESPACE)
    assert codes(caught) == {"/name": "taken"}


def test_one_change_at_a_time(organisation):
    instance = live_service(organisation)
    ask(organisation.alice, kind="update", instance=instance.pk, values={**WEB, "replicas": 3})
    with pytest.raises(ChangeUnderWay):
        ask(organisation.bob, kind="update", instance=instance.pk, values={**WEB, "replicas": 4})


def test_a_repeated_request_is_the_same_request(organisation):
    wish = wishes.resolve(organisation.alice, NAMESPACE)
    first = changes.open_change(wish, idempotency_key="k", fingerprint="a")
    again = changes.open_change(wish, idempotency_key="k", fingerprint="a")
    assert (first.created, again.created) == (True, False)
    assert first.change == again.change
    with pytest.raises(IdempotencyKeyReused):
        changes.open_change(wish, idempotency_key="k", fingerprint="b")


def test_the_same_key_of_another_person_is_another_request(organisation):
    changes.open_change(wishes.resolve(organisation.alice, NAMESPACE), idempotency_key="k", fingerprint="a")
    with pytest.raises(ValidationFailed):
        changes.open_change(wishes.resolve(organisation.bob, NAMESPACE), idempotency_key="k", fingerprint="a")


def test_another_teams_instance_is_not_found(organisation):
    instance = live_service(organisation)
    with pytest.raises(NotFound):
        ask(organisation.pia, kind="update", instance=instance.pk, values=WEB)


@pytest.mark.parametrize("instance", [None, "x", -1, True, 10**30, "1; drop", {"a": 1}])
def test_odd_ids_are_refused(organisation, instance):
    with pytest.raises((ValidationFailed, NotFound)):
        ask(organisation.alice, kind="update", instance=instance, values=WEB)


def test_unknown_kinds_are_refused(organisation):
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, kind="destroy")
    assert codes(caught) == {"/kind": "unknown"}


def test_retiring_needs_the_announcement_and_the_name(organisation):
    instance = live_service(organisation)
    with pytest.raises(RetirementNotAnnounced):
        ask(organisation.alice, kind="retire", instance=instance.pk, confirm="shop-web")
    retirements.announce(instance, actor=organisation.alice)
    with pytest.raises(ValidationFailed):
        ask(organisation.alice, kind="retire", instance=instance.pk, confirm="shop")
    assert ask(organisation.alice, kind="retire", instance=instance.pk, confirm="shop-web").state == "queued"


def test_a_namespace_with_services_cannot_be_retired(organisation):
    namespace = live_namespace(organisation)
    live_service(organisation)
    retirements.announce(namespace, actor=organisation.alice)
    with pytest.raises(StateConflict, match="still live"):
        ask(organisation.alice, kind="retire", instance=namespace.pk, confirm="storefront-dev")


def test_promotion_goes_one_stage_at_a_time(organisation):
    instance = live_service(organisation)
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, kind="promote", instance=instance.pk, environment="production")
    assert codes(caught) == {"/environment": "not_next_stage"}


def test_quota_is_counted_before_asking(organisation):
    live_namespace(organisation)
    with pytest.raises(QuotaExceeded, match=r"cpu"):
        ask(organisation.alice, **SERVICE, plan="small", values={**WEB, "replicas": 50})


def test_cancelling_before_a_worker_came_frees_the_name(organisation):
    change = ask(organisation.alice, **NAMESPACE)
    changes.cancel(change, actor=organisation.bob)
    assert change.state == ChangeState.CANCELLED
    ask(organisation.alice, **NAMESPACE)
    with pytest.raises(StateConflict):
        changes.cancel(change, actor=organisation.bob)


def test_a_release_seals_what_was_shown(organisation):
    change = ask(organisation.alice, **NAMESPACE)
    release = change.release
    assert release.digest == change.seal == release.computed_digest()
    assert release.target["namespace"] == "slipway-system"
    assert AuditEvent.objects.filter(action="change.requested", object_id=str(change.pk)).count() == 1


def test_a_repeated_denied_request_is_the_same_denial(organisation):
    live_namespace(organisation)
    wish = wishes.resolve(
        organisation.alice, {**SERVICE, "values": {**WEB, "securityContext": {"privileged": True}}}
    )
    with pytest.raises(PolicyDenied) as first:
        changes.open_change(wish, idempotency_key="k", fingerprint="a")
    with pytest.raises(PolicyDenied) as again:
        changes.open_change(wish, idempotency_key="k", fingerprint="a")
    assert first.value.details == again.value.details
    assert ChangeRequest.objects.filter(state=ChangeState.DENIED).count() == 1
