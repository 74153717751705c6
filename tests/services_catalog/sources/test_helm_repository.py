"""A Helm repository: what is new is taken, what is known is not fetched, what is lost is remembered."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from services_catalog.chart_cache import unpacked
from services_catalog.models import ChartArchive, SourceVersionState, SyncOutcome
from services_catalog.sources.limits import LIMITS
from tests.fixtures.helm_repository import Repository, served
from tests.services_catalog.sources.conftest import AddSource, row_of, states, sync

pytestmark = pytest.mark.django_db


def test_what_a_repository_offers_is_imported(helm_repository: Repository, add_source: AddSource) -> None:
    helm_repository.add("teal", "1.0.0", "1.1.0")
    helm_repository.add("amber", "0.1.0")
    source = add_source(helm_repository.url)

    done = sync(source)

    assert (done.outcome, done.seen, done.new, done.refused) == (SyncOutcome.OK, 3, 3, 0)
    assert set(states(source)) == {"amber 0.1.0", "teal 1.0.0", "teal 1.1.0"}
    row = row_of(source, "teal", "1.1.0")
    assert row.declared_digest == f"sha256:{helm_repository.entry('teal', '1.1.0')['digest']}"
    assert (row.app_version, row.description) == ("1.0.0", "The colour of teal")
    assert row.icon_url == "https://icons.example.org/teal.png"
    assert (unpacked(row.archive_id) / "templates" / "configmap.yaml").is_file()


def test_an_imported_version_is_examined(helm_repository: Repository, add_source: AddSource) -> None:
    helm_repository.add("teal", "1.0.0")
    source = add_source(helm_repository.url)
    sync(source, limits=LIMITS)
    row = row_of(source, "teal", "1.0.0")
    assert row.report["blocking"] == []
    assert row.examined.startswith("sha256:")


def test_nothing_is_fetched_when_nothing_has_changed(
    helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0")
    source = add_source(helm_repository.url)
    sync(source)
    helm_repository.asked.clear()

    done = sync(source)

    assert (done.outcome, done.new, done.unchanged) == (SyncOutcome.OK, 0, 1)
    [(path, headers)] = helm_repository.asked
    assert path == "/charts/index.yaml"
    assert headers["If-None-Match"] == source.validators["etag"]


def test_only_what_is_new_is_fetched(helm_repository: Repository, add_source: AddSource) -> None:
    helm_repository.add("teal", "1.0.0")
    source = add_source(helm_repository.url)
    sync(source)
    helm_repository.asked.clear()
    helm_repository.add("teal", "1.1.0")

    done = sync(source)

    assert (done.new, done.unchanged) == (1, 1)
    assert helm_repository.paths == [
        "/charts/index.yaml",
        "/charts/teal-1.1.0.tgz",
        "/charts/teal-1.1.0.tgz.prov",
    ]


def test_what_is_lost_is_a_tombstone_and_comes_back(
    helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0", "1.1.0")
    source = add_source(helm_repository.url)
    sync(source)
    kept = (helm_repository.folder / "teal-1.0.0.tgz").read_bytes()
    archive = row_of(source, "teal", "1.0.0").archive_id

    helm_repository.remove("teal", "1.0.0")
    assert sync(source).gone == 1
    row = row_of(source, "teal", "1.0.0")
    assert (row.state, row.archive_id) == (SourceVersionState.GONE, archive)
    assert row.gone_at is not None
    assert unpacked(archive).is_dir()

    (helm_repository.folder / "teal-1.0.0.tgz").write_bytes(kept)
    helm_repository.reindex()
    helm_repository.asked.clear()
    sync(source)
    row = row_of(source, "teal", "1.0.0")
    assert (row.state, row.gone_at) == (SourceVersionState.IMPORTED, None)
    assert helm_repository.paths == ["/charts/index.yaml"]


def test_the_newest_versions_are_taken_and_older_ones_are_not_gone(
    helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1")
    source = add_source(helm_repository.url, newest=2)
    sync(source)
    assert states(source) == {"teal 1.10.0": "imported", "teal 1.9.0": "imported"}

    helm_repository.add("teal", "1.11.0")
    assert sync(source).gone == 0
    assert set(states(source).values()) == {"imported"}
    assert "teal 1.9.0" in states(source)


def test_prereleases_are_taken_where_they_are_wanted(
    helm_repository: Repository, add_source: AddSource
) -> None:
    helm_repository.add("teal", "1.0.0", "2.0.0-rc.1")
    source = add_source(helm_repository.url, prereleases=True, newest=1)
    sync(source)
    assert set(states(source)) == {"teal 2.0.0-rc.1"}


def test_only_charts_that_are_wanted_are_taken(helm_repository: Repository, add_source: AddSource) -> None:
    for name in ("teal", "team-amber", "team-plum"):
        helm_repository.add(name, "1.0.0")
    source = add_source(helm_repository.url, charts=["team-*"])
    sync(source)
    assert set(states(source)) == {"team-amber 1.0.0", "team-plum 1.0.0"}


def test_a_version_may_begin_with_a_v(helm_repository: Repository, add_source: AddSource) -> None:
    helm_repository.add("teal", "v1.2.0")
    source = add_source(helm_repository.url)
    sync(source)
    assert row_of(source, "teal", "v1.2.0").number == "1.2.0"


def test_an_index_may_be_json_and_come_compressed(helm_repository: Repository, add_source: AddSource) -> None:
    helm_repository.add("teal", "1.0.0")
    index = helm_repository.index()
    for entry in index["entries"]["teal"]:
        entry["created"] = str(entry["created"])
    index["generated"] = str(index["generated"])
    body = gzip.compress(json.dumps(index).encode())
    helm_repository.answer("/charts/index.yaml", 200, body, Content_Encoding="gzip")
    source = add_source(helm_repository.url)
    assert sync(source).new == 1


def test_archives_may_be_elsewhere_and_credentials_are_not_sent_there(
    helm_repository: Repository, add_source: AddSource, tmp_path: Path
) -> None:
    helm_repository.add("teal", "1.0.0")
    helm_repository.password = "reader:let-me-in"
    with served(tmp_path / "elsewhere") as elsewhere:
        archive = helm_repository.folder / "teal-1.0.0.tgz"
        (elsewhere.folder / archive.name).write_bytes(archive.read_bytes())
        helm_repository.change_entry("teal", "1.0.0", urls=[f"{elsewhere.url}/{archive.name}"])
        source = add_source(helm_repository.url, username="reader", secret="let-me-in")
        assert sync(source).new == 1
        assert "Authorization" in helm_repository.asked[0][1]
        assert elsewhere.paths[0] == "/charts/teal-1.0.0.tgz"
        assert all("Authorization" not in headers for _, headers in elsewhere.asked)


def test_two_sources_may_hold_the_same_archive(helm_repository: Repository, add_source: AddSource) -> None:
    helm_repository.add("teal", "1.0.0")
    first, second = (add_source(helm_repository.url, slug=slug) for slug in ("one", "two"))
    sync(first)
    sync(second)
    assert ChartArchive.objects.count() == 1
    assert states(first) == states(second)
