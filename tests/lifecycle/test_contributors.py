"""Who had a part in a change, what it puts at stake, and how long its release has been well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, HealthSpan, ServiceInstance
from portal.lifecycle.operations import observation
from portal.lifecycle.selectors import evidence, soak
from portal.lifecycle.services import changes, retirements
from portal.lifecycle.states import ChangeKind, Health
from tests.factories import UserFactory
from tests.fixtures.organisation import Organisation
from tests.lifecycle.gate import at, rules
from tests.lifecycle.helpers import WEB, ask, live_namespace, live_service, succeed

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def names(change: ChangeRequest) -> set[str]:
    return set(change.contributors.values_list("username", flat=True))


def test_whoever_made_what_is_promoted_took_part(organisation: Organisation) -> None:
    """Also who made the releases that it was built upon, back to the last one that went on."""
    instance = live_service(organisation)  # by alice
    live_namespace(organisation, "staging")
    succeed(ask(organisation.alice, kind="promote", instance=instance.pk, environment="staging"))
    succeed(ask(organisation.bob, kind="update", instance=instance.pk, values={**WEB, "replicas": 2}))
    succeed(ask(organisation.mona, kind="update", instance=instance.pk, values={**WEB, "replicas": 3}))
    rules(organisation, "staging", approvals_required=1)
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment="staging")
    assert names(change) == {"alice", "bob", "mona"}
    rules(organisation, "staging", approvals_required=0)


def test_a_service_account_acts_for_the_person_responsible_for_it(organisation: Organisation) -> None:
    robot = UserFactory(username="robot")
    robot.is_service_account, robot.responsible = True, organisation.mona
    robot.save()
    organisation.shop.memberships.create(user=robot)
    robot = type(robot).objects.get(pk=robot.pk)
    change = ask(robot, application="storefront", environment="production", offering="namespace")
    assert names(change) == {"robot", "mona"}


def test_risk_says_what_it_is_made_of(organisation: Organisation) -> None:
    instance = live_service(organisation)
    rules(organisation, "dev", approvals_required=1)
    plain = ask(organisation.alice, kind="update", instance=instance.pk, values={**WEB, "replicas": 2})
    assert "an update" in plain.risk_reasons
    changes.cancel(plain, actor=organisation.alice)
    retirement = _retire(organisation, instance.pk)
    assert retirement.risk > plain.risk
    assert retirement.risk_reasons[0] == "a retirement"


def _retire(organisation: Organisation, pk: int) -> ChangeRequest:
    instance = ServiceInstance.objects.get(pk=pk)
    retirements.announce(instance, actor=organisation.alice)
    return ask(organisation.alice, kind=ChangeKind.RETIRE, instance=pk, confirm=instance.name)


def test_health_is_kept_in_spans_by_release(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = live_service(organisation)
    now = clock.now()
    at(monkeypatch, now + HOUR)
    observation.set_health(instance, Health.READY, "")
    at(monkeypatch, now + 2 * HOUR)
    observation.set_health(instance, Health.WRONG, "Deployment/shop-web: crashes")
    spans = list(HealthSpan.objects.filter(instance=instance).order_by("pk"))
    assert [(span.health, span.ended_at is None) for span in spans][-2:] == [
        ("ready", False),
        ("wrong", True),
    ]
    assert spans[-2].release == instance.current_release


def test_a_release_has_to_soak_where_the_gate_says_so(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = live_namespace(organisation)
    rules(organisation, "staging", approvals_required=1, minimum_soak_minutes=120)
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment="staging")
    change = ChangeRequest.objects.select_related("environment").get(pk=change.pk)
    now = clock.now()
    at(monkeypatch, now + HOUR)
    (missing,) = evidence.lacking(change)
    assert (missing.kind, missing.refresh) == ("soak", False)
    assert "of 2 h 0 min in the stage before" in missing.why
    at(monkeypatch, now + 2 * HOUR)
    assert evidence.lacking(change) == []


def test_what_breaks_soaks_from_the_beginning_again(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = live_namespace(organisation)
    rules(organisation, "staging", approvals_required=1)
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment="staging")
    now = clock.now()
    at(monkeypatch, now + 3 * HOUR)
    observation.set_health(instance, Health.WRONG, "gone")
    fresh = ChangeRequest.objects.get(pk=change.pk)
    assert soak.soaked(fresh, now + 3 * HOUR) == timedelta(0)
    at(monkeypatch, now + 4 * HOUR)
    observation.set_health(instance, Health.READY, "")
    fresh = ChangeRequest.objects.get(pk=change.pk)
    assert soak.soaked(fresh, now + 5 * HOUR) == HOUR
    # a clock that was set back never makes it longer
    assert soak.soaked(fresh, now) == timedelta(0)
    (stay,) = soak.journey(fresh.release)
    assert stay.instance == instance
    assert stay.share < 100


def test_what_no_longer_runs_in_the_stage_before_has_not_soaked(organisation: Organisation) -> None:
    instance = live_namespace(organisation)
    rules(organisation, "staging", approvals_required=1)
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment="staging")
    type(instance).objects.filter(pk=instance.pk).update(current_release=None)
    assert soak.soaked(ChangeRequest.objects.get(pk=change.pk), clock.now() + HOUR) == timedelta(0)


def test_stages_may_take_releases_from_several_others(organisation: Organisation) -> None:
    production = Environment.objects.get(slug="production")
    production.promotes_from.add(Environment.objects.get(slug="dev"))
    instance = live_namespace(organisation)
    change = ask(organisation.alice, kind="promote", instance=instance.pk, environment="production")
    assert change.release is not None
    assert change.release.promoted_from == instance.current_release
