"""What the pages of the audit trail show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse

from portal.accounts.roles import Verb
from portal.audit import exporting, passes
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, NotFound
from portal.web.access import SignedIn
from portal.web.forms.filters import AuditFilter
from portal.web.paging import bounded_page_of

MOST_LINES = 300
BESIDE = ("page", "as")


@dataclass(frozen=True)
class Line:
    """One value before and after; `change` is same, added, removed or changed."""

    path: str
    before: str
    after: str

    @property
    def change(self) -> str:
        if self.before == self.after:
            return "same"
        return "changed" if self.before and self.after else "added" if self.after else "removed"


def listing(request: SignedIn) -> dict[str, Any]:
    """The filtered list; for readers of the whole trail also how it stands."""
    found, reads_all = _filter(request), request.user.access.may(Verb.AUDIT)
    return {
        "filter": found,
        "page": bounded_page_of(found.qs, request),
        "narrowed": any(request.GET.get(name) for name in found.filters),
        "may_verify": reads_all,
        "standing": passes.standing() if reads_all else None,
    }


def _filter(request: SignedIn) -> AuditFilter:
    rows = AuditEvent.objects.visible_to(request.user).select_related("team")
    return AuditFilter(request.GET, queryset=rows, request=request)


def detail(request: SignedIn, pk: UUID) -> dict[str, Any]:
    """One record, and what else the same request led to. Raises NotFound."""
    visible = AuditEvent.objects.visible_to(request.user).select_related("team")
    event = visible.filter(pk=pk).first()
    if event is None:
        raise NotFound
    together = (
        visible.filter(request_id=event.request_id).exclude(pk=pk) if event.request_id else visible.none()
    )
    return {
        "event": event,
        "lines": beside(event.before, event.after),
        "together": together[:10],
        "intact": event.computed_digest() == event.digest,
    }


def download(request: SignedIn) -> StreamingHttpResponse:
    """What the list shows, as a file. Raises InvalidInput for a filter that makes no sense: all of the trail
    would be a wrong answer."""
    form = request.GET.get("as", "")
    found = _filter(request)
    if form not in exporting.FORMATS or not found.is_valid():
        raise InvalidInput("This export cannot be made. Go back to the list and choose again.")
    selection = {name: value for name, value in request.GET.items() if value and name not in BESIDE}
    complete = not selection and request.user.access.may(Verb.AUDIT)
    lines = exporting.export(found.qs, form, actor=request.user, selection=selection, complete=complete)
    return exporting.download(lines, form)


def beside(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Line]:
    """Every value by its path, those of before and after on one line."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    paths = [*old, *(path for path in new if path not in old)]
    return [Line(path, old.get(path, ""), new.get(path, "")) for path in paths[:MOST_LINES]]


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, dict) and value:
            yield from _flat(value, path)
        else:
            yield path, value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
