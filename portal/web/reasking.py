"""Asking for another change than the one that waits: the form starts with what was asked."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core import pointers
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, Path
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import superseding
from portal.lifecycle.states import ChangeKind
from portal.web.sheet import Sheet, pick_plan, pick_version
from services_catalog.models import OfferingVersion
from services_catalog.values import secret_paths


def address(change: ChangeRequest) -> str:
    """Where the request for a waiting change can be changed; "" where it cannot."""
    if not superseding.may_be_superseded(change) or change.release is None:
        return ""
    if change.kind == ChangeKind.CREATE:
        return f"{reverse('web:catalog-request', args=[change.offering.slug])}?change={change.pk}"
    if change.kind in (ChangeKind.UPDATE, ChangeKind.UPGRADE):
        return f"{reverse(f'web:instances-{change.kind}', args=[change.instance_id])}?change={change.pk}"
    if change.kind == ChangeKind.PROMOTE and change.release.promoted_from:
        origin = change.release.promoted_from.instance_id
        return reverse("web:instances-promote", args=[origin, change.environment.slug])
    return ""


def earlier(user: User, data: QueryDict) -> ChangeRequest | None:
    """The waiting change that `?change=` names, where `user` may ask for another in its place."""
    number = data.get("change", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        return None
    rows = ChangeRequest.objects.visible_to(user).select_related(
        "application", "environment", "offering", "release__offering_version", "release__plan"
    )
    change = rows.filter(pk=int(number)).exclude(release=None).first()
    if change is None or not superseding.may_be_superseded(change):
        return None
    return change if user.access.may(Verb.REQUEST, change.team_id) else None


def about(change: ChangeRequest) -> dict[str, str]:
    """Where and under which name it was asked for."""
    return {
        "application": change.application.slug,
        "environment": change.environment.slug,
        "name": change.name,
    }


def sheet(
    change: ChangeRequest, versions: Sequence[OfferingVersion], saved: Mapping[str, Any] | None
) -> Sheet:
    """What was asked, to be changed. `saved` is what the running release was given."""
    release = change.release
    if release is None:
        raise ValueError("a change without a release has no values to ask for again")
    version = pick_version(versions, release.offering_version.version)
    plan = pick_plan(version, release.plan.slug if release.plan else None)
    return Sheet(version, plan, values=_shown(version, release.inputs, saved), saved=saved)


def _shown(
    version: OfferingVersion, inputs: Mapping[str, Any], saved: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Without secrets, but for those that run already, which are masked: one that only waits would be lost
    under a mask that stands for another."""
    values = copy.deepcopy(dict(inputs))
    for path in secret_paths(version.values_schema, values):
        known = pointers.get(saved, path) if saved is not None else ABSENT
        if known is not ABSENT and known == pointers.get(values, path):
            pointers.put(values, path, MASK)
        else:
            _drop(values, path)
    return values


def _drop(values: dict[str, Any], path: Path) -> None:
    parent = pointers.get(values, path[:-1])
    if isinstance(parent, dict):
        parent.pop(path[-1], None)
