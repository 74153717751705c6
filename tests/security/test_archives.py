"""Chart archives that want out of their folder, into memory, or over one another."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import tracemalloc
from pathlib import Path

import pytest

from portal.core.errors import InvalidInput, TooLarge
from services_catalog import unpacking
from services_catalog.archives import MAX_CHART_BYTES, MAX_FILES, ChartUnusable, write_folder
from services_catalog.unpacking import read_archive

CHART = b"apiVersion: v2\nname: tiny\nversion: 0.1.0\n"
MIB = 1024 * 1024


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **pax: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.pax_headers = kind, target, dict(pax)
    return info


def archive(*entries: tarfile.TarInfo, content: bytes = b"x", form: int = tarfile.GNU_FORMAT) -> bytes:
    """A chart with these beside its Chart.yaml."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=form) as made:
        for info in (entry("tiny/Chart.yaml"), *entries):
            data = CHART if info.name == "tiny/Chart.yaml" else content if info.isreg() else b""
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def raw(*blocks: bytes) -> bytes:
    return gzip.compress(b"".join(blocks))


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def tar_of(content: bytes) -> bytes:
    return gzip.decompress(content)


ESCAPES = {
    "up": entry("tiny/../../evil"),
    "up at the end": entry("tiny/.."),
    "up at the top": entry("../tiny/evil"),
    "absolute": entry("/etc/evil"),
    "absolute by a comment": entry("tiny/a", path="/etc/evil"),
    "up by a comment": entry("tiny/a", path="tiny/../../evil"),
    "symbolic link": entry("tiny/link", tarfile.SYMTYPE, "/etc/passwd"),
    "symbolic link within": entry("tiny/link", tarfile.SYMTYPE, "Chart.yaml"),
    "hard link": entry("tiny/link", tarfile.LNKTYPE, "tiny/Chart.yaml"),
    "pipe": entry("tiny/pipe", tarfile.FIFOTYPE),
    "character device": entry("tiny/device", tarfile.CHRTYPE),
    "block device": entry("tiny/device", tarfile.BLKTYPE),
    "sparse file": entry("tiny/sparse", tarfile.GNUTYPE_SPARSE),
    "unknown type": entry("tiny/odd", b"Z"),
    "backslash": entry("tiny\\..\\evil"),
    "backslash below": entry("tiny/..\\evil"),
    "drive": entry("tiny/C:evil"),
    "stream of NTFS": entry("tiny/a:b"),
    "new line": entry("tiny/a\nb"),
    "escape sequence": entry("tiny/\x1b[2Jb"),
    "NUL in a comment": entry("tiny/a", path="tiny/a\0.yaml"),
    "right to left": entry("tiny/\u202egpj.yaml"),
    "no Unicode": entry("tiny/\udcff"),
    "long name": entry("tiny/" + "x" * 256),
    "long path": entry("tiny/" + "a/" * 250 + "x"),
    "no folder": entry("evil"),
    "second folder": entry("other/values.yaml"),
    "twice": entry("tiny/Chart.yaml/"),
    "twice by case": entry("tiny/CHART.YAML"),
    "twice by a detour": entry("tiny/./Chart.yaml"),
    "twice by width": entry("tiny/\uff23hart.yaml"),
    "file as folder": entry("tiny/Chart.yaml/evil"),
}


@pytest.mark.parametrize("how", ESCAPES)
def test_an_archive_that_reaches_out_is_refused(how: str, tmp_path: Path) -> None:
    form = tarfile.PAX_FORMAT if ESCAPES[how].pax_headers else tarfile.GNU_FORMAT
    with pytest.raises(ChartUnusable) as refused:
        write_folder(read_archive(archive(ESCAPES[how], form=form)), tmp_path / "in")
    assert refused.value.message
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["tiny/a.yaml", "./tiny/a.yaml", "tiny/charts/sub/files/café-1_2.txt"])
def test_plain_files_are_taken_whatever_the_format(form: int, name: str) -> None:
    files = read_archive(archive(entry("tiny/templates", tarfile.DIRTYPE), entry(name), form=form))
    assert files == {"Chart.yaml": CHART, name.removeprefix("./").removeprefix("tiny/"): b"x"}


def test_two_letters_that_are_composed_alike_are_one_name() -> None:
    with pytest.raises(ChartUnusable, match="twice"):
        read_archive(archive(entry("tiny/café"), entry("tiny/cafe\u0301")))


CHART_TAR = tar_of(archive())
BOMBS = {
    "one large file": raw(header("tiny/a", MAX_CHART_BYTES + 1), b"\0" * (MAX_CHART_BYTES + 512)),
    "a size that is not there": raw(header("tiny/a", 300 * MIB)),
    "a comment of 50 MiB": archive(entry("tiny/a", comment="x" * 50 * MIB), form=tarfile.PAX_FORMAT),
    "a name of 50 MiB": archive(entry("tiny/" + "x" * 50 * MIB)),
    "a folder with content": raw(header("tiny/a", 300 * MIB, tarfile.DIRTYPE), b"\0" * 300 * MIB),
    "a folder with a little content": raw(header("tiny/a", 512, tarfile.DIRTYPE), b"\0" * 512, CHART_TAR),
    "zeros before": raw(b"\0" * 100 * MIB, CHART_TAR),
    "zeros behind": raw(CHART_TAR, b"\0" * 100 * MIB),
    "many files": archive(*(entry(f"tiny/{number}") for number in range(MAX_FILES))),
    "many folders": archive(*(entry(f"tiny/{number}", tarfile.DIRTYPE) for number in range(5000))),
    "very many folders": raw(*(header(f"tiny/{number}", 0, tarfile.DIRTYPE) for number in range(100_000))),
    "comments on comments": raw(*[header("x", 0, tarfile.XHDTYPE)] * 5000, CHART_TAR),
    "a negative size": raw(
        header("tiny/a", 0).replace(b"0" * 11 + b"\0", b"\xff" * 12, 1), CHART_TAR
    ),
    "cut off": archive()[:80],
    "cut off inside": raw(CHART_TAR[:700]),
    "a second stream": archive() + archive(),
    "something behind": archive() + b"#!/bin/sh",
    "a wrong check sum": archive()[:-8] + b"\0" * 8,
    "nothing": b"",
    "text": b"apiVersion: v2",
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "gzip in gzip": gzip.compress(archive()),
}  # fmt: skip


@pytest.mark.parametrize("how", BOMBS)
def test_an_archive_that_is_none_or_too_much_is_refused_within_bounds(how: str) -> None:
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises((ChartUnusable, TooLarge)) as refused:
            read_archive(BOMBS[how])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 5
    assert peak < 4 * unpacking.MAX_TAR_BYTES
    assert isinstance(refused.value, InvalidInput)
    assert len(refused.value.message) < 500
