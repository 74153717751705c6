"""What a promotion carries: the release's plan and values, but for what may differ from stage to stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.core.errors import ValidationFailed
from portal.lifecycle.models import Release
from services_catalog import overlays
from services_catalog.models import Plan


def plan_for(release: Release, wanted: str | None, current: Release | None) -> Plan | None:
    """The plan that is `wanted`, else the one that the target runs with, else that of the release.

    `current` is what the target runs. Raises ValidationFailed, naming the plans there are.
    """
    plans = {plan.slug: plan for plan in release.offering_version.plans.all()}
    if wanted:
        if wanted not in plans:
            said = f"There is no plan {str(wanted)[:40]!r}. Plans: {', '.join(plans)}."
            raise ValidationFailed.at("/plan", said, "unknown")
        return plans[wanted]
    kept = current.plan.slug if current and current.plan else ""
    return plans.get(kept, release.plan)


def inputs_for(release: Release, given: Mapping[str, Any], current: Release | None) -> dict[str, Any]:
    """The release's inputs with the target's overlays. Raises ValidationFailed with paths below /values."""
    previous = current.inputs if current else None
    try:
        return overlays.carried(release.inputs, release.offering_version.overlays, given, previous)
    except ValidationFailed as exc:
        errors = [{**error, "path": "/values" + error["path"]} for error in exc.errors]
        raise ValidationFailed(errors) from exc
