"""The reader of a source, by its kind."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from services_catalog.models import ChartSource, SourceKind
from services_catalog.sources.checks import http_url
from services_catalog.sources.errors import SourceFailed
from services_catalog.sources.fetching import Fetcher
from services_catalog.sources.git_command import Git
from services_catalog.sources.git_folder import GitFolder
from services_catalog.sources.helm_repository import HelmRepository
from services_catalog.sources.limits import Limits
from services_catalog.sources.oci_registry import OciRegistry
from services_catalog.sources.oci_tokens import Tokens
from services_catalog.sources.offers import Reader


@contextmanager
def reader_of(source: ChartSource, limits: Limits) -> Iterator[Reader]:
    """For one sync; what it needs on disk is gone afterwards. Raises SourceFailed."""
    # whatever was begun in time may end
    end = time.monotonic() + limits.seconds + limits.archive_seconds
    fetcher = Fetcher(source.url, settings.SLIPWAY_OUTBOUND_ALLOWED, limits, source.credentials, end)
    if source.kind == SourceKind.HELM:
        yield HelmRepository(source, fetcher)
    elif source.kind == SourceKind.OCI:
        yield OciRegistry(source, Tokens(replace(fetcher, base=http_url(source.url))))
    elif source.kind == SourceKind.GIT:
        with tempfile.TemporaryDirectory(prefix="slipway-git-") as folder:
            git = Git(source.url, Path(folder), fetcher.allowed, limits, fetcher.credentials)
            yield GitFolder(source, git)
    else:
        raise SourceFailed("The library's own files are loaded with `manage.py catalog sync`.")
