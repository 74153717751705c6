"""Putting an imported version on offer, and taking it away again."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.clusters.types import Capabilities
from portal.core.digests import digest_of
from portal.core.errors import StateConflict
from services_catalog import reproducibility
from services_catalog.imports import declarations, trials
from services_catalog.imports.errors import NotPublishable
from services_catalog.imports.policies import Policies
from services_catalog.imports.publishing import check_publishable, usable_chart
from services_catalog.models import Lifecycle, OfferingVersion, SourceVersion, VersionStatus

# How an imported version may move; services_catalog.deprecations says since when one is deprecated.
MOVES: Mapping[str, frozenset[str]] = {
    VersionStatus.DRAFT: frozenset({VersionStatus.ACTIVE}),
    VersionStatus.ACTIVE: frozenset({VersionStatus.DEPRECATED, VersionStatus.RETIRED}),
    VersionStatus.DEPRECATED: frozenset({VersionStatus.ACTIVE, VersionStatus.RETIRED}),
    VersionStatus.RETIRED: frozenset(),
}


def activate(
    version: OfferingVersion,
    *,
    actor: User,
    policies: Policies,
    capabilities: Capabilities | None = None,
) -> None:
    """Put a draft on offer. Every plan is tried first, so never inside of a transaction.

    Raises NotPermitted, StateConflict (also when it was declared anew meanwhile), ValidationFailed when its
    declaration does not fit its chart, NotPublishable with each reason: it renders differently each time, a
    plan does not render, its objects go beyond a team's namespace, policy refuses it with the usual plan.
    """
    require(actor, Verb.CURATE)
    row = imported(version)
    _check_move(version, VersionStatus.ACTIVE)
    chart = usable_chart(row)
    check_publishable(row, chart)
    document = declarations.of_version(version)
    declared = declarations.read(document, chart)
    found = trials.faults(declared, declared.versions[0], policies, capabilities)
    if found:
        raise NotPublishable(f"{version} cannot be put on offer.", found)
    examined = reproducibility.examine(declared, declared.versions[0]).as_dict()
    with transaction.atomic():
        fresh = OfferingVersion.objects.select_for_update().get(pk=version.pk)
        if digest_of(declarations.of_version(fresh)) != digest_of(document):
            raise StateConflict("It was declared anew meanwhile. Look at it as it is now, then activate it.")
        _move(version, VersionStatus.ACTIVE, reproducibility=examined)
        if fresh.offering.lifecycle == Lifecycle.RETIRED:
            raise StateConflict(f"{fresh.offering} is retired, so nothing of it can be requested.")
        record("version.activated", version, actor=actor, before={"status": "draft"}, after=_facts(version))


def retire(version: OfferingVersion, *, actor: User, comment: str = "") -> None:
    """Take it off for good. What runs keeps running; nothing is changed to it any more.

    Raises NotPermitted, StateConflict.
    """
    require(actor, Verb.CURATE)
    imported(version)
    _check_move(version, VersionStatus.RETIRED)
    before = {"status": version.status}
    with transaction.atomic():
        _move(version, VersionStatus.RETIRED)
        record("version.retired", version, actor=actor, before=before, after=_facts(version), comment=comment)


def discard(version: OfferingVersion, *, actor: User) -> None:
    """Throw a draft away: its chart is as before it was published. Raises NotPermitted, StateConflict."""
    require(actor, Verb.CURATE)
    row = imported(version)
    with transaction.atomic():
        fresh = OfferingVersion.objects.select_for_update().select_related("offering").get(pk=version.pk)
        if fresh.status != VersionStatus.DRAFT:
            raise StateConflict(f"{fresh} is {fresh.status}; only a draft can be thrown away.")
        record("version.discarded", fresh, actor=actor, before=_facts(fresh))
        SourceVersion.objects.filter(pk=row.pk).update(offering_version=None)
        offering = fresh.offering
        fresh.delete()
        if not offering.versions.exists():
            offering.delete()


def imported(version: OfferingVersion) -> SourceVersion:
    """What it was made of. Raises StateConflict for one whose file in the library decides."""
    row = (
        SourceVersion.objects.filter(offering_version=version.pk).select_related("archive", "source").first()
    )
    if row is None:
        raise StateConflict(f"{version} comes from the library's files; its file says what it is.")
    return row


def _check_move(version: OfferingVersion, wanted: VersionStatus) -> None:
    if wanted not in MOVES[version.status]:
        raise StateConflict(f"{version} is {version.status}, so it cannot become {wanted}.")


def _move(version: OfferingVersion, wanted: VersionStatus, **values: object) -> None:
    """Compare and swap: nobody else has moved it since it was read."""
    rows = OfferingVersion.objects.filter(pk=version.pk, status=version.status)
    if not rows.update(status=wanted, **values):
        raise StateConflict
    version.refresh_from_db()


def _facts(version: OfferingVersion) -> dict[str, str]:
    return {"status": version.status, "offering": version.offering.slug, "digest": version.chart_id}
