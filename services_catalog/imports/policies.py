"""Which policies an imported chart is judged by, and in which environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.policy import Bundle, Judgement, UserInfo, load_bundle
from portal.policy.bundle import policy_files
from portal.policy.types import ENVIRONMENT_LABEL
from services_catalog.checks import ENVIRONMENTS

MOST = 100
MAX_MESSAGE = 400


@dataclass(frozen=True)
class Policies:
    """`environments` maps slugs to the labels of a team's namespaces there."""

    bundle: Bundle
    environments: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {slug: {ENVIRONMENT_LABEL: slug} for slug in ENVIRONMENTS}
    )

    def judge(self, documents: Sequence[Any], environment: str, namespace: str) -> Judgement:
        labels = {**self.environments[environment], "kubernetes.io/metadata.name": namespace}
        return self.bundle.judge(
            documents,
            operation="CREATE",
            namespace={
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": namespace, "labels": labels},
            },
            user=UserInfo(f"system:serviceaccount:{namespace}:slipway-deployer"),
        )


def of_the_folder() -> Policies:
    """The organisation's policies in their folder's own modes. Raises PolicyInvalid."""
    folder = Path(settings.SLIPWAY_POLICY_DIR)
    state = tuple((str(file), file.stat().st_mtime_ns) for file in policy_files(folder))
    return Policies(_load(folder, state))


@lru_cache(maxsize=1)
def _load(folder: Path, _state: tuple[tuple[str, int], ...]) -> Bundle:
    return load_bundle(folder)


def verdicts(documents: Sequence[Any], policies: Policies, namespace: str) -> dict[str, Any]:
    """Counts for each environment, and what did not pass: an entry a finding, its outcome by environment.

    What denies stands first; at most 100 findings are kept, `left_off` says how many more there were.
    """
    counts: dict[str, Any] = {}
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for environment in policies.environments:
        judgement = policies.judge(documents, environment, namespace)
        counts[environment] = {
            "passed": judgement.passed,
            "warned": judgement.warned,
            "denied": judgement.denied,
        }
        for verdict in judgement.verdicts:
            if verdict.outcome == "pass":
                continue
            entry = found.setdefault(
                (verdict.policy, str(verdict.key), verdict.message),
                {
                    "policy": verdict.policy,
                    "title": verdict.title,
                    "object": str(verdict.key),
                    "message": verdict.message[:MAX_MESSAGE],
                    "outcomes": {},
                },
            )
            entry["outcomes"][environment] = verdict.outcome
    ordered = sorted(found.values(), key=lambda each: not _denies(each))
    return {"counts": counts, "findings": ordered[:MOST], "left_off": max(0, len(ordered) - MOST)}


def _denies(finding: Mapping[str, Any]) -> bool:
    return any(outcome in ("deny", "error") for outcome in finding["outcomes"].values())
