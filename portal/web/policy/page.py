"""What the page of one policy shows. Only the open tab is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.core.errors import NotFound
from portal.lifecycle.models import PolicyException
from portal.lifecycle.selectors import exceptions, policies
from portal.lifecycle.selectors.policies import Entry
from portal.policy import sla
from portal.web.access import SignedIn
from portal.web.paging import page_of

TABS = {
    "overview": "Overview",
    "violations": "Violations",
    "exceptions": "Exceptions",
    "examples": "Examples",
    "source": "Source",
    "history": "History",
}


def entry_of(user: User, name: str) -> Entry:
    """The policy as this person sees it. Raises NotFound."""
    entry = policies.entry(user, name)
    if entry is None:
        raise NotFound
    return entry


def context(request: SignedIn, entry: Entry) -> dict[str, Any]:
    tab = request.GET.get("tab", "overview")
    tab = tab if tab in TABS else "overview"
    counts = {"violations": entry.violations + entry.waived, "exceptions": entry.exceptions}
    return {
        "entry": entry,
        "policy": entry.policy,
        "notes": entry.policy.metadata,
        "tab": tab,
        "tabs": [(name, label, counts.get(name, 0)) for name, label in TABS.items()],
        "sla": sla.in_words(sla.time_to_remedy(entry.policy.metadata)),
        "may_curate": request.user.access.may(Verb.CURATE),
        **_tab(tab, request, entry.policy.name, entry),
    }


def _tab(tab: str, request: SignedIn, name: str, entry: Entry) -> Mapping[str, Any]:
    if tab == "violations":
        return {"page": page_of(policies.violations(request.user, name), request)}
    if tab == "exceptions":
        return {"page": page_of(exceptions_from(request.user, name), request)}
    if tab == "examples":
        return {"examples": policies.examples(name)}
    if tab == "source":
        return {"documents": [entry.policy.document, *(binding.document for binding in entry.bindings)]}
    if tab == "history":
        return {"page": page_of(history(request.user, name), request)}
    return {}


def exceptions_from(user: User, name: str) -> QuerySet[PolicyException]:
    return exceptions.listed(user).filter(policy=name)


def history(user: User, name: str) -> QuerySet[AuditEvent]:
    """Changes of its modes, the newest first; only those who read the whole trail see what others did."""
    rows = AuditEvent.objects.visible_to(user).filter(action="policy.mode_changed", after__policy=name)
    return rows.select_related("team").order_by("-at", "-id")
