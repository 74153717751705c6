"""Reading the policies as they are in force, with what they find in what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from django.conf import settings
from django.db.models import Case, Count, QuerySet, When

from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import NotFound
from portal.environments.models import Environment, PolicyMode
from portal.lifecycle.models import PolicyException, Violation
from portal.lifecycle.selectors import bundle
from portal.policy.bundle import EXAMPLES, Loader
from portal.policy.documents import Binding, Policy
from portal.policy.modes import Mode, mode_in

FINDINGS = ("deny", "error", "warn", "audit")


@dataclass(frozen=True)
class EnvironmentMode:
    """How a policy acts in one environment; `chosen` is set where people chose it over the folder's
    bindings."""

    environment: Environment
    mode: Mode
    chosen: PolicyMode | None = None


@dataclass
class Entry:
    """One policy of the library, as one person sees it."""

    policy: Policy
    bindings: Sequence[Binding]
    modes: list[EnvironmentMode]
    violations: int = 0
    waived: int = 0
    exceptions: int = 0


@dataclass(frozen=True)
class Example:
    """An example that lies beside the policies. `good` ones pass."""

    name: str
    good: bool
    text: str
    documents: list[Any] = field(default_factory=list)


def library(
    user: User, *, search: str = "", category: str = "", severity: str = "", mode: str = ""
) -> list[Entry]:
    """Every policy in force or off, with counts of what this person may see; a constant number of queries.

    `mode` is one that a policy has in at least one environment.
    """
    environments = list(Environment.objects.all())
    chosen = {
        (row.policy, row.environment_id): row
        for row in PolicyMode.objects.select_related("set_by", "environment")
    }
    found = _counts(Violation.objects.visible_to(user).exclude(outcome="waived"))
    waived = _counts(Violation.objects.visible_to(user).filter(outcome="waived"))
    excepted = _counts(PolicyException.objects.visible_to(user).honoured_at(clock.now()))
    entries = (
        Entry(
            policy=policy,
            bindings=bindings,
            modes=[
                EnvironmentMode(
                    environment,
                    mode_in(bindings, environment.namespace_labels()),
                    chosen.get((policy.name, environment.pk)),
                )
                for environment in environments
            ],
            violations=found.get(policy.name, 0),
            waived=waived.get(policy.name, 0),
            exceptions=excepted.get(policy.name, 0),
        )
        for policy, bindings in bundle.current().bound
        if _matches(policy, search)
        and category.casefold() in ("", policy.metadata.category.casefold())
        and severity in ("", policy.metadata.severity)
    )
    return [each for each in entries if not mode or mode in {own.mode for own in each.modes}]


def named(words: str) -> list[Policy]:
    """Policies with these words in what is said of them, those with them in name or title first."""
    found = [policy for policy in bundle.current().policies if _matches(policy, words)]
    return sorted(found, key=lambda policy: not _is_in(words, f"{policy.name} {policy.metadata.title}"))


def entry(user: User, name: str) -> Entry | None:
    return next((each for each in library(user) if each.policy.name == name), None)


def check_known(name: str) -> None:
    """Raises NotFound."""
    if all(policy.name != name for policy in bundle.current().policies):
        raise NotFound(f"There is no policy {name[:100]!r}.")


def environment_mode(policy: str, environment: Environment, mode: Mode) -> EnvironmentMode:
    """The mode in force, with who chose it."""
    chosen = PolicyMode.objects.filter(policy=policy, environment=environment).select_related("set_by")
    return EnvironmentMode(environment, mode, chosen.first())


def violations(user: User, policy: str) -> QuerySet[Violation]:
    """What the last scans found of it, the most urgent first, waived ones last."""
    rows = Violation.objects.visible_to(user).for_lists().filter(policy=policy)
    waived = Case(When(outcome=Violation.Outcome.WAIVED, then=1), default=0)
    return rows.order_by(waived, "due_at", "pk")


def examples(policy: str) -> list[Example]:
    """The examples beside the policies, the good ones first; [] where the folder has none."""
    folder = settings.SLIPWAY_POLICY_DIR / EXAMPLES / policy
    found = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        text = path.read_text(encoding="utf-8")
        documents = list(yaml.load_all(text, Loader=Loader))
        found.append(Example(path.stem, path.stem.startswith("good-"), text, documents))
    return sorted(found, key=lambda example: (not example.good, example.name))


def _counts(rows: Any) -> dict[str, int]:
    return dict(rows.order_by().values("policy").annotate(n=Count("pk")).values_list("policy", "n"))


def _matches(policy: Policy, search: str) -> bool:
    notes = policy.metadata
    text = " ".join(
        (policy.name, notes.title, notes.category, notes.severity, notes.rationale, *notes.standards)
    )
    return _is_in(search, text)


def _is_in(words: str, text: str) -> bool:
    return all(word in text.lower() for word in words.lower().split())
