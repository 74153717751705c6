"""What the portal keeps of the fleet scan, after it."""

from __future__ import annotations

from datetime import timedelta

from portal.core import clock
from portal.lifecycle.models import PolicyReport, ServiceInstance, Violation
from portal.lifecycle.operations import scanning
from portal.lifecycle.services import retirements
from portal.policy import load_bundle
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.helpers import ask, live_service, succeed
from tests.policy.scenes import DEPLOYMENTS, EVERYTHING, binding, policy


def scanned(organisation: Organisation, use_policies: UsePolicies) -> ServiceInstance:
    instance = live_service(organisation)
    wanted = [
        policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS),
        policy("nothing", "false", rule=EVERYTHING),
    ]
    use_policies([*wanted, binding("replicas", "Warn"), binding("nothing", "Audit")])
    scanning.scan_due()
    return instance


def test_what_no_longer_runs_violates_nothing(organisation: Organisation, use_policies: UsePolicies) -> None:
    instance = scanned(organisation, use_policies)
    assert instance.violations.filter(policy="replicas").count() == 1
    retirements.announce(instance, actor=organisation.alice)
    succeed(ask(organisation.alice, kind="retire", instance=instance.pk, confirm=instance.name))
    assert not PolicyReport.objects.filter(instance=instance).exists()
    assert not Violation.objects.filter(instance=instance).exists()


def test_a_report_is_stale_exactly_when_the_next_scan_looks_at_it(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    instance = scanned(organisation, use_policies)
    report = PolicyReport.objects.get(instance=instance)
    now, digest = clock.now(), report.policy_digest

    def agreed(expected: bool, digest: str) -> None:
        fresh = PolicyReport.objects.select_related("instance").get(instance=instance)
        assert fresh.is_stale_at(clock.now(), digest) is expected
        assert (instance in scanning.due(digest)) is expected

    agreed(False, digest)
    agreed(True, load_bundle([]).digest)
    PolicyReport.objects.update(valid_until=now - timedelta(seconds=1))
    agreed(True, digest)
    PolicyReport.objects.update(valid_until=now + timedelta(hours=1))
    agreed(False, digest)
    ServiceInstance.objects.filter(pk=instance.pk).update(
        current_release=ServiceInstance.objects.exclude(pk=instance.pk).get().current_release
    )
    agreed(True, digest)


def test_a_violation_names_the_namespace_of_what_lives_in_one_and_no_other(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    scanned(organisation, use_policies)
    found = {row.kind: row.key.namespace for row in Violation.objects.filter(policy="nothing")}
    assert found["Deployment"] == "storefront-dev"
    assert found["Namespace"] == ""


def test_a_violation_is_overdue_from_its_due_second_on_unless_it_is_waived(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    row = scanned(organisation, use_policies).violations.filter(policy="replicas").get()
    assert not row.is_overdue_at(row.due_at - timedelta(seconds=1))
    assert row.is_overdue_at(row.due_at)
    row.outcome = Violation.Outcome.WAIVED
    assert not row.is_overdue_at(row.due_at)
