"""The policy library as a page: narrowed, by category, the gravest first."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.selectors import bundle, policies
from portal.lifecycle.selectors.policies import Entry
from portal.policy.types import SEVERITIES
from portal.web.access import SignedIn
from portal.web.forms.policies import PolicyFilter

UNSORTED = "Others"


@dataclass(frozen=True)
class Category:
    name: str
    entries: list[Entry]

    @property
    def anchor(self) -> str:
        return "category-" + "".join(c if c.isalnum() else "-" for c in self.name.lower())


def context(request: SignedIn) -> dict[str, Any]:
    current = bundle.current()
    names = sorted({policy.metadata.category for policy in current.policies} - {""})
    form = PolicyFilter(request.GET, categories=names)
    entries = [each for each in policies.library(request.user, **form.asked) if form.matches(each)]
    return {
        "form": form,
        "categories": by_category(entries),
        "count": len(entries),
        "total": len(current.policies),
        "environments": list(Environment.objects.all()),
        "digest": current.digest,
        "may_foresee": request.user.access.may(Verb.AUDIT),
    }


def by_category(entries: list[Entry]) -> list[Category]:
    """Categories by name, those without one last; in each the gravest first."""
    grouped: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        grouped[entry.policy.metadata.category or UNSORTED].append(entry)
    for found in grouped.values():
        found.sort(key=_order)
    names = sorted(grouped, key=lambda name: (name == UNSORTED, name))
    return [Category(name, grouped[name]) for name in names]


def counts_by_category() -> list[tuple[str, int]]:
    """How many policies each category has, for where they are only pointed to."""
    counts = Counter(policy.metadata.category for policy in bundle.current().policies)
    return sorted((name, count) for name, count in counts.items() if name)


def _order(entry: Entry) -> tuple[int, str]:
    notes = entry.policy.metadata
    return -SEVERITIES.index(notes.severity), notes.title.lower()
