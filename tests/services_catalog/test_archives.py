from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from portal.core.errors import NotFound, TooLarge
from services_catalog import archives
from services_catalog.archives import ChartUnusable, pack
from services_catalog.chart_cache import unpacked
from services_catalog.models import ChartArchive
from services_catalog.unpacking import read_archive

CHART = "apiVersion: v2\nname: tiny\nversion: 0.1.0\n"


@pytest.fixture
def chart(tmp_path) -> Path:
    folder = tmp_path / "tiny"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(CHART)
    (folder / "templates" / "a.yaml").write_text("a: 1\n")
    return folder


@pytest.fixture
def cache(settings, tmp_path) -> Path:
    settings.SLIPWAY_CHART_CACHE = tmp_path / "cache"
    return tmp_path / "cache"


def archive_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_packing_twice_gives_the_same_bytes_whatever_the_files_times_and_modes(chart):
    first = pack(chart)
    os.utime(chart / "Chart.yaml", (1, 1))
    (chart / "templates" / "a.yaml").chmod(0o755)
    second = pack(chart)
    assert (first.digest, first.content) == (second.digest, second.content)
    assert (first.name, first.version) == ("tiny", "0.1.0")


@pytest.mark.parametrize("change", ["content", "name", "more"])
def test_the_digest_tells_every_change(chart, change):
    before = pack(chart).digest
    file = chart / "templates" / "a.yaml"
    if change == "content":
        file.write_text("a: 2\n")
    elif change == "name":
        file.rename(chart / "templates" / "b.yaml")
    else:
        (chart / "README.md").write_text("")
    assert pack(chart).digest != before


def test_unpacking_gives_back_exactly_the_files(chart):
    packed = pack(chart)
    assert read_archive(packed.content) == packed.files


def test_a_link_in_a_chart_is_refused_by_name(chart):
    (chart / "templates" / "host").symlink_to("/etc/passwd")
    with pytest.raises(ChartUnusable, match="templates/host is a link"):
        pack(chart)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (member("tiny/../../evil"), "evil"),
        (member("/etc/evil"), "evil"),
        (member("tiny/link", tarfile.SYMTYPE, "/etc/passwd"), "link"),
        (member("tiny/hard", tarfile.LNKTYPE, "../../etc/passwd"), "hard"),
        (member("tiny/pipe", tarfile.FIFOTYPE), "pipe"),
        (member("tiny/device", tarfile.CHRTYPE), "device"),
        (member("toplevel"), "toplevel"),
        (member("tiny/..\\evil"), "evil"),
    ],
)
def test_an_archive_cannot_reach_out_of_its_folder(bad, why):
    with pytest.raises(ChartUnusable, match=why):
        read_archive(archive_of((member("tiny/Chart.yaml"), CHART.encode()), (bad, b"")))


def test_an_archive_bomb_stops_at_the_bound_not_at_the_end_of_memory():
    content = archive_of((member("tiny/zeros"), b"\0" * (archives.MAX_CHART_BYTES + 1)))
    assert len(content) < 100_000
    with pytest.raises(TooLarge):
        read_archive(content)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b broken"])
def test_what_is_no_archive_is_said_to_be_none(content):
    with pytest.raises(ChartUnusable, match="not a readable"):
        read_archive(content)


def test_a_cut_off_archive_is_refused(chart):
    with pytest.raises(ChartUnusable):
        read_archive(pack(chart).content[:60])


def test_a_stored_chart_is_unpacked_once_and_then_reused(db, chart, cache, django_assert_num_queries):
    packed = pack(chart)
    ChartArchive.objects.store(packed)
    folder = unpacked(packed.digest)
    assert archives.read_folder(folder) == packed.files
    with django_assert_num_queries(0):
        assert unpacked(packed.digest) == folder


def test_a_tampered_cache_is_noticed_and_replaced(db, chart, cache):
    packed = pack(chart)
    ChartArchive.objects.store(packed)
    folder = unpacked(packed.digest)
    (folder / "templates" / "a.yaml").write_text("a: evil\n")
    (folder / "templates" / "extra.yaml").write_text("b: evil\n")
    assert archives.read_folder(unpacked(packed.digest)) == packed.files
    assert [path.name for path in cache.iterdir()] == [folder.name]


def test_a_stored_archive_that_is_not_what_its_digest_says_is_never_used(db, chart, cache):
    packed = pack(chart)
    ChartArchive.objects.store(packed)
    (chart / "templates" / "a.yaml").write_text("a: evil\n")
    ChartArchive.objects.filter(pk=packed.digest).update(content=pack(chart).content)
    with pytest.raises(ChartUnusable, match="does not match its digest"):
        unpacked(packed.digest)
    assert not cache.exists() or not list(cache.iterdir())


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "sha256:../../etc", "../x", "", "sha256:"])
def test_an_unknown_digest_is_not_found_and_touches_no_file(db, cache, digest):
    with pytest.raises(NotFound):
        unpacked(digest)
    assert not cache.exists()


def test_an_archive_cannot_be_changed_once_stored(db, chart):
    archive, created = ChartArchive.objects.store(pack(chart))
    assert created
    archive.content = b"other"
    with pytest.raises(TypeError, match="immutable"):
        archive.save()
    assert ChartArchive.objects.store(pack(chart)) == (archive, False)
