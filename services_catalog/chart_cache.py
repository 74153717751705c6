"""Archives unpacked on this machine, for Helm to read. Losing the folder loses nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from portal.core.errors import NotFound
from services_catalog.archives import ChartUnusable, content_digest, read_folder, write_folder
from services_catalog.models import ChartArchive
from services_catalog.unpacking import read_archive


def unpacked(digest: str) -> Path:
    """The folder of the chart with this digest, unpacked when need be; its content is checked on every call.

    Raises NotFound when no such archive is stored, ChartUnusable when the stored one is not what it says.
    """
    root = Path(settings.SLIPWAY_CHART_CACHE)
    folder = root / digest.removeprefix("sha256:")
    if folder.parent != root or not digest.startswith("sha256:"):
        raise NotFound(f"{digest!r} is not a chart's digest.")
    if _intact(folder, digest):
        return folder
    archive = ChartArchive.objects.filter(pk=digest).first()
    if archive is None:
        raise NotFound(f"No chart with digest {digest} is stored. Run `manage.py catalog sync`.")
    files = read_archive(bytes(archive.content))
    if content_digest(files) != digest:
        raise ChartUnusable(
            f"The stored archive of {archive.name} {archive.version} does not match its digest {digest}."
        )
    _put(files, folder, digest)
    return folder


def _intact(folder: Path, digest: str) -> bool:
    try:
        return folder.is_dir() and content_digest(read_folder(folder)) == digest
    except (ChartUnusable, OSError):
        return False


def _put(files: dict[str, bytes], folder: Path, digest: str) -> None:
    """Appear at once or not at all; several processes may do this at the same time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        fresh = staging / "chart"
        fresh.mkdir()
        write_folder(files, fresh)
        if folder.exists() and not _intact(folder, digest):
            folder.rename(staging / "damaged")
        try:
            fresh.rename(folder)
        except OSError:
            if not _intact(folder, digest):
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
