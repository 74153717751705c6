"""Sources that are broken, or mean harm. Each is refused with its reason, and the rest of the sync goes on.

Every scene has a good chart beside the bad thing: where the bad thing is one version, the good one is
imported. 127.0.0.1 is open to the portal, for the repository is there; the rest of loopback is not.
"""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.core.digests import digest_of_bytes
from portal.settings import channels
from services_catalog.models import ChartSource, SourceVersion, SyncOutcome
from services_catalog.sources.limits import LIMITS, MIB, Limits
from tests.fixtures.helm_repository import Repository, chart_files, endless, gzipped
from tests.services_catalog.sources.conftest import AddSource, row_of, states, sync

pytestmark = pytest.mark.django_db

INDEX = "/charts/index.yaml"
BAD = "/charts/bad-1.0.0.tgz"
# as strict as the real ones, only smaller and shorter, so that no test waits
SECONDS = {"index_seconds": 3, "archive_seconds": 3, "answer_seconds": 3}
SMALL = Limits(
    index_bytes=MIB,
    archive_bytes=MIB,
    index_nodes=20_000,
    examinations=0,
    **SECONDS,
)


@pytest.fixture
def repository(helm_repository: Repository) -> Repository:
    """A good chart and one that tests spoil."""
    helm_repository.add("good", "1.0.0")
    helm_repository.add("bad", "1.0.0")
    return helm_repository


def only_the_good_one(source: ChartSource, code: str, said: str = "") -> SourceVersion:
    """The sync refused `bad 1.0.0` for that reason, and took `good 1.0.0`."""
    done = sync(source, limits=SMALL)
    assert states(source) == {"bad 1.0.0": code, "good 1.0.0": "imported"}
    assert (done.outcome, done.new, done.refused) == (SyncOutcome.PARTLY, 1, 1)
    row = row_of(source, "bad", "1.0.0")
    assert row.archive_id is None
    assert said in row.refusal
    return row


def failed(source: ChartSource, code: str, said: str = "") -> None:
    """Nothing of it could be read; that is said, and tried again soon."""
    began = time.monotonic()
    done = sync(source, limits=SMALL)
    assert time.monotonic() - began < 20
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, code)
    assert said in done.reason
    assert (source.failures, source.lease_until) == (1, None)
    assert source.due_at < source.tried_at + timedelta(minutes=2)
    assert not SourceVersion.objects.filter(source=source).exists()


# -- addresses that lead inside


INSIDE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.2:1/bad-1.0.0.tgz",
    "http://[::1]:1/bad-1.0.0.tgz",
    "http://10.0.0.1/bad-1.0.0.tgz",
    "http://0x7f000001/bad-1.0.0.tgz",
]


@pytest.mark.parametrize("inside", INSIDE)
def test_an_archive_that_redirects_inside(repository: Repository, add_source: AddSource, inside: str) -> None:
    repository.answer(BAD, 302, Location=inside)
    only_the_good_one(add_source(repository.url), "address_refused")


@pytest.mark.parametrize("inside", INSIDE)
def test_an_archive_whose_address_is_inside(
    repository: Repository, add_source: AddSource, inside: str
) -> None:
    repository.change_entry("bad", "1.0.0", urls=[inside])
    only_the_good_one(add_source(repository.url), "address_refused")


@pytest.mark.parametrize("inside", INSIDE)
def test_an_index_that_redirects_inside(repository: Repository, add_source: AddSource, inside: str) -> None:
    repository.answer(INDEX, 301, Location=inside)
    failed(add_source(repository.url), "address_refused")


def test_a_name_that_resolves_inside(add_source: AddSource, settings: Any) -> None:
    settings.SLIPWAY_OUTBOUND_ALLOWED = channels.outbound(("192.0.2.1",))
    failed(add_source("https://localhost/charts"), "address_refused", "private")


def test_plain_http_is_only_for_what_the_administrator_named(
    repository: Repository, add_source: AddSource, settings: Any
) -> None:
    source = add_source(repository.url)
    settings.SLIPWAY_OUTBOUND_ALLOWED = channels.outbound(())
    failed(source, "address_refused")


