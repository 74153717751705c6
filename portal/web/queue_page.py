"""What waits for decisions and reviews: lists, filters, and what is known of each row without opening it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from portal.core import clock
from portal.insights import gates
from portal.lifecycle.models import ChangeComment, ChangeRequest, Evidence, HealthSpan
from portal.lifecycle.selectors import evidence
from portal.lifecycle.selectors import queue as selectors
from portal.lifecycle.selectors.evidence import KINDS
from portal.lifecycle.services.queue import Bulk
from portal.lifecycle.states import Health
from portal.web.access import SignedIn
from portal.web.decision import risk
from portal.web.forms.decision import BulkForm
from portal.web.forms.filters import QueueFilter
from portal.web.paging import page_of

TABS = (("mine", "Waits for me"), ("all", "All waiting"), ("review", "To review"), ("report", "Report"))


@dataclass(frozen=True)
class Row:
    """One waiting change. `known` is a meaning, a word and what is behind it, of its evidence."""

    change: ChangeRequest
    risk: risk.Risk
    known: tuple[str, str, str]
    wishes: int = 0

    @property
    def value(self) -> str:
        """How it is chosen: with the digest on screen, so that what was sealed anew stays untouched."""
        return f"{self.change.pk}:{self.change.seal}"


def context(request: SignedIn, form: BulkForm | None = None) -> dict[str, Any]:
    user, tab = request.user, request.GET.get("tab", "mine")
    tab = tab if tab in dict(TABS) else "mine"
    reviews = selectors.unreviewed_for(user)
    shown: dict[str, Any] = {
        "tab": tab,
        "tabs": [(name, label, reviews.count() if name == "review" else 0) for name, label in TABS],
        "form": form or BulkForm(),
        "chosen": set(form.data.getlist("rows")) if form else set(),  # type: ignore[attr-defined]
    }
    if tab == "review":
        return {**shown, "page": page_of(reviews, request)}
    if tab == "report":
        return {**shown, "report": gates.report()}
    waiting = selectors.waiting_for(user) if tab == "mine" else all_waiting(user)
    found = QueueFilter(request.GET, queryset=waiting, request=request)
    page = page_of(found.qs, request)
    return {**shown, "filter": found, "page": page, "rows": rows(page.object_list)}


def all_waiting(user: Any) -> QuerySet[ChangeRequest]:
    """Also what others decide: riskiest first, then oldest."""
    rows = ChangeRequest.objects.visible_to(user).for_lists().awaiting_approval()
    return rows.order_by("-risk", "created_at", "id")


def rows(changes: Iterable[ChangeRequest]) -> list[Row]:
    """With their evidence, in three queries for any number of them."""
    found = list(changes)
    gathered: dict[int, list[Evidence]] = {}
    for each in Evidence.objects.filter(change__in=found).defer("detail"):
        gathered.setdefault(each.change_id, []).append(each)
    wishes: dict[int, int] = {}
    for pk in ChangeComment.objects.standing().filter(change__in=found).values_list("change", flat=True):
        wishes[pk] = wishes.get(pk, 0) + 1
    since = _healthy_since(found)
    return [
        Row(
            change,
            risk.of(change.risk, change.risk_reasons),
            _known(change, gathered.get(change.pk, []), since),
            wishes.get(change.pk, 0),
        )
        for change in found
    ]


def said(bulk: Bulk, *, closed: bool) -> tuple[str, str]:
    """What came of it in words, and under which meaning."""
    words = f"{len(bulk.done)} {'closed as overtaken' if closed else 'rejected'}."
    for late in bulk.late[:5]:
        words += f" #{late.id} was left as it is: {late.why}"
    return words, "waiting" if bulk.late else "ready"


def _healthy_since(changes: Sequence[ChangeRequest]) -> dict[int, Any]:
    """Since when releases that are promoted have been ready where they come from, by their id."""
    sources = {change.release.promoted_from_id for change in changes if change.release}
    spans = HealthSpan.objects.filter(release__in=sources - {None}, ended_at=None, health=Health.READY)
    return dict(spans.values_list("release", "began_at"))


def _known(change: ChangeRequest, rows: list[Evidence], since: dict[int, Any]) -> tuple[str, str, str]:
    """As the gate would see it, the gravest first."""
    wanted, now = change.environment.required_evidence, clock.now()
    found = {row.kind: row for row in rows}
    against = [kind for kind in wanted if kind in found and found[kind].status == "bad"]
    unknown = [kind for kind in wanted if kind in found and found[kind].status == "unknown"]
    missing = [kind for kind in wanted if kind not in found]
    stale = [kind for kind in wanted if kind in found and evidence.is_stale(found[kind], change, now)]
    if change.emergency:
        return "wrong", "Policy refuses it", "only an emergency passes it"
    if against:
        return "wrong", "Speaks against it", _labels(against)
    if unknown:
        return "waiting", "Not known", _labels(unknown)
    if missing:
        return "waiting", "Missing", _labels(missing)
    if stale:
        return "waiting", "Stale", _labels(stale)
    minimum = timedelta(minutes=change.environment.minimum_soak_minutes)
    source = change.release.promoted_from_id if change.release else None
    if minimum and source and not (source in since and now - since[source] >= minimum):
        return "waiting", "Soaking", "not healthy for long enough in the stage before"
    return ("ready", "Ready", "all that the gate wants is there") if wanted else ("quiet", "None wanted", "")


def _labels(kinds: Iterable[str]) -> str:
    return ", ".join(KINDS.get(kind, kind).lower() for kind in kinds)
