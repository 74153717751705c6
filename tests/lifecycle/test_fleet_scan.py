"""The fleet scan: what policies say of what runs, judged only where it may have changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import clock
from portal.lifecycle.models import PolicyReport, ServiceInstance, Violation
from portal.lifecycle.operations import scanning
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import policy_modes
from portal.policy import PolicyInvalid
from tests.factories import InstanceFactory, ReleaseFactory
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.policy.scenes import DEPLOYMENTS, PODS, binding, deployment, policy

REPLICAS = policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS)


@pytest.fixture(autouse=True)
def policies(organisation: Organisation, use_policies: UsePolicies) -> UsePolicies:
    use_policies([REPLICAS, binding("replicas")])
    return use_policies


def live(organisation: Organisation, *documents: Any, environment: str = "dev") -> ServiceInstance:
    instance = InstanceFactory(
        application=organisation.storefront, environment=organisation.environment(environment)
    )
    instance.current_release = ReleaseFactory(instance=instance, objects_masked=list(documents))
    instance.save()
    return instance


def found(instance: ServiceInstance) -> list[tuple[str, str]]:
    return list(instance.violations.order_by("policy").values_list("policy", "outcome"))


def test_what_runs_against_a_policy_is_found_with_its_owner_and_the_time_to_remedy(
    organisation: Organisation,
) -> None:
    instance = live(organisation, deployment())
    assert scanning.scan_due() == 1
    violation = Violation.objects.get(instance=instance)
    assert (violation.policy, violation.outcome) == ("replicas", "deny")
    assert (violation.kind, violation.name) == ("Deployment", "web")
    assert violation.due_at - violation.since == timedelta(days=90)
    report = PolicyReport.objects.get(instance=instance)
    assert (report.failed, report.warned, report.errors) == (1, 0, 0)


def test_nothing_is_judged_twice_until_something_changes(organisation: Organisation) -> None:
    instance = live(organisation, deployment())
    assert [scanning.scan_due(), scanning.scan_due()] == [1, 0]
    instance.current_release = ReleaseFactory(instance=instance, objects_masked=[])
    instance.save()
    assert [scanning.scan_due(), scanning.scan_due()] == [1, 0]
    assert found(instance) == []


def test_another_policy_or_mode_lets_all_be_judged_again(
    organisation: Organisation, policies: UsePolicies
) -> None:
    instance = live(organisation, deployment())
    scanning.scan_due()
    dev = organisation.environment("dev")
    policy_modes.set_mode("replicas", dev, "warn", actor=organisation.pete, reason="Too many at once.")
    assert scanning.scan_due() == 1
    assert found(instance) == [("replicas", "warn")]
    images = policy("images", "object.spec.containers.all(c, !c.image.contains('shop'))", rule=PODS)
    policies([images, binding("images", "Audit")])
    assert scanning.scan_due() == 1
    assert found(instance) == [("images", "audit")]


def test_a_violation_keeps_the_time_at_which_it_was_first_found(
    organisation: Organisation, policies: UsePolicies, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = live(organisation, deployment())
    scanning.scan_due()
    first = Violation.objects.get(instance=instance)
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    policies([policy("replicas", "object.spec.replicas >= 2", rule=DEPLOYMENTS), binding("replicas")])
    assert scanning.scan_due() == 1
    again = Violation.objects.get(instance=instance)
    assert (again.pk, again.since) == (first.pk, first.since)


def test_without_usable_policies_nothing_is_said_to_pass(
    organisation: Organisation, policies: UsePolicies
) -> None:
    live(organisation, deployment())
    policies([policy("broken", "object.spec.replicas >=", rule=DEPLOYMENTS)])
    with pytest.raises(PolicyInvalid, match="broken"):
        scanning.scan_due()
    assert not PolicyReport.objects.exists()


def test_what_cannot_be_judged_is_an_error_and_not_a_pass(
    organisation: Organisation, policies: UsePolicies
) -> None:
    policies([policy("keys", "object.spec.paused == false", rule=DEPLOYMENTS), binding("keys")])
    instance = live(organisation, deployment())
    scanning.scan_due()
    assert found(instance) == [("keys", "error")]
    assert PolicyReport.objects.get(instance=instance).errors == 1


def test_retired_instances_are_not_looked_at(organisation: Organisation) -> None:
    instance = live(organisation, deployment())
    instance.retired_at = clock.now()
    instance.save()
    assert scanning.scan_due() == 0


def test_what_was_found_while_an_instance_was_being_retired_is_forgotten(organisation: Organisation) -> None:
    instance = live(organisation, deployment())
    scanning.scan_due()
    instance.retired_at = clock.now()
    instance.save()
    scanning.scan_due()
    assert not PolicyReport.objects.exists()
    assert not Violation.objects.exists()


def test_looking_for_what_is_due_is_one_query(organisation: Organisation) -> None:
    for _ in range(3):
        live(organisation, deployment())
    scanning.scan_due()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert list(scanning.due(bundle.current().digest)) == []
    assert len([q for q in queries if "serviceinstance" in q["sql"]]) == 1
