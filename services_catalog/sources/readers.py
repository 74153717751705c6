"""The reader of a source, by its kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from services_catalog.models import ChartSource, SourceKind
from services_catalog.sources.errors import SourceFailed
from services_catalog.sources.fetching import Fetcher
from services_catalog.sources.helm_repository import HelmRepository
from services_catalog.sources.limits import Limits
from services_catalog.sources.offers import Reader


@contextmanager
def reader_of(source: ChartSource, limits: Limits) -> Iterator[Reader]:
    """For one sync; what it needs on disk is gone afterwards. Raises SourceFailed."""
    fetcher = Fetcher(source.url, settings.SLIPWAY_OUTBOUND_ALLOWED, limits, source.credentials)
    if source.kind == SourceKind.HELM:
        yield HelmRepository(source, fetcher)
    else:
        raise SourceFailed("The library's own files are loaded with `manage.py catalog sync`.")
