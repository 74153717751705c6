"""A policy with its bindings, modes and what it finds, as the API shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.lifecycle.selectors.policies import Entry, EnvironmentMode, Example
from portal.policy.documents import Binding, Policy
from portal.policy.sla import time_to_remedy

TEXTS = ("title", "category", "severity", "rationale", "remediation", "docs", "standards")


def row(entry: Entry) -> dict[str, Any]:
    policy = entry.policy
    return {
        "name": policy.name,
        **{name: getattr(policy.metadata, name) for name in TEXTS},
        "sla": _time(time_to_remedy(policy.metadata)),
        "has_fix": policy.fix is not None,
        "file": policy.file,
        "fails_open": policy.fails_open,
        "cluster_only": policy.cluster_only,
        "modes": [mode_row(mode) for mode in entry.modes],
        "violations": entry.violations,
        "waived": entry.waived,
        "exceptions": entry.exceptions,
        "rules": _rules(policy),
        "bindings": [_binding(binding) for binding in entry.bindings],
    }


def detail(entry: Entry, examples: list[Example]) -> dict[str, Any]:
    return {**row(entry), "document": entry.policy.document, "examples": examples}


def mode_row(mode: EnvironmentMode) -> dict[str, Any]:
    chosen = mode.chosen
    return {
        "environment": mode.environment.slug,
        "mode": mode.mode,
        "chosen": chosen is not None,
        "reason": chosen.reason if chosen else "",
        "set_by": chosen.set_by.username if chosen else None,
        "set_at": chosen.set_at if chosen else None,
    }


def _rules(policy: Policy) -> list[dict[str, Any]]:
    validations = policy.document["spec"].get("validations") or []
    return [
        {
            "index": validation.index,
            "expression": str(validations[validation.index].get("expression", "")),
            "message": validation.message,
            "reason": validation.reason,
        }
        for validation in policy.validations
    ]


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "name": binding.name,
        "actions": list(binding.actions),
        "match_resources": binding.document["spec"].get("matchResources") or {},
    }


def _time(time: timedelta) -> str:
    """As the annotation has it: `7d`, `36h`."""
    hours = int(time.total_seconds()) // 3600
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"
