"""Looking before asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.core.errors import ValidationFailed
from portal.lifecycle.operations.drafting import Draft, draft
from portal.lifecycle.operations.wish import Wish
from services_catalog import values as catalog_values
from services_catalog.models import OfferingVersion, Plan
from services_catalog.schemas import CONTEXT_NAMES

# stands for what the portal fills in, while it is not known yet where something will live
SOMEWHERE = dict.fromkeys(CONTEXT_NAMES, "somewhere")


def preview(wish: Wish) -> Draft:
    """What `wish` would do: values, objects, verdicts, diff, quota, price. Writes nothing."""
    return draft(wish)


def errors_of_values(
    version: OfferingVersion,
    plan: Plan | None,
    values: Mapping[str, Any],
    previous: Mapping[str, Any] | None = None,
) -> list[dict[str, str]]:
    """What is wrong with `values` wherever they are asked for: said even where no wish can be made yet."""
    try:
        catalog_values.compose(version, plan, values, SOMEWHERE, previous=previous)
    except ValidationFailed as exc:
        return [{**error, "path": "/values" + error["path"]} for error in exc.errors]
    return []
