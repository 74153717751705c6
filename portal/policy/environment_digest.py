"""One digest over all that the policies say in one environment, whatever they say elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from portal.core.digests import digest_of
from portal.policy.bundle import Bundle
from portal.policy.documents import Binding
from portal.policy.types import ENVIRONMENT_LABEL


@lru_cache(maxsize=64)
def digest_in(bundle: Bundle, environment: str) -> str:
    """Changes with every policy, param and mode that counts in `environment` (a slug), and with none that
    counts in other environments alone."""
    here = [
        {"policy": policy.document, "bindings": sorted(digest_of(_content(binding)) for binding in bindings)}
        for policy, bindings in (
            (policy, [each for each in bound if _counts(each, environment)]) for policy, bound in bundle.bound
        )
        if bindings
    ]
    return digest_of(sorted(map(digest_of, [*here, *bundle.params])))


def _counts(binding: Binding, environment: str) -> bool:
    labels = {ENVIRONMENT_LABEL: environment}
    return all(
        requirement.holds(labels)
        for requirement in binding.match.namespaces.requirements
        if requirement.key == ENVIRONMENT_LABEL
    )


def _content(binding: Binding) -> dict[str, Any]:
    """What the binding says here: without its name and without where else it counts."""
    spec = dict(binding.document["spec"])
    resources = dict(spec.get("matchResources") or {})
    selector: Mapping[str, Any] = resources.pop("namespaceSelector", None) or {}
    labels = {k: v for k, v in (selector.get("matchLabels") or {}).items() if k != ENVIRONMENT_LABEL}
    expressions = [e for e in selector.get("matchExpressions") or () if e.get("key") != ENVIRONMENT_LABEL]
    return {**spec, "matchResources": resources, "labels": labels, "expressions": expressions}
