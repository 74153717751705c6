"""The organisation's policy bundle, compiled once for each state of its folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from portal.policy import Bundle, load_bundle


def current() -> Bundle:
    """The bundle as the folder has it now. Raises PolicyInvalid: with broken policy nothing is judged, so
    nothing passes."""
    folder: Path = settings.SLIPWAY_POLICY_DIR
    newest = tuple(sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*.y*ml")))
    return _load(folder, newest)


@lru_cache(maxsize=2)
def _load(folder: Path, newest: tuple[tuple[str, int], ...]) -> Bundle:
    return load_bundle(folder)
