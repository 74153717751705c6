"""Which files of the stylesheet's package are served: what pages name, not its 915 files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import Storage

PACKAGE = "tabler"
SERVED = {"css/tabler.min.css", "css/tabler.min.css.map"}  # the one names the other


class Needed(FileSystemFinder):
    """Everything in the portal's own folders, and of the package only what is served."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for path, storage in super().list(ignore_patterns):
            if getattr(storage, "prefix", None) != PACKAGE or path in SERVED:
                yield path, storage
