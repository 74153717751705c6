"""Helm's records of releases, held against the rollouts that should have made them.

A record is a Secret; its labels name release and revision, so nothing of its content is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from portal.clusters.metadata import Metadata
from portal.clusters.types import Document
from portal.core import clock
from portal.core.objects import ObjectKey, key_of
from portal.environments.models import Environment
from portal.lifecycle.models import Application, Bypass, Rollout, ServiceInstance
from portal.lifecycle.operations.field_writers import moment
from portal.lifecycle.operations.sightings import Sighting

# how far the clocks of portal and cluster may be apart, and Helm's record from our noting it
SKEW = timedelta(seconds=5)
# {(namespace, release): {revision: record}}
Records = dict[tuple[str, str], dict[int, Document]]


def strange(
    metadata: Metadata,
    environment: Environment,
    application: Application,
    instances: Sequence[ServiceInstance],
) -> Iterator[Sighting]:
    """Records that no rollout made, records of what is no instance, and records that are gone."""
    records = _records(metadata, application.namespace_in(environment), instances)
    rollouts = _rollouts(instances)
    known = {(one.target.namespace, one.target.release): one for one in instances}
    for where, found in records.items():
        instance = known.get(where)
        for revision, document in sorted(found.items()):
            if instance is None:
                yield _sighting(document, None, Bypass.How.FOREIGN_RELEASE)
            elif not _ours(revision, document, rollouts[instance.pk]):
                yield _sighting(document, instance, Bypass.How.HELM_REVISION)
    for where, instance in known.items():
        gone = _gone(instance, records.get(where, {}), rollouts[instance.pk])
        if gone is not None:
            yield gone


def _records(metadata: Metadata, namespace: str, instances: Iterable[ServiceInstance]) -> Records:
    """All of the namespace; of those kept elsewhere only our own instances'."""
    labels = [(namespace, {"owner": "helm"})]
    labels += [
        (each.target.namespace, {"owner": "helm", "name": each.target.release})
        for each in instances
        if each.target.namespace != namespace
    ]
    found: Records = defaultdict(dict)
    for place, wanted in labels:
        for document in metadata.listed("v1", "Secret", place, wanted):
            marks = document["metadata"].get("labels") or {}
            if str(marks.get("version", "")).isdigit():
                found[place, str(marks.get("name", ""))][int(marks["version"])] = document
    return found


def _rollouts(instances: Iterable[ServiceInstance]) -> dict[int, list[Rollout]]:
    """Read after the records, so that what was just recorded is known."""
    found: dict[int, list[Rollout]] = defaultdict(list)
    rows = Rollout.objects.filter(change__instance__in=[each.pk for each in instances])
    for rollout in rows.select_related("change").order_by("id"):
        found[rollout.change.instance_id or 0].append(rollout)
    return found


def _ours(revision: int, document: Mapping[str, Any], rollouts: Iterable[Rollout]) -> bool:
    created = moment(str(document["metadata"].get("creationTimestamp") or ""))
    return any(_made_by(rollout, revision, created) for rollout in rollouts)


def _made_by(rollout: Rollout, revision: int, created: datetime | None) -> bool:
    """The rollout says so; or it was at work when the record was made, and either never came to say which
    revision it made, or had to clear up with earlier ones first."""
    if rollout.helm_revision is not None and revision >= rollout.helm_revision:
        return rollout.helm_revision == revision
    if created is None:
        return False
    return rollout.started_at - SKEW <= created <= (rollout.finished_at or clock.now()) + SKEW


def _gone(
    instance: ServiceInstance, found: Mapping[int, Document], rollouts: Sequence[Rollout]
) -> Sighting | None:
    """The newest record that we made, when neither it nor a later one is there: Helm keeps the newest."""
    last = rollouts[-1] if rollouts else None
    if last is None or last.outcome != Rollout.Outcome.SUCCEEDED or last.helm_revision is None:
        return None
    revision = last.helm_revision
    if any(each >= revision for each in found):
        return None
    target = instance.target
    key = ObjectKey("v1", "Secret", target.namespace, f"sh.helm.release.v1.{target.release}.v{revision}")
    return Sighting(instance, key, Bypass.How.HELM_REVISION, "", "Delete", str(revision))


def _sighting(document: Document, instance: ServiceInstance | None, how: Bypass.How) -> Sighting:
    metadata = document["metadata"]
    managers = [str(entry.get("manager") or "") for entry in metadata.get("managedFields") or ()]
    created = str(metadata.get("creationTimestamp") or "")
    marks = metadata.get("labels") or {}
    said = f"release {marks.get('name')}, revision {marks.get('version')}"
    return Sighting(
        instance,
        key_of(document),
        how,
        (managers[0] if managers else "")[:128],
        "Create",
        created,
        said,
        moment(created),
    )
