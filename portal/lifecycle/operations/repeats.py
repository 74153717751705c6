"""A request for a chart that may vary is rendered more than once before it is sealed; docs/gate.md has the
rule."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from portal.clusters.types import Rendered
from portal.core.errors import ValidationFailed
from services_catalog import reproducibility
from services_catalog.chart_cache import unpacked
from services_catalog.models import OfferingVersion
from services_catalog.reproducibility import Difference, Reproducibility, Status, differences
from services_catalog.reproducibility.examination import next_second

# called with whether it is to look like an upgrade
Render = Callable[[bool], Rendered]
AT_ONCE = 2


class NotReproducible(ValidationFailed):
    """Renderings of the same values differ; the message says where, why and what to do."""

    code = "not_reproducible"

    def __init__(self, known: Reproducibility, found: tuple[Difference, ...]) -> None:
        said = reproducibility.refusal(known, found)
        super().__init__([{"path": "/values", "message": said, "code": self.code}], said)


def render_alike(version: OfferingVersion, chart_digest: str, render: Render) -> Rendered:
    """The rendering. Raises NotReproducible when another one differs, and whatever `render` raises.

    A stable chart is rendered once. Of a chart that reads the clock, the second rendering waits for the next
    second; one that asks for install or upgrade is rendered as both. What `lookup` finds only shows when it
    is applied.
    """
    known = reproducibility.standing(version, chart_digest)
    if known.status == Status.STABLE:
        return render(False)
    unpacked(chart_digest)  # here, since the threads have no database connection
    upgrades = [False] * (known.renderings - 1) + [True] * known.uses("release")
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="repeat") as pool:
        beginning = pool.submit(render, False)
        if known.uses("clock"):
            beginning.result()
            next_second()
        others = list(pool.map(render, upgrades))
        first = beginning.result()
    found = tuple(place for other in others for place in differences(first.documents, other.documents))
    if found:
        raise NotReproducible(known, tuple(dict.fromkeys(found)))
    return first
