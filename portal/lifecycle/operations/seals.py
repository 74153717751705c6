"""What runs is what was decided on: render again, compare, and name the ingredient that differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from portal.accounts.roles import Verb
from portal.core import clock
from portal.core.digests import digest_of
from portal.core.errors import SealBroken, SlipwayError
from portal.core.objects import key_of
from portal.lifecycle.models import ChangeRequest, PolicyException, Release, ServiceInstance
from portal.lifecycle.operations.rendering import render_release
from services_catalog.chart_cache import unpacked

CRD = "CustomResourceDefinition"


class AppliedDiffers(SlipwayError):
    """Helm rendered something else in the cluster than what was sealed (a chart that uses `lookup`, say)."""

    code = "applied_differs"
    default_message = "The chart rendered other objects in the cluster than those that were sealed."


def objects_digest(documents: Iterable[Mapping[str, Any]]) -> str:
    """One digest over rendered objects, whatever order they came in."""
    return digest_of(sorted(digest_of(document) for document in documents))


class Rendering:
    """A sealed release on its way of being rendered again, beside whatever else has to be done first."""

    def __init__(self, release: Release, *, instance: ServiceInstance) -> None:
        """Starts at once. Raises SealBroken when the stored release is not what was sealed."""
        if release.computed_digest() != release.digest:
            raise SealBroken("The stored release was altered after it was sealed, so nothing was applied.")
        self._release = release
        unpacked(release.chart_id)  # here, since the thread has no database connection
        self._rendered = _renderers.submit(render_release, release, instance=instance)

    def documents(self) -> tuple[dict[str, Any], ...]:
        """Wait for the documents. Raises SealBroken unless they are what was sealed, and ClusterError."""
        documents = self._rendered.result().documents
        if objects_digest(documents) != self._release.objects_digest:
            raise SealBroken(
                "The chart now renders other objects than were sealed, so nothing was applied. Ask again."
            )
        return documents


_renderers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="render")


def check_applied(applied: Iterable[Mapping[str, Any]], sealed: Iterable[Mapping[str, Any]]) -> None:
    """Raise AppliedDiffers unless helm recorded exactly the sealed objects (a chart's `crds/` are not
    recorded)."""
    recorded = {digest_of(document) for document in applied}
    wanted = {digest_of(document): document for document in sealed}
    lacking = [doc for digest, doc in wanted.items() if digest not in recorded and doc.get("kind") != CRD]
    if lacking or recorded - set(wanted):
        names = ", ".join(str(key_of(document)) for document in lacking[:5]) or "objects that were not sealed"
        raise AppliedDiffers(f"The chart rendered something else in the cluster than was sealed: {names}.")


def check_exceptions(release: Release | None) -> None:
    """Raise SealBroken unless every policy exception that the release relies on still counts now."""
    if release is None or not release.exceptions:
        return
    relied = set(release.exceptions)
    honoured = PolicyException.objects.honoured_at(clock.now()).filter(pk__in=relied)
    over = relied - set(honoured.values_list("pk", flat=True))
    if over:
        names = ", ".join(f"#{pk}" for pk in sorted(over))
        raise SealBroken(
            f"It relies on policy exceptions that count no longer ({names}), so nothing was applied. "
            "Remedy what they were for, or ask for new ones; then ask again."
        )


def check_gate(change: ChangeRequest) -> None:
    """Raise SealBroken unless enough people consented to exactly this release and may still decide."""
    if change.release is not None and change.release.digest != change.seal:
        raise SealBroken(
            "The change names another release than the one that was sealed, so nothing was applied."
        )
    gate = change.environment.gate
    if gate.is_open:
        return
    approvals = change.approvals.valid().exclude(actor__in=change.contributors).select_related("actor")
    approvers = {a.actor_id for a in approvals if a.actor.is_active and a.actor.access.may(Verb.DECIDE)}
    if not gate.satisfied_by(approvers):
        raise SealBroken(
            f"{change.environment} wants {gate.approvals_required} approval(s) of exactly this release, "
            f"and has {len(approvers)}. Nothing was applied."
        )
