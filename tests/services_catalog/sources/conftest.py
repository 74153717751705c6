"""Sources of every kind, read from real servers on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services_catalog.models import ChartSource, SourceVersion
from services_catalog.sources import services, syncing
from services_catalog.sources.limits import Limits
from services_catalog.sources.syncing import Outcome

AddSource = Callable[..., ChartSource]


@pytest.fixture
def add_source(db: None) -> AddSource:
    """As a platform engineer adds one, on the command line."""

    def add(url: str, kind: str = "helm", **fields: Any) -> ChartSource:
        slug = fields.pop("slug", "charts")
        return services.create(actor=None, slug=slug, name="Charts", kind=kind, url=url, **fields)

    return add


# an examination runs helm for seconds: tests that are about it say so
TAKING = Limits(examinations=0)


def sync(source: ChartSource, *, limits: Limits = TAKING) -> Outcome:
    """Read it now, whether it is due or not."""
    done = syncing.sync(source, limits=limits)
    source.refresh_from_db()
    return done


def states(source: ChartSource) -> dict[str, str]:
    """`chart version` to its state, or the code of why it was refused."""
    rows = SourceVersion.objects.filter(source=source)
    return {f"{row.chart} {row.version}": row.refusal_code or row.state for row in rows}


def row_of(source: ChartSource, chart: str, version: str) -> SourceVersion:
    return SourceVersion.objects.get(source=source, chart=chart, version=version)