def test_redirects_in_a_circle(repository: Repository, add_source: AddSource) -> None:
    repository.answer(BAD, 302, Location=BAD)
    only_the_good_one(add_source(repository.url), "not_reached", "redirects more than")


# -- answers without an end


def test_an_archive_without_an_end(repository: Repository, add_source: AddSource) -> None:
    repository.answers[BAD] = endless(b"\0" * 65_536)
    only_the_good_one(add_source(repository.url), "answer_too_large")


def test_an_archive_that_comes_byte_by_byte(repository: Repository, add_source: AddSource) -> None:
    repository.answers[BAD] = endless(b"\0", pause=0.05)
    only_the_good_one(add_source(repository.url), "not_reached_in_time")


def test_an_index_without_an_end(repository: Repository, add_source: AddSource) -> None:
    repository.answers[INDEX] = endless(b"# more\n" * 10_000)
    failed(add_source(repository.url), "answer_too_large")


def test_an_index_that_comes_byte_by_byte(repository: Repository, add_source: AddSource) -> None:
    repository.answers[INDEX] = endless(b"#", pause=0.05)
    failed(add_source(repository.url), "not_reached_in_time")


def test_an_index_of_a_gigabyte(repository: Repository, add_source: AddSource) -> None:
    """With the bounds of production; it is refused when the bound is reached, not when all has come."""
    sent = []

    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(2**30))
        handler.end_headers()
        sent.append(handler)

    repository.answers[INDEX] = answer
    source = add_source(repository.url)
    done = sync(source)
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "answer_too_large")
    assert len(sent) == 1


def test_an_index_of_a_gigabyte_that_says_nothing_of_its_size(
    repository: Repository, add_source: AddSource
) -> None:
    repository.answers[INDEX] = endless(b"# " + b"x" * MIB)
    source = add_source(repository.url)
    done = sync(source)
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "answer_too_large")
    assert f"{64 * MIB:,}" in done.reason


def test_an_index_of_a_gigabyte_in_a_megabyte_of_gzip(repository: Repository, add_source: AddSource) -> None:
    bomb = gzipped(64 * MIB + 1)
    assert len(bomb) < MIB
    repository.answer(INDEX, 200, bomb, Content_Encoding="gzip")
    failed(add_source(repository.url), "answer_too_large", "compressed")


@pytest.mark.parametrize(("cut", "code"), [(INDEX, "not_reached"), (BAD, "not_reached")])
def test_an_answer_that_is_cut_off(
    repository: Repository, add_source: AddSource, cut: str, code: str
) -> None:
    repository.answer(cut, 200, b"apiVersion: v1\n", Content_Length="1000", Connection="close")
    source = add_source(repository.url)
    if cut == INDEX:
        failed(source, code, "hung up")
    else:
        only_the_good_one(source, code, "hung up")


# -- archives


