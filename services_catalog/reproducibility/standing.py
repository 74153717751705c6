"""What is known of a chart when somebody asks for it, and what to say when a request is not reproducible."""

from __future__ import annotations

from collections.abc import Sequence

from services_catalog.archives import read_folder
from services_catalog.chart_cache import unpacked
from services_catalog.models import OfferingVersion
from services_catalog.reproducibility.differences import Difference
from services_catalog.reproducibility.reports import Reproducibility, Status, listed
from services_catalog.reproducibility.sources import Source, scan


def standing(version: OfferingVersion, chart_digest: str) -> Reproducibility:
    """What the examination said; for another chart than the version's of today, what its templates say."""
    if version.reproducibility and version.chart_id == chart_digest:
        return Reproducibility.from_dict(version.reproducibility)
    sources = scan(read_folder(unpacked(chart_digest)))
    return Reproducibility(Status.MAY_VARY if sources else Status.STABLE, sources)


def refusal(known: Reproducibility, found: Sequence[Difference]) -> str:
    """Object, path, the template's line, and what to do."""
    sources = _likely(known)
    cause = f" because of {listed(sources)}" if sources else ""
    return (
        f"Two renderings with these values differ in {listed(tuple(found))}{cause}. What is approved must be "
        f"what runs, so it was not sealed. {_remedy(sources)}"
    )


def _likely(known: Reproducibility) -> tuple[Source, ...]:
    """`lookup` and addresses are empty in every rendering, so they did not make this difference."""
    likely = tuple(source for source in known.sources if source.kind not in ("cluster", "network"))
    return likely or known.sources


def _remedy(sources: Sequence[Source]) -> str:
    values = list(dict.fromkeys(value for source in sources for value in source.values))
    curator = (
        "have the chart take it from values: a secret marked x-slipway-generate in its schema is made once, "
        "by the portal, and kept"
    )
    if not values:
        return f"Change the values that bring it in, or {curator}."
    return f"Give a value that settles it ({listed(tuple(values))}), or {curator}."
