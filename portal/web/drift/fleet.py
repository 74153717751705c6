"""The list of what has drifted."""

from __future__ import annotations

from typing import Any

from portal.lifecycle.selectors import drift_standing
from portal.web.access import SignedIn
from portal.web.forms.drift import DriftFilter
from portal.web.paging import page_of


def context(request: SignedIn) -> dict[str, Any]:
    found = DriftFilter(request.GET, queryset=drift_standing.listed(request.user), request=request)
    page = page_of(found.qs, request)
    return {
        "filter": found,
        "page": page,
        "rows": [drift_standing.of_row(report) for report in page.object_list],
    }
