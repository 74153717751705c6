"""The fleet scan: what the policies, as they are now, say of what runs. Only what may have changed is
judged."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from portal.core import clock
from portal.lifecycle.models import PolicyException, PolicyReport, ServiceInstance, Violation
from portal.lifecycle.operations import waivers
from portal.lifecycle.operations.rendering import deployer_of
from portal.lifecycle.selectors import bundle, instances
from portal.policy import Bundle, Judgement, UserInfo, Verdict
from portal.policy.sla import BY_SEVERITY, time_to_remedy
from portal.policy.waivers import Waivers

CHUNK = 100
BUDGET_SECONDS = 20.0
FOUND = ("deny", "error", "warn", "audit", "waived")
Place = tuple[int, int]
Judged = tuple[ServiceInstance, Judgement]
Identity = tuple[Any, ...]


def scan_due(*, budget_seconds: float = BUDGET_SECONDS) -> int:
    """Scan what is due until nothing is, or the time is over. Returns how many instances were scanned.

    Raises PolicyInvalid: without usable policies nothing is said, and old reports stay what they are, stale.
    """
    deadline, count = time.monotonic() + budget_seconds, 0
    _forget_retired()
    policies = bundle.current()
    while time.monotonic() < deadline:
        found = list(due(policies.digest)[:CHUNK])
        if not found:
            break
        count += scan(found, policies)
    return count


def _forget_retired() -> None:
    """What was written while an instance was being retired."""
    PolicyReport.objects.filter(instance__retired_at__isnull=False).delete()
    Violation.objects.filter(instance__retired_at__isnull=False).delete()


def due(policy_digest: str) -> QuerySet[ServiceInstance]:
    """Instances whose release, policies or exceptions are others than those of their report."""
    fresh = Q(policy_report__release=F("current_release"), policy_report__policy_digest=policy_digest) & (
        Q(policy_report__valid_until=None) | Q(policy_report__valid_until__gt=clock.now())
    )
    # negated by hand: Django's exclude() would drop instances that have no report at all
    return (
        ServiceInstance.objects.alive()
        .exclude(current_release=None)
        .exclude(pk__in=ServiceInstance.objects.filter(fresh).values("pk"))
        .select_related("application", "environment", "offering", "current_release")
        .defer("current_release__values", "current_release__inputs", "current_release__masked_values")
        .order_by("pk")
    )


def scan(found: Sequence[ServiceInstance], policies: Bundle) -> int:
    """Judge these instances and write down what was found."""
    now = clock.now()
    granted = _exceptions_at(found, now)
    namespaces = instances.namespace_documents(found)
    judged = []
    for instance in found:
        place = (instance.application_id, instance.environment_id)
        relevant = _waivers(instance, granted[place], now)
        judged.append((instance, judge_instance(instance, policies, namespaces.get(place), relevant)))
    _write(judged, policies, now)
    return len(found)


def judge_instance(
    instance: ServiceInstance, policies: Bundle, namespace: dict[str, Any] | None, relevant: Waivers
) -> Judgement:
    """What `policies` say of the sealed objects that run, as if they were asked for again now."""
    release = instance.current_release
    documents = release.objects_masked if release else []
    return policies.judge(
        documents,
        namespace=namespace or namespace_object(instance),
        user=UserInfo(deployer_of(instance.namespace), ("system:serviceaccounts", "system:authenticated")),
        waivers=relevant,
    )


def namespace_object(instance: ServiceInstance) -> dict[str, Any]:
    """The Namespace as its environment would have it, where its own instance is not known."""
    metadata = {"name": instance.namespace, "labels": instance.environment.namespace_labels()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _exceptions_at(found: Iterable[ServiceInstance], now: datetime) -> dict[Place, list[PolicyException]]:
    rows = PolicyException.objects.honoured_at(now).filter(
        application__in={instance.application_id for instance in found}
    )
    by_place: dict[Place, list[PolicyException]] = defaultdict(list)
    for row in rows.select_related("application", "environment"):
        by_place[row.application_id, row.environment_id].append(row)
    return by_place


def _waivers(instance: ServiceInstance, rows: Sequence[PolicyException], now: datetime) -> Waivers:
    """The values are secret and dear to read, so only where an exception is about one of them."""
    about = [row for row in rows if row.instance_name in ("", instance.name)]
    if any(row.values_digest for row in about) and instance.current_release is not None:
        values = instance.current_release.values
        return waivers.for_instance(
            instance.application, instance.environment, instance.name, values, now=now
        )
    return Waivers(tuple(row.as_waiver() for row in about), now, instance.name)


@transaction.atomic
def _write(judged: Sequence[Judged], policies: Bundle, now: datetime) -> None:
    """Reports and findings in a few statements; another scan at the same time writes the same."""
    PolicyReport.objects.bulk_create(
        [_report(instance, judgement, policies, now) for instance, judgement in judged],
        update_conflicts=True,
        unique_fields=["instance"],
        update_fields=REPORTED,
    )
    known: dict[int, dict[Identity, Violation]] = defaultdict(dict)
    for row in Violation.objects.filter(instance__in=[instance for instance, _ in judged]):
        known[row.instance_id][_identity(row)] = row
    remedies = {policy.name: time_to_remedy(policy.metadata) for policy in policies.policies}
    found, gone = [], []
    for instance, judgement in judged:
        before = known[instance.pk]
        verdicts = {
            _identity_of(verdict): verdict for verdict in judgement.verdicts if verdict.outcome in FOUND
        }
        gone += [row.pk for key, row in before.items() if key not in verdicts]
        for key, verdict in verdicts.items():
            since = before[key].since if key in before else now
            row = Violation(instance=instance, since=since)
            _fill(row, verdict)
            row.due_at = since + remedies.get(verdict.policy, BY_SEVERITY[verdict.severity])
            if key not in before or any(getattr(before[key], name) != getattr(row, name) for name in UPDATED):
                found.append(row)
    Violation.objects.filter(pk__in=gone).delete()
    Violation.objects.bulk_create(
        found, update_conflicts=True, unique_fields=IDENTIFYING, update_fields=UPDATED, batch_size=200
    )


def _report(instance: ServiceInstance, judgement: Judgement, policies: Bundle, now: datetime) -> PolicyReport:
    ends = [datetime.fromisoformat(verdict.until) for verdict in judgement.verdicts if verdict.until]
    outcomes = [verdict.outcome for verdict in judgement.verdicts]
    return PolicyReport(
        instance=instance,
        release_id=instance.current_release_id or 0,
        policy_digest=policies.digest,
        scanned_at=now,
        valid_until=min(ends, default=None),
        passed=outcomes.count("pass"),
        failed=outcomes.count("deny"),
        warned=outcomes.count("warn") + outcomes.count("audit"),
        errors=outcomes.count("error"),
        waived=outcomes.count("waived"),
    )


IDENTIFYING = ["instance", "policy", "rule", "api_version", "kind", "name", "path"]
UPDATED = ["outcome", "severity", "title", "message", "fix", "exception", "due_at"]
REPORTED = [
    *("release", "policy_digest", "scanned_at", "valid_until"),
    *("passed", "failed", "warned", "errors", "waived"),
]


def _fill(row: Violation, verdict: Verdict) -> None:
    row.policy, row.rule, row.outcome = verdict.policy, verdict.rule, verdict.outcome
    row.severity, row.title, row.path = verdict.severity, verdict.title[:200], verdict.path[:100]
    row.api_version, row.kind, row.name = _object_of(verdict)
    row.message, row.fix, row.exception_id = verdict.message, list(verdict.fix), verdict.exception


def _identity(row: Violation) -> Identity:
    return row.policy, row.rule, row.api_version, row.kind, row.name, row.path


def _identity_of(verdict: Verdict) -> Identity:
    return verdict.policy, verdict.rule, *_object_of(verdict), verdict.path[:100]


def _object_of(verdict: Verdict) -> tuple[str, str, str]:
    """As long as the columns are."""
    return verdict.key.api_version[:120], verdict.key.kind[:63], verdict.key.name[:253]
