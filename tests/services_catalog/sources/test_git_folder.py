"""Charts in a Git repository, over smart HTTP."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest

from portal.settings import channels
from services_catalog.models import SourceVersionState, SyncOutcome
from services_catalog.sources.limits import MIB, Limits
from tests.fixtures.git_server import GitServer
from tests.services_catalog.sources.conftest import AddSource, row_of, states, sync

pytestmark = pytest.mark.django_db


def test_charts_under_the_named_folders_are_imported(git_server: GitServer, add_source: AddSource) -> None:
    git_server.chart("deploy", "teal", "1.0.0", **{"charts__inner__Chart.yaml": "name: inner\n"})
    git_server.chart("deploy/more", "amber", "0.1.0")
    git_server.chart("examples", "plum", "1.0.0")
    commit = git_server.commit()
    source = add_source(git_server.url, "git", charts=["deploy"])

    done = sync(source)

    assert (done.outcome, done.new, done.refused) == (SyncOutcome.OK, 2, 0)
    assert states(source) == {"amber 0.1.0": "imported", "teal 1.0.0": "imported"}
    row = row_of(source, "teal", "1.0.0")
    assert row.url == f"{git_server.url}#{commit}:deploy/teal"
    assert row.declared_digest == f"tree:{git_server.git('rev-parse', 'HEAD:deploy/teal')}"
    assert source.validators == {"commit": commit}


def test_nothing_is_fetched_while_the_commit_is_the_same(
    git_server: GitServer, add_source: AddSource
) -> None:
    git_server.chart("deploy", "teal", "1.0.0")
    git_server.commit()
    source = add_source(git_server.url, "git")
    sync(source)
    git_server.asked.clear()

    assert sync(source).unchanged == 1
    # protocol v2: capabilities and refs, no pack
    assert len(git_server.asked) == 2


def test_a_new_version_is_taken_and_the_old_one_is_a_tombstone(
    git_server: GitServer, add_source: AddSource
) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.commit()
    source = add_source(git_server.url, "git")
    sync(source)
    git_server.chart(".", "teal", "1.1.0")
    git_server.commit()

    assert sync(source).new == 1
    assert states(source) == {"teal 1.0.0": "gone", "teal 1.1.0": "imported"}
    assert row_of(source, "teal", "1.0.0").archive_id is not None


def test_a_chart_that_changes_without_a_new_version_is_refused(
    git_server: GitServer, add_source: AddSource
) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.commit()
    source = add_source(git_server.url, "git")
    sync(source)
    archive = row_of(source, "teal", "1.0.0").archive_id
    git_server.chart(".", "teal", "1.0.0", **{"values.yaml": "colour: blue\n"})
    git_server.commit()

    assert sync(source).refused == 1
    row = row_of(source, "teal", "1.0.0")
    assert (row.state, row.refusal_code) == (SourceVersionState.IMPORTED, "digest_changed")
    assert row.archive_id == archive


def test_a_branch_may_be_named(git_server: GitServer, add_source: AddSource) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.commit()
    git_server.chart(".", "teal", "2.0.0")
    git_server.git("checkout", "--quiet", "-b", "next")
    git_server.git("add", "--all")
    git_server.git("commit", "--quiet", "--message", "next")
    git_server.git("push", "--quiet", str(git_server.folder / "charts.git"), "next")
    source = add_source(git_server.url, "git", branch="next")
    sync(source)
    assert set(states(source)) == {"teal 2.0.0"}


def test_links_and_submodules_are_refused_and_the_rest_is_taken(
    git_server: GitServer, add_source: AddSource
) -> None:
    git_server.chart(".", "teal", "1.0.0")
    linked = git_server.chart(".", "amber", "1.0.0")
    os.symlink("/etc/passwd", linked / "templates" / "secret.yaml")
    git_server.chart(".", "plum", "1.0.0")
    head = git_server.commit()
    git_server.git("update-index", "--add", "--cacheinfo", f"160000,{head},plum/charts/inner")
    git_server.git("commit", "--quiet", "--message", "a submodule")
    git_server.git("push", "--quiet", str(git_server.folder / "charts.git"), "HEAD:refs/heads/main")
    source = add_source(git_server.url, "git")

    done = sync(source)

    assert (done.outcome, done.new) == (SyncOutcome.PARTLY, 1)
    assert states(source) == {
        "amber 1.0.0": "chart_unusable",
        "plum 1.0.0": "chart_unusable",
        "teal 1.0.0": "imported",
    }
    assert "templates/secret.yaml is a link" in row_of(source, "amber", "1.0.0").refusal


@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_file_that_is_too_large_is_refused_and_the_rest_is_taken(
    git_server: GitServer, add_source: AddSource, filters: str
) -> None:
    bare = str(git_server.folder / "charts.git")
    git_server.git("--git-dir", bare, "config", "uploadpack.allowFilter", filters)
    git_server.chart(".", "teal", "1.0.0")
    chart = git_server.chart(".", "amber", "1.0.0")
    (chart / "large.bin").write_bytes(os.urandom(7 * MIB))
    git_server.commit()
    source = add_source(git_server.url, "git")
    sync(source)
    assert states(source) == {"amber 1.0.0": "too_large", "teal 1.0.0": "imported"}


def test_a_repository_that_is_too_large_is_refused(git_server: GitServer, add_source: AddSource) -> None:
    git_server.chart(".", "teal", "1.0.0")
    (git_server.work / "noise").mkdir()
    for number in range(3):
        (git_server.work / "noise" / f"{number}.bin").write_bytes(os.urandom(4 * MIB))
    git_server.commit()
    source = add_source(git_server.url, "git")
    done = sync(source, limits=Limits(git_pack_bytes=4 * MIB, examinations=0))
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "answer_too_large")


def test_a_redirect_is_not_followed(git_server: GitServer, add_source: AddSource) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.commit()
    elsewhere = {"Location": "http://169.254.169.254/charts.git/info/refs?service=git-upload-pack"}
    git_server.answers["/charts.git/info/refs"] = (302, elsewhere)
    done = sync(add_source(git_server.url, "git"))
    assert done.outcome == SyncOutcome.FAILED
    assert len(git_server.asked) == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_a_name_or_address_inside_is_refused(
    git_server: GitServer, add_source: AddSource, host: str, settings: Any
) -> None:
    settings.SLIPWAY_OUTBOUND_ALLOWED = channels.outbound(("127.0.0.1", "127.0.0.2"))
    source = add_source(f"http://{host}:{git_server.port}/charts.git", "git")
    settings.SLIPWAY_OUTBOUND_ALLOWED = channels.outbound(())
    done = sync(source)
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "address_refused")
    assert git_server.asked == []


def test_credentials_are_sent_to_the_server(git_server: GitServer, add_source: AddSource) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.commit()
    git_server.password = "reader:let-me-in"
    source = add_source(git_server.url, "git", username="reader", secret="let-me-in")
    assert sync(source).new == 1
    wanted = "Basic " + base64.b64encode(b"reader:let-me-in").decode()
    assert git_server.headers[0]["Authorization"] == wanted


def test_without_the_right_credentials_it_says_so(git_server: GitServer, add_source: AddSource) -> None:
    git_server.password = "reader:let-me-in"
    done = sync(add_source(git_server.url, "git"))
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "source_refused_us")


def test_a_missing_branch_is_said_plainly(git_server: GitServer, add_source: AddSource) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.commit()
    done = sync(add_source(git_server.url, "git", branch="release"))
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "source_not_found")
    assert "release" in done.reason


def test_a_chart_whose_metadata_cannot_be_read_does_not_stop_the_rest(
    git_server: GitServer, add_source: AddSource
) -> None:
    git_server.chart(".", "teal", "1.0.0")
    git_server.chart(".", "amber", "1.0.0", **{"Chart.yaml": "name: [\n"})
    git_server.commit()
    source = add_source(git_server.url, "git")
    sync(source)
    assert states(source) == {"amber ": "chart_unusable", "teal 1.0.0": "imported"}
