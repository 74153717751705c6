"""A policy with its bindings, as the API shows it."""

from __future__ import annotations

from typing import Any

from portal.policy.documents import Binding, Policy


def row(policy: Policy, bindings: tuple[Binding, ...]) -> dict[str, Any]:
    expressions = [
        str(rule.get("expression", "")) for rule in policy.document["spec"].get("validations") or []
    ]
    return {
        "name": policy.name,
        **vars(policy.metadata),
        "fails_open": policy.fails_open,
        "rules": [
            {
                "index": validation.index,
                "expression": expressions[validation.index],
                "message": validation.message,
                "reason": validation.reason,
            }
            for validation in policy.validations
        ],
        "bindings": [
            {
                "name": binding.name,
                "actions": list(binding.actions),
                "match_resources": binding.document["spec"].get("matchResources") or {},
            }
            for binding in bindings
        ],
        "document": policy.document,
    }