def archive_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """The bad chart's files, and what else a test puts in."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in chart_files("bad", "1.0.0").items():
            archive.addfile(*member(f"bad/{path}", text.encode()))
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, content: bytes = b"", **facts: Any) -> tuple[tarfile.TarInfo, Any]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info, io.BytesIO(content)


ARCHIVES = {
    "zip slip": lambda: member("bad/../../../etc/cron.d/evil", b"x"),
    "absolute path": lambda: member("/etc/cron.d/evil", b"x"),
    "symlink": lambda: member("bad/templates/x.yaml", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": lambda: member("bad/templates/x.yaml", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device": lambda: member("bad/null", type=tarfile.CHRTYPE),
    "two charts": lambda: member("other/Chart.yaml", b"name: other\n"),
}


@pytest.mark.parametrize("what", sorted(ARCHIVES))
def test_an_archive_that_would_write_elsewhere(
    repository: Repository, add_source: AddSource, what: str
) -> None:
    info, content = ARCHIVES[what]()
    serve_archive(repository, archive_of((info, content.read())))
    only_the_good_one(add_source(repository.url), "chart_unusable")


def test_an_archive_that_unpacks_to_a_gigabyte(repository: Repository, add_source: AddSource) -> None:
    serve_archive(repository, gzipped(64 * MIB))
    only_the_good_one(add_source(repository.url), "too_large")


def test_an_archive_that_is_none(repository: Repository, add_source: AddSource) -> None:
    serve_archive(repository, b"<html>Not what you want</html>")
    only_the_good_one(add_source(repository.url), "chart_unusable")


def serve_archive(repository: Repository, content: bytes) -> None:
    """With the right digest, so that only what is in it can be wrong."""
    (repository.folder / "bad-1.0.0.tgz").write_bytes(content)
    digest = digest_of_bytes(content).removeprefix("sha256:")
    repository.change_entry("bad", "1.0.0", digest=digest)


def test_an_archive_that_is_not_what_the_index_says(repository: Repository, add_source: AddSource) -> None:
    repository.change_entry("bad", "1.0.0", digest="0" * 64)
    row = only_the_good_one(add_source(repository.url), "digest_differs", "000000000000")
    assert row.retry is False


def test_a_chart_that_calls_itself_otherwise(repository: Repository, add_source: AddSource) -> None:
    other = (repository.folder / "good-1.0.0.tgz").read_bytes()
    serve_archive(repository, other)
    only_the_good_one(add_source(repository.url), "chart_differs", "good 1.0.0")


def test_a_changed_archive_under_a_known_version(repository: Repository, add_source: AddSource) -> None:
    source = add_source(repository.url)
    sync(source)
    before = row_of(source, "bad", "1.0.0")
    repository.add("bad", "1.0.0", **{"values.yaml": "colour: blue\n"})
    repository.add("good", "1.1.0")

    done = sync(source)

    after = row_of(source, "bad", "1.0.0")
    assert (done.outcome, done.new, done.refused) == (SyncOutcome.PARTLY, 1, 1)
    assert after.refusal_code == "digest_changed"
    assert (after.state, after.archive_id, after.declared_digest) == (
        "imported",
        before.archive_id,
        before.declared_digest,
    )


# -- what an index may say


def test_an_index_with_a_yaml_bomb(repository: Repository, add_source: AddSource) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    repository.answer(INDEX, 200, "\n".join(["apiVersion: v1", *lines, "entries: *a9"]).encode())
    failed(add_source(repository.url), "source_unreadable", "aliases")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"generated: " + b"[" * 5_000, "source_too_large"),
        (b"entries:\n  bad:\n" + b"  - {version: 1.0.0}\n" * 20_000, "source_too_large"),
        (b"<!doctype html><title>Sign in</title>", "source_unreadable"),
        (b"apiVersion: v1\n", "source_unreadable"),
        (b"", "source_unreadable"),
        (b"entries: [1, 2]\n", "source_unreadable"),
        (b"entries: {bad: [\n", "source_unreadable"),
        (b"\xff\xfe\x00\x01binary", "source_unreadable"),
        (b"entries: {? [a] : 1}", "source_unreadable"),
    ],
)
def test_an_index_that_is_none(
    repository: Repository, add_source: AddSource, content: bytes, code: str
) -> None:
    repository.answer(INDEX, 200, content)
    failed(add_source(repository.url), code)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"version": "latest"}, "version_invalid"),
        ({"version": "1.0"}, "version_invalid"),
        ({"version": "1.0.0+" + "x" * 100}, "version_invalid"),
        ({"version": ["1.0.0"]}, "version_invalid"),
        ({"name": "other"}, "name_differs"),
        ({"urls": []}, "no_address"),
        ({"urls": ["http://["]}, "no_address"),
        ({"urls": ["https://charts.example.org/\0\x1b[31m"]}, "address_refused"),
        ({"urls": ["https://charts.example.org/" + "a" * 3000]}, "no_address"),
        ({"name": "other", "version": "1.0.0+" + "x" * 280}, "name_differs"),
        ({"urls": ["oci://registry.example.org/bad:1.0.0"]}, "address_not_http"),
        ({"urls": ["file:///etc/passwd"]}, "address_not_http"),
        ({"urls": ["https://user:password@charts.example.org/bad.tgz"]}, "address_refused"),
        ({"type": "library"}, "library_chart"),
    ],
)
def test_an_entry_that_cannot_be_taken(
    repository: Repository, add_source: AddSource, said: dict[str, Any], code: str
) -> None:
    repository.change_entry("bad", "1.0.0", **said)
    source = add_source(repository.url)
    done = sync(source)
    found = states(source)
    assert found.pop("good 1.0.0") == "imported"
    assert list(found.values()) == [code]
    assert (done.outcome, done.new) == (SyncOutcome.PARTLY, 1)


@pytest.mark.parametrize("name", ["../../etc", "a/b", ".hidden", "ä", "x" * 101, "a b", "-flag"])
def test_a_chart_with_a_name_that_is_a_path(repository: Repository, add_source: AddSource, name: str) -> None:
    index = repository.index()
    index["entries"][name] = [{**repository.entry("bad", "1.0.0"), "name": name}]
    del index["entries"]["bad"]
    repository.write_index(index)
    source = add_source(repository.url)
    sync(source)
    found = states(source)
    assert found.pop("good 1.0.0") == "imported"
    assert list(found.values()) == ["name_invalid"]


def test_a_version_that_stands_twice(repository: Repository, add_source: AddSource) -> None:
    index = repository.index()
    index["entries"]["bad"].append({**repository.entry("bad", "1.0.0"), "digest": "1" * 64})
    index["entries"]["good"].append(repository.entry("good", "1.0.0"))  # the very same does no harm
    repository.write_index(index)
    only_the_good_one(add_source(repository.url), "listed_twice")


def test_texts_that_no_database_holds(repository: Repository, add_source: AddSource) -> None:
    repository.change_entry("bad", "1.0.0", digest="0" * 64, description="nul \0 and \u202e more\n" * 100)
    row = only_the_good_one(add_source(repository.url), "digest_differs")
    assert "\0" not in row.description
    assert len(row.description) <= 500


# -- answers that say no


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "source_refused_us"),
        (403, "source_refused_us"),
        (404, "source_not_found"),
        (418, "source_unreadable"),
        (429, "source_unwell"),
        (500, "source_unwell"),
        (503, "source_unwell"),
        (304, "source_unreadable"),  # nobody asked whether anything had changed
    ],
)
def test_an_index_that_is_not_given(
    repository: Repository, add_source: AddSource, status: int, code: str
) -> None:
    repository.answer(INDEX, status)
    failed(add_source(repository.url), code, str(status))


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_archive_that_is_not_given(repository: Repository, add_source: AddSource, status: int) -> None:
    repository.answer(BAD, status)
    source = add_source(repository.url)
    only_the_good_one(source, "archive_not_served", str(status))
    del repository.answers[BAD]
    assert sync(source).new == 1, "another try goes better, though the index has not changed"


def test_one_bad_source_does_not_stop_another(repository: Repository, add_source: AddSource) -> None:
    broken = add_source(repository.url.replace("/charts", "/nowhere"), slug="broken")
    fine = add_source(repository.url, slug="fine")
    assert sync(broken).outcome == SyncOutcome.FAILED
    assert sync(fine).outcome == SyncOutcome.OK


def test_what_was_imported_stays_when_a_source_fails(repository: Repository, add_source: AddSource) -> None:
    source = add_source(repository.url)
    sync(source)
    repository.answer(INDEX, 500)
    assert sync(source).outcome == SyncOutcome.FAILED
    assert set(states(source).values()) == {"imported"}


# -- schemas, which the examination looks at


SCHEMAS: dict[str, Callable[[Repository], dict[str, Any]]] = {
    "refers to elsewhere": lambda repository: {
        "properties": {"colour": {"$ref": f"http://127.0.0.1:{repository.port}/schema.json"}}
    },
    "refers to itself": lambda _: {
        "properties": {"colour": {"$ref": "#/definitions/a"}},
        "definitions": {"a": {"$ref": "#/definitions/a"}},
    },
}


@pytest.mark.parametrize("what", sorted(SCHEMAS))
def test_a_schema_that_leads_elsewhere_or_in_a_circle(
    repository: Repository, add_source: AddSource, what: str
) -> None:
    schema = json.dumps(SCHEMAS[what](repository))
    repository.add("bad", "1.1.0", **{"values.schema.json": schema})
    source = add_source(repository.url, newest=1)
    sync(source, limits=LIMITS)
    assert row_of(source, "bad", "1.1.0").report["blocking"] != []
    assert row_of(source, "good", "1.0.0").report["blocking"] == []
    assert "/schema.json" not in repository.paths
