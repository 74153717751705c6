"""Finding what went around the gate: fields of other writers, and Helm revisions that no rollout made."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import transaction
from django.db.models import F, Q

from portal.audit.recording import record
from portal.clusters.errors import ClusterError
from portal.clusters.metadata import Metadata
from portal.clusters.types import Document
from portal.core import clock
from portal.core.objects import ObjectKey, key_of
from portal.environments.models import Environment
from portal.lifecycle.models import Application, Bypass, GuardState, ServiceInstance
from portal.lifecycle.operations import field_writers, helm_records, observation
from portal.lifecycle.operations.sightings import Sighting

log = structlog.get_logger(__name__)

# in one round: applications of all environments, and seconds
AT_ONCE = 60
SECONDS = 40.0
CONCURRENT = 8
HELM = {"app.kubernetes.io/managed-by": "Helm"}


def watch_oldest() -> int:
    """Look at the gated environments, those first that were looked at longest ago, as far as one round goes;
    the next goes on from there. Returns how many new bypasses were found."""
    end, left, found = time.monotonic() + SECONDS, AT_ONCE, 0
    concerned = Environment.objects.filter(
        Q(approvals_required__gt=0) | ~Q(guard=Environment.Guard.OFF)
    ).select_related("cluster")
    for environment in concerned.order_by(F("guard_state__looked_at").asc(nulls_first=True), "order"):
        if left <= 0 or time.monotonic() > end:
            break
        state, _ = GuardState.objects.get_or_create(environment=environment)
        applications = state.next_applications(left)
        found += _watch(environment, state, applications, complete=len(applications) < left, end=end)
        left -= len(applications)
    return found


def look(environment: Environment, application: Application) -> list[Sighting]:
    """What went around the gate in one namespace. Raises ClusterError."""
    instances = list(
        ServiceInstance.objects.alive()
        .filter(environment=environment, application=application)
        .select_related("current_release", "offering", "application", "environment")
    )
    metadata = Metadata(environment.cluster.connection)
    return [
        *_written(metadata, instances),
        *helm_records.strange(metadata, environment, application, instances),
    ]


def _watch(
    environment: Environment,
    state: GuardState,
    applications: list[Application],
    *,
    complete: bool,
    end: float,
) -> int:
    """Look at some applications; the cursor stays before those that there was no time for."""
    count, cursor, message = 0, state.cursor, ""
    try:
        for application in applications:
            if time.monotonic() > end:
                complete = False
                break
            # what cannot be looked at is passed over, and comes again in the next full round
            cursor = application.pk
            count += sum(_counted(environment, sighting) for sighting in look(environment, application))
    except ClusterError as exc:
        log.warning("gate_not_watched", environment=environment.slug, message=exc.message)
        message, complete = exc.message[:500], False
    now = clock.now()
    facts = {"looked_at": now, "message": message, "cursor": 0 if complete else cursor}
    if complete:
        facts["watched_at"] = now
    GuardState.objects.filter(pk=state.pk).update(**facts)
    return count


def _written(metadata: Metadata, instances: Iterable[ServiceInstance]) -> Iterator[Sighting]:
    """Sealed objects with fields that others wrote."""
    sealed: dict[ObjectKey, ServiceInstance] = {}
    for instance in instances:
        if instance.current_release is not None:
            documents = observation.namespaced(instance.current_release.objects_masked, instance)
            sealed |= {key_of(document): instance for document in documents}
    for document in _live(metadata, list(sealed)):
        key = key_of(document)
        for writing in field_writers.foreign(document.get("metadata") or {}):
            yield Sighting.of_writing(sealed[key], key, writing)


def _live(metadata: Metadata, keys: list[ObjectKey]) -> list[Document]:
    """The metadata of these objects: by kind where they still carry Helm's label, one by one where not."""
    kinds = sorted({(key.api_version, key.kind, key.namespace) for key in keys if key.namespace})
    with ThreadPoolExecutor(CONCURRENT) as pool:
        lists = pool.map(lambda kind: list(metadata.listed(kind[0], kind[1], kind[2], HELM)), kinds)
        listed = {key_of(document): document for documents in lists for document in documents}
        single = list(pool.map(metadata.of, [key for key in keys if key not in listed]))
    found = [listed[key] for key in keys if key in listed]
    return [*found, *(document for document in single if document is not None)]


@transaction.atomic
def _counted(environment: Environment, sighting: Sighting) -> bool:
    """Write it down, once."""
    row, new = Bypass.objects.get_or_create(
        environment=environment,
        **sighting.identity,
        defaults={
            "instance": sighting.instance,
            "fields": sighting.fields,
            "at": sighting.at,
            "seen_at": clock.now(),
        },
    )
    if new:
        team_id = sighting.instance.team_id if sighting.instance else None
        record("gate.bypassed", row, actor=None, team_id=team_id, after=_told(environment, row))
    return new


def _told(environment: Environment, row: Bypass) -> dict[str, str]:
    return {
        "environment": environment.slug,
        "guard": environment.guard,
        "object": f"{row.namespace}/{row.key}".lstrip("/"),
        "how": row.how,
        "manager": row.manager,
        "operation": row.operation,
        "fields": row.fields,
        "at": row.at.isoformat() if row.at else "",
    }
