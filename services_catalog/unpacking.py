"""Reading chart archives that nobody trusts: bounded before unpacking, strict in what a file may be."""

from __future__ import annotations

import io
import tarfile
import unicodedata
import zlib
from pathlib import PurePosixPath

from portal.core.errors import TooLarge
from services_catalog.archives import MAX_CHART_BYTES, MAX_FILES, ChartUnusable, check_bounds

# headers and padding included; also of what no file is made of: folders, comments, long names
MAX_TAR_BYTES = MAX_CHART_BYTES + 3 * 1024 * 1024
MAX_MEMBERS = 2 * MAX_FILES
MAX_PATH, MAX_NAME_BYTES = 400, 255
_GZIP = 16 + zlib.MAX_WBITS
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)


def read_archive(content: bytes) -> dict[str, bytes]:
    """The files of a chart's tar.gz without their top folder.

    Only regular files with plain relative paths under one top folder are accepted, so nothing can be written
    outside of where it is unpacked, nor over one another on any file system. Raises ChartUnusable, TooLarge.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(_unzip(content)), mode="r:", errors="strict") as archive:
            return _read(archive)
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError) as exc:
        raise ChartUnusable(f"This is not a readable .tar.gz archive: {exc}") from exc


def _unzip(content: bytes) -> bytes:
    """One gzip stream, whole, and nothing behind it."""
    stream = zlib.decompressobj(_GZIP)
    try:
        unzipped = stream.decompress(content, MAX_TAR_BYTES + 1)
    except zlib.error as exc:
        raise ChartUnusable(f"This is not a readable .tar.gz archive: {exc}") from exc
    if len(unzipped) > MAX_TAR_BYTES:
        raise TooLarge(f"The archive holds more than {MAX_TAR_BYTES // 1024 // 1024} MiB when unpacked.")
    if not stream.eof:
        raise ChartUnusable("This is not a readable .tar.gz archive: it is cut off.")
    if stream.unused_data.strip(b"\0"):
        raise ChartUnusable("Something follows the end of the archive. Pack the chart again.")
    return unzipped


def _read(archive: tarfile.TarFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    taken: dict[str, str] = {}
    tops: set[str] = set()
    total = 0
    for count, member in enumerate(archive):
        if count >= MAX_MEMBERS:
            raise TooLarge(f"The archive has more than {MAX_MEMBERS} entries.")
        if member.isdir() and member.size == 0:
            continue
        top, path = _safe_path(member)
        tops.add(top)
        if len(tops) > 1:
            raise ChartUnusable(f"The archive has several folders at its top: {', '.join(sorted(tops))}.")
        _take(path, taken)
        total += member.size
        check_bounds(len(files) + 1, total, largest=member.size)
        stream = archive.extractfile(member)
        files[path] = stream.read() if stream else b""
        if len(files[path]) != member.size:
            raise ChartUnusable("This is not a readable .tar.gz archive: it is cut off.")
    return files


def _safe_path(member: tarfile.TarInfo) -> tuple[str, str]:
    """Its top folder, and its path below that."""
    parts = PurePosixPath(member.name).parts
    file = member.type in _PLAIN and member.sparse is None and member.size >= 0
    if not file or len(parts) < 2 or not _plain(member.name) or not all(_is_name(part) for part in parts):
        raise ChartUnusable(
            f"The archive holds {member.name[:200]!r}, which is not a plain file of the chart."
        )
    return parts[0], "/".join(parts[1:])


def _plain(name: str) -> bool:
    """No character that a terminal, a log, another file system or a shell reads as something else."""
    return len(name) <= MAX_PATH and name.isprintable() and not set(name) & set('\\:*?"<>|')


def _is_name(part: str) -> bool:
    return part not in ("/", "..") and len(part.encode()) <= MAX_NAME_BYTES


def _take(path: str, taken: dict[str, str]) -> None:
    """A path may stand once, also where a file system knows no case or composes letters, and hold no file."""
    names = path.split("/")
    folded = [_folded("/".join(names[:end])) for end in range(1, len(names) + 1)]
    if folded[-1] in taken or any(taken.get(each) == "file" for each in folded[:-1]):
        raise ChartUnusable(f"The archive holds {path!r} twice.")
    taken.update(dict.fromkeys(folded[:-1], "folder"))
    taken[folded[-1]] = "file"


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
