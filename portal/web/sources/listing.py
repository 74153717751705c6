"""The list of sources, and one source with the charts that were found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpRequest

from portal.accounts.roles import Verb
from portal.core import clock
from portal.web.access import SignedIn
from portal.web.live import fingerprint
from portal.web.paging import page_of
from services_catalog.models import ChartSource, SourceVersion, SourceVersionState, VersionStatus

IMPORTED, REFUSED, GONE = SourceVersionState.IMPORTED, SourceVersionState.REFUSED, SourceVersionState.GONE
SHOWN = (("", "All"), (IMPORTED, "Imported"), (REFUSED, "Refused"), (GONE, "No longer offered"))


@dataclass(frozen=True)
class Standing:
    """How a source stands: `state` is one of meanings.SOURCE."""

    source: ChartSource
    state: str

    @property
    def moves(self) -> bool:
        return self.state in ("syncing", "due")

    @property
    def etag(self) -> str:
        source = self.source
        return fingerprint(
            self.state, source.synced_at, source.tried_at, source.outcome, source.outcome_detail
        )


def standing(source: ChartSource) -> Standing:
    if source.is_tree:
        return Standing(source, "files")
    if source.is_syncing:
        return Standing(source, "syncing")
    if not source.enabled:
        return Standing(source, "disabled")
    due = source.due_at is None or source.due_at <= clock.now()
    return Standing(source, "due" if due else source.outcome)


def sources() -> list[Standing]:
    """All that were not removed, with how many versions of each state; one query."""
    counted = {
        "imported_count": Count("versions", filter=Q(versions__state=IMPORTED)),
        "refused_count": Count("versions", filter=~Q(versions__refusal_code="") & ~Q(versions__state=GONE)),
        "published_count": Count(
            "versions",
            filter=Q(versions__offering_version__isnull=False)
            & ~Q(versions__offering_version__status=VersionStatus.RETIRED),
        ),
    }
    rows = ChartSource.objects.present().annotate(**counted).defer("secret", "keyring").order_by("name", "pk")
    return [standing(source) for source in rows]


def versions_page(source: ChartSource, request: HttpRequest) -> Any:
    """What was found, charts by name and in each the version that was seen last first."""
    rows = source.versions.light().select_related("offering_version__offering")
    wanted, words = request.GET.get("state", ""), request.GET.get("q", "").split()
    if wanted == REFUSED:
        rows = rows.exclude(refusal_code="")
    elif wanted in SourceVersionState.values:
        rows = rows.filter(state=wanted)
    for word in words[:5]:
        rows = rows.filter(Q(chart__icontains=word) | Q(description__icontains=word))
    return page_of(rows.order_by("chart", F("pk").desc()), request)


def counts(source: ChartSource) -> dict[str, int]:
    """How many versions of each state, by one query."""
    rows = source.versions.order_by().values("state").annotate(total=Count("pk"))
    return {row["state"]: row["total"] for row in rows}


def context(request: SignedIn, source: ChartSource) -> dict[str, Any]:
    page = versions_page(source, request)
    state = standing(source)
    return {
        "source": source,
        "standing": state,
        "etag": state.etag,
        "counts": counts(source),
        "page": page,
        "charts": by_chart(page.object_list),
        "states": SHOWN,
        "wanted": request.GET.get("state", ""),
        "words": request.GET.get("q", ""),
        "may_curate": request.user.access.may(Verb.CURATE),
    }


def by_chart(rows: Sequence[SourceVersion]) -> list[tuple[str, list[SourceVersion]]]:
    """Grouped by chart, newest version first."""
    found: dict[str, list[SourceVersion]] = {}
    for row in rows:
        found.setdefault(row.chart, []).append(row)
    return [
        (chart, sorted(each, key=lambda row: row.precedence, reverse=True)) for chart, each in found.items()
    ]
