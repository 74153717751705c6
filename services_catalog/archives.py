"""Charts as files, as deterministic archives, and back. Knows nothing of the database."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from portal.core.digests import digest_of
from portal.core.documents import load_mapping
from portal.core.errors import InvalidInput, TooLarge

MAX_FILES = 500
# Helm itself refuses single files above 5 MiB. Charts that bring an operator's CRDs have 7 MiB in all.
MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_CHART_BYTES = 12 * 1024 * 1024


class ChartUnusable(InvalidInput):
    """A chart folder or archive that cannot be taken as it is."""

    code = "chart_unusable"
    default_message = "This is not a usable chart."


@dataclass(frozen=True)
class PackedChart:
    """`digest` is over the files' names and contents, so it does not depend on how they are compressed."""

    name: str
    version: str
    digest: str
    content: bytes
    files: Mapping[str, bytes]

    @property
    def metadata(self) -> dict[str, Any]:
        return load_mapping(self.files["Chart.yaml"])

    def text(self, path: str) -> str:
        """One file as text; empty when the chart has none."""
        return self.files.get(path, b"").decode()


def pack(folder: Path) -> PackedChart:
    """Read a chart's folder. Raises ChartUnusable, naming the file at fault, or TooLarge."""
    return pack_files(read_folder(folder), label=str(folder.name))


def pack_files(files: Mapping[str, bytes], *, label: str) -> PackedChart:
    if "Chart.yaml" not in files:
        raise ChartUnusable(f"{label} has no Chart.yaml, so it is not a chart.")
    metadata = load_mapping(files["Chart.yaml"])
    name, version = metadata.get("name"), metadata.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise ChartUnusable(f"{label}: Chart.yaml must give name and version as text.")
    if PurePosixPath(name).parts != (name,) or name in {".", ".."}:
        raise ChartUnusable(f"{label}: the chart's name {name!r} is not a plain name.")
    return PackedChart(name, version, content_digest(files), _tar_gz(files, name), dict(files))


def content_digest(files: Mapping[str, bytes]) -> str:
    """sha256 over the sorted list of (path, sha256 of the content)."""
    return digest_of([[path, hashlib.sha256(files[path]).hexdigest()] for path in sorted(files)])


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`, by its path with forward slashes. Links are refused."""
    if not (folder / "Chart.yaml").is_file():
        raise ChartUnusable(f"There is no chart in {folder.name}: it has no Chart.yaml.")
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise ChartUnusable(f"{path.relative_to(folder)} is a link. A chart must hold its own files.")
        if path.is_dir():
            continue
        if not path.is_file():
            raise ChartUnusable(f"{path.relative_to(folder)} is not a regular file.")
        size = path.stat().st_size
        total += size
        check_bounds(len(files) + 1, total, largest=size)
        files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` (as `unpacking.read_archive` gives them: their paths are safe) under `folder`."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def check_bounds(count: int, total: int, *, largest: int) -> None:
    """Raises TooLarge. `total` and `largest` are in bytes: of all files, and of one."""
    if largest > MAX_FILE_BYTES:
        raise TooLarge(f"A file of the chart has more than {MAX_FILE_BYTES // 1024 // 1024} MiB.")
    if count > MAX_FILES:
        raise TooLarge(f"The chart has more than {MAX_FILES} files.")
    if total > MAX_CHART_BYTES:
        raise TooLarge(f"The chart's files have more than {MAX_CHART_BYTES // 1024 // 1024} MiB.")


def _tar_gz(files: Mapping[str, bytes], name: str) -> bytes:
    """The same bytes for the same files: sorted, no times, no owners."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in sorted(files):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(files[path])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[path]))
    return buffer.getvalue()
