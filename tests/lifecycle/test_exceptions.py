"""Policy exceptions: asked for on a verdict, decided by a second person, ended on the second everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.models import Membership, PlatformRole, User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotPermitted, PolicyDenied, SealBroken, StateConflict, ValidationFailed
from portal.lifecycle.models import ChangeRequest, PolicyException, PolicyReport, Violation
from portal.lifecycle.operations import exception_ends, scanning, seals
from portal.lifecycle.services import changes, exceptions, previews, wishes
from portal.lifecycle.states import ChangeState, ExceptionState
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.helpers import ask, live_namespace, live_service, succeed
from tests.policy.scenes import DEPLOYMENTS, binding, policy

FOREIGN = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.0"}}
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def a_namespace(organisation: Organisation) -> None:
    live_namespace(organisation)


def wanted(organisation: Organisation, **data: Any) -> dict[str, Any]:
    about = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}
    return {**about, "values": FOREIGN, **data}


def denied(organisation: Organisation) -> ChangeRequest:
    with pytest.raises(PolicyDenied) as refusal:
        ask(organisation.alice, **wanted(organisation))
    return ChangeRequest.objects.get(pk=refusal.value.details["change"])


def requested(organisation: Organisation, **data: Any) -> PolicyException:
    place = exceptions.place_of_change(denied(organisation))
    about = {"policy": "image-registries", "reason": "The mirror comes next week.", "days": 5}
    return exceptions.request(organisation.alice, place, {**about, **data})


def granted(organisation: Organisation, **data: Any) -> PolicyException:
    exception = requested(organisation, **data)
    exceptions.grant(exception, actor=organisation.olga, comment="Until the mirror is there.")
    return exception


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Move the clock that all of the portal reads."""

    def move(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return move


# asking


def test_an_exception_is_for_the_very_object_that_was_refused_unless_more_is_asked(
    organisation: Organisation,
) -> None:
    exception = requested(organisation)
    assert (exception.object_kind, exception.object_name) == ("Deployment", "shop-web")
    assert exception.instance_name == "shop-web"
    assert exception.severity == "critical"
    assert "docker.io" in exception.message


def test_there_is_no_exception_without_an_end_or_longer_than_its_severity_allows(
    organisation: Organisation,
) -> None:
    place = exceptions.place_of_change(denied(organisation))
    for days, code in ((None, "required"), (0, "required"), (8, "too_long"), ("soon", "required")):
        with pytest.raises(ValidationFailed) as refusal:
            exceptions.request(
                organisation.alice, place, {"policy": "image-registries", "reason": "x", "days": days}
            )
        assert [(e["path"], e["code"]) for e in refusal.value.errors] == [("/days", code)]


def test_what_passes_needs_no_exception_and_all_that_is_wrong_is_said_at_once(
    organisation: Organisation,
) -> None:
    place = exceptions.place_of_change(denied(organisation))
    with pytest.raises(ValidationFailed) as refusal:
        exceptions.request(organisation.alice, place, {"policy": "image-tag", "scope": "all", "days": 1})
    assert {e["path"] for e in refusal.value.errors} == {"/policy", "/scope", "/reason"}


def test_only_the_owning_team_asks(organisation: Organisation) -> None:
    place = exceptions.place_of_change(denied(organisation))
    with pytest.raises(NotPermitted):
        exceptions.request(organisation.pia, place, {"policy": "image-registries", "reason": "x", "days": 1})


def test_the_same_thing_is_not_asked_twice(organisation: Organisation) -> None:
    requested(organisation)
    with pytest.raises(StateConflict):
        requested(organisation)


# deciding


def test_a_granted_exception_lets_the_change_pass_and_is_sealed_into_its_release(
    organisation: Organisation,
) -> None:
    exception = granted(organisation)
    change = ask(organisation.alice, **wanted(organisation))
    assert change.state == ChangeState.QUEUED
    assert change.release is not None
    assert change.release.exceptions == [exception.pk]
    waived = [v for v in change.release.verdicts if v["outcome"] == "waived"]
    assert {(v["policy"], v["exception"]) for v in waived} == {("image-registries", exception.pk)}


def test_nobody_decides_on_what_they_asked_for_whatever_they_are_made_later(
    organisation: Organisation,
) -> None:
    exception = requested(organisation)
    PlatformRole.objects.create(user=organisation.alice, role=PlatformRole.Name.OPERATOR)
    Membership.objects.filter(user=organisation.alice).delete()
    for decide in (exceptions.grant, exceptions.reject):
        with pytest.raises(NotPermitted):
            decide(exception, actor=organisation.alice, comment="fine with me")
    exception.refresh_from_db()
    assert exception.state == ExceptionState.REQUESTED
    refused = AuditEvent.objects.filter(action="decision.refused", object_id=str(exception.pk))
    assert refused.count() == 2


def test_whoever_asked_for_the_change_does_not_decide_on_an_exception_that_another_asked_for_it(
    organisation: Organisation,
) -> None:
    place = exceptions.place_of_change(denied(organisation))
    about = {"policy": "image-registries", "reason": "for alice", "days": 1}
    exception = exceptions.request(organisation.bob, place, about)
    PlatformRole.objects.create(user=organisation.alice, role=PlatformRole.Name.PLATFORM_ENGINEER)
    with pytest.raises(NotPermitted):
        exceptions.grant(exception, actor=organisation.alice)


def test_the_database_itself_refuses_a_decision_of_the_one_who_asked(organisation: Organisation) -> None:
    exception = requested(organisation)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyException.objects.filter(pk=exception.pk).update(
            state=ExceptionState.GRANTED, decided_by=organisation.alice, decided_at=clock.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyException.objects.filter(pk=exception.pk).update(state=ExceptionState.GRANTED)


@pytest.mark.parametrize("name", ["bob", "audrey"])
def test_only_operators_and_platform_engineers_decide(organisation: Organisation, name: str) -> None:
    exception = requested(organisation)
    with pytest.raises(NotPermitted):
        exceptions.grant(exception, actor=getattr(organisation, name))


def test_a_service_account_decides_nothing(organisation: Organisation) -> None:
    exception = requested(organisation)
    robot = User.objects.create(username="robot", is_service_account=True)
    PlatformRole.objects.create(user=robot, role=PlatformRole.Name.OPERATOR)
    with pytest.raises(NotPermitted):
        exceptions.grant(exception, actor=robot)


def test_of_two_decisions_only_the_first_counts(organisation: Organisation) -> None:
    exception = requested(organisation)
    late = PolicyException.objects.get(pk=exception.pk)
    exceptions.reject(exception, actor=organisation.olga, comment="Mirror it first.")
    with pytest.raises(StateConflict):
        exceptions.grant(late, actor=organisation.oscar)


def test_who_decides_may_bring_the_end_nearer_and_never_put_it_off(organisation: Organisation) -> None:
    exception = requested(organisation)
    sooner = (clock.now() + timedelta(days=1)).replace(microsecond=0)
    asked_for = exception.expires_at
    exceptions.grant(exception, actor=organisation.olga, expires_at=sooner)
    assert exception.expires_at == sooner < asked_for


def test_a_request_whose_end_has_passed_is_too_late_to_grant(organisation: Organisation, at: Any) -> None:
    exception = requested(organisation)
    at(exception.expires_at)
    with pytest.raises(StateConflict, match="passed"):
        exceptions.grant(exception, actor=organisation.olga)


def test_who_withdraws_may_say_why(organisation: Organisation) -> None:
    exceptions.withdraw(requested(organisation), actor=organisation.bob, comment="Mirrored by now.")
    assert AuditEvent.objects.get(action="exception.withdrawn").comment == "Mirrored by now."


# ending


def test_an_exception_counts_one_second_before_its_end_and_not_one_second_after_in_preview_and_request(
    organisation: Organisation, at: Any
) -> None:
    end = granted(organisation).expires_at
    wish = wishes.resolve(organisation.alice, wanted(organisation))
    at(end - SECOND)
    assert previews.preview(wish).allowed
    at(end + SECOND)
    assert not previews.preview(wish).allowed
    with pytest.raises(PolicyDenied):
        changes.open_change(wish)
    at(end - SECOND)
    assert changes.open_change(wish).change.state == ChangeState.QUEUED


def test_a_worker_refuses_a_release_whose_exception_has_ended(organisation: Organisation, at: Any) -> None:
    end = granted(organisation).expires_at
    release = ask(organisation.alice, **wanted(organisation)).release
    at(end - SECOND)
    seals.check(release, release.instance)
    at(end + SECOND)
    with pytest.raises(SealBroken, match="count no longer"):
        seals.check(release, release.instance)


def test_the_fleet_scan_reports_what_was_waived_as_soon_as_the_exception_ends(
    organisation: Organisation, at: Any
) -> None:
    end = granted(organisation).expires_at
    instance = succeed(ask(organisation.alice, **wanted(organisation)))

    def found() -> str:
        scanning.scan_due()
        return Violation.objects.get(instance=instance, policy="image-registries").outcome

    at(end - SECOND)
    assert found() == "waived"
    at(end)
    assert found() == "deny"
    assert PolicyReport.objects.get(instance=instance).failed == 1


def test_a_revoked_exception_counts_no_longer(organisation: Organisation) -> None:
    exception = granted(organisation)
    exceptions.revoke(exception, actor=organisation.oscar, comment="The image is malicious.")
    with pytest.raises(PolicyDenied):
        ask(organisation.alice, **wanted(organisation))


def test_an_exception_for_a_value_ends_when_the_value_is_another(organisation: Organisation) -> None:
    granted(organisation, values_path="/image/tag", value="1.27.0", scope="instance")
    wish = wishes.resolve(organisation.alice, wanted(organisation))
    assert previews.preview(wish).allowed
    newer = {"image": {"repository": "docker.io/library/nginx", "tag": "1.28.0"}}
    wish = wishes.resolve(organisation.alice, wanted(organisation, values=newer))
    assert not previews.preview(wish).allowed


def test_an_exception_for_one_instance_covers_no_other(organisation: Organisation) -> None:
    granted(organisation)
    wish = wishes.resolve(organisation.alice, wanted(organisation, name="other"))
    assert not previews.preview(wish).allowed


def test_an_end_is_announced_once_before_it_comes_and_recorded_when_it_has(
    organisation: Organisation, at: Any
) -> None:
    exception = granted(organisation)
    begun, end = exception.decided_at, exception.expires_at
    assert begun is not None
    at(begun + timedelta(days=1))
    assert exception_ends.tidy() == 0
    at(end - timedelta(days=2))
    assert [exception_ends.tidy(), exception_ends.tidy()] == [1, 0]
    at(end)
    assert [exception_ends.tidy(), exception_ends.tidy()] == [1, 0]
    exception.refresh_from_db()
    assert exception.state == ExceptionState.EXPIRED
    actions = AuditEvent.objects.filter(object_type="PolicyException").order_by("at", "id")
    assert list(actions.values_list("action", flat=True)) == [
        "exception.requested",
        "exception.granted",
        "exception.announced",
        "exception.expired",
    ]


def test_a_request_that_nobody_decided_ends_too(organisation: Organisation, at: Any) -> None:
    exception = requested(organisation)
    at(exception.expires_at)
    exception_ends.tidy()
    exception.refresh_from_db()
    assert exception.state == ExceptionState.EXPIRED


def test_an_exception_can_be_asked_for_what_runs(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    instance = live_service(organisation)
    replicas = policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS)
    use_policies([replicas, binding("replicas", "Warn")])
    scanning.scan_due()
    place = exceptions.place_of_instance(instance)
    about = {"policy": "replicas", "reason": "One is enough for now.", "days": 30}
    exceptions.grant(exceptions.request(organisation.alice, place, about), actor=organisation.pete)
    assert [v.outcome for v in instance.violations.all()] == ["warn"]
    scanning.scan_due()
    assert [v.outcome for v in instance.violations.all()] == ["waived"]
