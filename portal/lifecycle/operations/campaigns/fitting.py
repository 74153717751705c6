"""Whether an upgrade would work out for one instance, in what a campaign keeps of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from portal.core.errors import SlipwayError, ValidationFailed
from portal.lifecycle.operations.drafting import Draft, draft
from portal.lifecycle.operations.wish import Wish

MOST_NAMED = 20


def examine(wish: Wish) -> dict[str, Any]:
    """What the upgrade would do; runs helm. Says rather than raises what stands in its way."""
    try:
        return of_draft(draft(wish))
    except SlipwayError as error:
        return of_error(error)


def of_draft(found: Draft) -> dict[str, Any]:
    denied = sorted({verdict.title or verdict.policy for verdict in found.verdicts if verdict.blocks})
    changes = Counter(each.change for each in found.diff)
    over = [line.resource for line in found.quota_exceeded]
    fit = {
        "fits": found.allowed and not over,
        "errors": _errors([*found.errors, *({"path": "", "message": each} for each in found.problems)]),
        "denied": denied[:MOST_NAMED],
        "warned": found.warned,
        "over_quota": over,
        "objects": {kind: changes[kind] for kind in ("changed", "added", "removed")},
        "cents": [found.price_before_cents, found.price_cents],
    }
    return {**fit, "said": said(fit)}


def of_error(error: SlipwayError) -> dict[str, Any]:
    """As of a draft, where there is none."""
    errors = error.errors if isinstance(error, ValidationFailed) else [{"path": "", "message": error.message}]
    fit: dict[str, Any] = {
        "fits": False,
        "errors": _errors(errors),
        "denied": [],
        "warned": 0,
        "over_quota": [],
        "objects": {},
        "cents": [],
    }
    return {**fit, "said": said(fit)}


def said(fit: Mapping[str, Any]) -> str:
    """In one sentence, why it does not fit; "" when it does."""
    parts = [f"{each['path']}: {each['message']}".removeprefix(": ") for each in fit["errors"][:3]]
    if len(fit["errors"]) > 3:
        parts.append(f"and {len(fit['errors']) - 3} more values.")
    if fit["denied"]:
        parts.append(f"Policy refuses it: {', '.join(fit['denied'][:3])}.")
    if fit["over_quota"]:
        parts.append(f"The quota has no room: {', '.join(fit['over_quota'])}.")
    return " ".join(parts)[:500]


def _errors(errors: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Values that no longer fit are named by their path; what they hold is not repeated."""
    found = [{"path": each["path"], "message": each["message"]} for each in errors]
    return found[:MOST_NAMED]
