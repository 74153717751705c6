"""What a proposal would break: live instances, and changes of the last 30 days, judged both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q

from portal.core import clock
from portal.core.errors import SlipwayError
from portal.lifecycle.models import BlastRadius, ChangeRequest, PolicyException, ServiceInstance
from portal.lifecycle.operations import proposals
from portal.lifecycle.operations.rendering import deployer_of
from portal.lifecycle.operations.scanning import namespace_object
from portal.lifecycle.selectors import bundle, instances
from portal.policy import Bundle, Judgement, UserInfo, Verdict
from portal.policy.waivers import Waivers

RECENT = timedelta(days=30)
CHUNK = 100
# a worker that wrote no progress for this long is gone
ABANDONED = timedelta(minutes=2)
# how many of each are listed; all are counted
MOST_LISTED = 500
State = BlastRadius.State


def due_ids() -> list[int]:
    """Questions that wait for a worker, or whose worker is gone."""
    gone = Q(state=State.RUNNING, touched_at__lt=clock.now() - ABANDONED)
    rows = BlastRadius.objects.filter(Q(state=State.WAITING) | gone)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:50])


def work_out(pk: int) -> bool:
    """Answer one question. False when it was answered, or is being answered, already."""
    now = clock.now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, touched_at__lt=now - ABANDONED)
    claimed = BlastRadius.objects.filter(free, pk=pk).update(state=State.RUNNING, touched_at=now, done=0)
    if not claimed:
        return False
    radius = BlastRadius.objects.get(pk=pk)
    try:
        result = _Work(radius).result()
    except SlipwayError as exc:
        _finish(pk, state=State.FAILED, message=exc.message)
    except Exception:
        _finish(pk, state=State.FAILED, message="The portal met an unexpected error; it is in its log.")
        raise
    else:
        _finish(pk, state=State.DONE, result=result)
    return True


def _finish(pk: int, **values: Any) -> None:
    BlastRadius.objects.filter(pk=pk, state=State.RUNNING).update(finished_at=clock.now(), **values)


class _Work:
    """The two bundles, narrowed to the policies that differ, and what is counted so far."""

    def __init__(self, radius: BlastRadius) -> None:
        now, after = bundle.current(), proposals.bundle_with(radius.proposal)
        names = proposals.touched(now, after)
        self._radius = radius
        self._before, self._after = now.narrowed(names), after.narrowed(names)
        self._policies = sorted(names)
        self._moment = clock.now()
        self._exceptions = list(
            PolicyException.objects.honoured_at(self._moment)
            .filter(policy__in=names)
            .select_related("application", "environment")
        )
        BlastRadius.objects.filter(pk=radius.pk).update(policy_digest=now.digest)

    def result(self) -> dict[str, Any]:
        alive = _instances()
        recent = _changes()
        total = len(alive) + len(recent)
        BlastRadius.objects.filter(pk=self._radius.pk).update(total=total)
        found_instances = [row for rows in _chunks(alive) for row in self._instances(rows)]
        found_changes = [row for rows in _chunks(recent) for row in self._changes(rows)]
        return {
            "policies": self._policies,
            "counts": {"instances": len(found_instances), "changes": len(found_changes), "judged": total},
            "teams": _by_team(found_instances, found_changes),
            "instances": found_instances[:MOST_LISTED],
            "changes": found_changes[:MOST_LISTED],
        }

    def _instances(self, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
        rows = list(
            ServiceInstance.objects.filter(pk__in=ids)
            .select_related("application__team", "environment", "offering", "current_release")
            .defer("current_release__values", "current_release__inputs", "current_release__masked_values")
        )
        namespaces = instances.namespace_documents(rows)
        for instance in rows:
            documents = instance.current_release.objects_masked if instance.current_release else []
            namespace = namespaces.get((instance.application_id, instance.environment_id))
            if newly := self._newly_denied(instance, documents, namespace):
                yield {**_row(instance), "verdicts": [_said(verdict) for verdict in newly]}
        self._progress(len(ids))

    def _changes(self, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
        rows = list(
            ChangeRequest.objects.filter(pk__in=ids)
            .select_related("application__team", "environment", "offering", "instance", "release")
            .defer("release__values", "release__inputs", "release__masked_values", "verdicts")
        )
        subjects = [change.subject for change in rows]
        namespaces = instances.namespace_documents(subjects)
        for change in rows:
            instance = change.subject
            instance.application, instance.environment = change.application, change.environment
            documents = change.release.objects_masked if change.release else []
            namespace = namespaces.get((change.application_id, change.environment_id))
            if newly := self._newly_denied(instance, documents, namespace):
                row = {**_row(instance), "id": change.pk, "kind": change.kind, "state": change.state}
                yield {
                    **row,
                    "asked_at": change.created_at.isoformat(),
                    "verdicts": [_said(verdict) for verdict in newly],
                }
        self._progress(len(ids))

    def _newly_denied(
        self, instance: ServiceInstance, documents: Sequence[Any], namespace: dict[str, Any] | None
    ) -> list[Verdict]:
        """What the proposal would refuse and what is in force does not."""
        after = [
            verdict for verdict in self._judge(self._after, instance, documents, namespace) if verdict.blocks
        ]
        if not after:
            return []
        before = self._judge(self._before, instance, documents, namespace)
        refused = {_identity(verdict) for verdict in before if verdict.blocks}
        return [verdict for verdict in after if _identity(verdict) not in refused]

    def _judge(
        self,
        policies: Bundle,
        instance: ServiceInstance,
        documents: Sequence[Any],
        namespace: dict[str, Any] | None,
    ) -> tuple[Verdict, ...]:
        own = [
            row.as_waiver()
            for row in self._exceptions
            if (row.application_id, row.environment_id) == (instance.application_id, instance.environment_id)
            and not row.values_digest
        ]
        judgement: Judgement = policies.judge(
            documents,
            namespace=namespace or namespace_object(instance),
            user=UserInfo(
                deployer_of(instance.namespace), ("system:serviceaccounts", "system:authenticated")
            ),
            waivers=Waivers(own, self._moment, instance.name),
        )
        return judgement.verdicts

    def _progress(self, count: int) -> None:
        self._radius.done += count
        BlastRadius.objects.filter(pk=self._radius.pk).update(done=self._radius.done, touched_at=clock.now())


def _instances() -> list[int]:
    rows = ServiceInstance.objects.alive().exclude(current_release=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _changes() -> list[int]:
    rows = ChangeRequest.objects.filter(created_at__gte=clock.now() - RECENT).exclude(release=None)
    return list(rows.order_by("-created_at").values_list("pk", flat=True))


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _row(instance: ServiceInstance) -> dict[str, Any]:
    return {
        "id": instance.pk,
        "name": instance.name,
        "application": instance.application.slug,
        "environment": instance.environment.slug,
        "offering": instance.offering.slug,
        "team": instance.application.team.slug,
    }


def _said(verdict: Verdict) -> dict[str, Any]:
    return {
        "policy": verdict.policy,
        "title": verdict.title,
        "object": str(verdict.key),
        "path": verdict.path,
        "message": verdict.message,
        "remediation": verdict.remediation,
        "severity": verdict.severity,
        "fix": list(verdict.fix),
    }


def _identity(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.policy, verdict.rule, verdict.key, verdict.path


def _by_team(
    found_instances: Iterable[dict[str, Any]], found_changes: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Who would have to act, those with the most instances first."""
    live = Counter(row["team"] for row in found_instances)
    asked = Counter(row["team"] for row in found_changes)
    teams = sorted({*live, *asked}, key=lambda team: (-live[team], -asked[team], team))
    return [{"team": team, "instances": live[team], "changes": asked[team]} for team in teams]
