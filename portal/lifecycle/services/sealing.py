"""A draft becomes an immutable release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Max

from portal.lifecycle.models import Release, ServiceInstance
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.operations.quota import to_json
from portal.lifecycle.operations.seals import target_of
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.services.pools.claiming import claim
from portal.lifecycle.states import ChangeKind

MOST_PLACES = 50


def seal(draft: Draft, instance: ServiceInstance) -> Release | None:
    """The draft as the next release of `instance`; nothing for a retirement. Belongs into a transaction.

    Raises QuotaExceeded when others have taken the rest of the team's pool since the draft was made.
    """
    wish = draft.wish
    if wish.kind == ChangeKind.RETIRE or wish.version is None:
        return None
    number = (instance.releases.aggregate(n=Max("number"))["n"] or 0) + 1
    release = Release(
        instance=instance,
        number=number,
        offering_version=wish.version,
        plan=wish.plan,
        chart_id=wish.chart_id,
        inputs=draft.sealed_inputs,
        values=draft.sealed_values,
        masked_values=draft.masked_values,
        objects_digest=draft.objects_digest,
        policy_digest=draft.policy_digest,
        target=target_of(wish.environment, namespace=wish.target.namespace, release=wish.target.release),
        images=draft.images,
        objects_masked=draft.objects,
        usage=to_json(draft.usage),
        verdicts=[verdict.as_dict() for verdict in draft.verdicts],
        exceptions=list(draft.judgement.exceptions),
        promoted_from=wish.source if wish.kind == ChangeKind.PROMOTE else None,
        created_by=wish.actor,
    )
    release.save()
    claim(release, wish)
    return release


def asked(wish: Wish, release: Release | None) -> dict[str, Any] | None:
    """What the audit trail says of a request: its release, and of a remedy what it is for."""
    sealed = facts(release)
    if wish.cure is None:
        return sealed
    places = [_named(item) for item in wish.cure.items]
    return {
        **(sealed or {}),
        "remedy": str(wish.cure.does),
        "of": places[:MOST_PLACES],
        "places": len(places),
    }


def _named(item: Mapping[str, Any]) -> str:
    return f"{item['object']['kind']}/{item['object']['name']} {item['path']}".rstrip()


def facts(release: Release | None) -> dict[str, Any] | None:
    """What the audit trail says of a release."""
    if release is None:
        return None
    return {
        "release": release.digest,
        "version": release.offering_version.version,
        "plan": release.plan.slug if release.plan else None,
        "values": release.masked_values,
    }
