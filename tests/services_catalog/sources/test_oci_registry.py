"""The reference registry, with charts that helm has pushed into it."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from services_catalog.models import SyncOutcome
from tests.fixtures.oci_registry import PASSWORD, USER, Registry, listening
from tests.services_catalog.sources.conftest import AddSource, row_of, states, sync

pytestmark = pytest.mark.django_db


def test_charts_that_were_pushed_are_imported(oci_registry: Registry, add_source: AddSource) -> None:
    oci_registry.push("teal", "1.0.0", "1.1.0")
    oci_registry.push("amber", "0.1.0+build.7")
    source = add_source(oci_registry.url, "oci", charts=["teal", "amber"])

    done = sync(source)

    assert (done.outcome, done.new) == (SyncOutcome.OK, 3)
    assert set(states(source)) == {"amber 0.1.0+build.7", "teal 1.0.0", "teal 1.1.0"}
    layer = oci_registry.manifest("charts/teal", "1.1.0")["layers"][0]
    row = row_of(source, "teal", "1.1.0")
    assert row.declared_digest == layer["digest"]
    assert row.url == f"oci://{oci_registry.host}/charts/teal:1.1.0"


def test_a_second_sync_takes_nothing_anew(oci_registry: Registry, add_source: AddSource) -> None:
    oci_registry.push("teal", "1.0.0")
    source = add_source(oci_registry.url, "oci", charts=["teal"])
    sync(source)
    done = sync(source)
    assert (done.outcome, done.new, done.unchanged) == (SyncOutcome.OK, 0, 1)


def test_a_tag_that_was_moved_is_refused_and_the_first_archive_stays(
    oci_registry: Registry, add_source: AddSource
) -> None:
    oci_registry.push("teal", "1.0.0")
    oci_registry.push("amber", "1.0.0")
    source = add_source(oci_registry.url, "oci", charts=["teal", "amber"])
    sync(source)
    archive = row_of(source, "teal", "1.0.0").archive_id

    oci_registry.push("teal", "1.0.0", **{"templates__more.yaml": "# changed\n"})
    oci_registry.push("amber", "1.1.0")
    done = sync(source)

    assert (done.outcome, done.new, done.refused) == (SyncOutcome.PARTLY, 1, 1)
    row = row_of(source, "teal", "1.0.0")
    assert (row.archive_id, row.refusal_code) == (archive, "digest_changed")
    assert "a changed chart needs a new version" in row.refusal


def test_a_repository_that_is_missing_does_not_stop_the_others(
    oci_registry: Registry, add_source: AddSource
) -> None:
    oci_registry.push("teal", "1.0.0")
    source = add_source(oci_registry.url, "oci", charts=["missing", "teal"])
    done = sync(source)
    assert (done.outcome, done.code, done.new) == (SyncOutcome.PARTLY, "source_not_found", 1)
    assert "missing" in done.reason


def test_what_is_no_chart_is_refused(oci_registry: Registry, add_source: AddSource) -> None:
    oci_registry.push("teal", "1.0.0", "1.1.0")
    manifest = oci_registry.manifest("charts/teal", "1.1.0")
    manifest["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json"
    oci_registry.put_manifest("charts/teal", "1.1.0", manifest)
    source = add_source(oci_registry.url, "oci", charts=["teal"])
    sync(source)
    assert states(source) == {"teal 1.0.0": "imported", "teal 1.1.0": "not_a_chart"}


def test_a_chart_under_another_charts_name_is_refused(oci_registry: Registry, add_source: AddSource) -> None:
    """A lying tag: the layer is what its digest says, but not what the repository and tag say."""
    oci_registry.push("teal", "1.0.0", "1.1.0")
    manifest = oci_registry.manifest("charts/teal", "1.0.0")
    oci_registry.put_manifest("charts/teal", "9.9.9", manifest)
    source = add_source(oci_registry.url, "oci", charts=["teal"])
    sync(source)
    assert states(source)["teal 9.9.9"] == "chart_differs"


def test_tags_that_are_no_versions_are_none_of_ours(oci_registry: Registry, add_source: AddSource) -> None:
    oci_registry.push("teal", "1.0.0")
    manifest = oci_registry.manifest("charts/teal", "1.0.0")
    for tag in ("latest", "sha256-abcdef.sig"):
        oci_registry.put_manifest("charts/teal", tag, manifest)
    source = add_source(oci_registry.url, "oci", charts=["teal"])
    assert sync(source).outcome == SyncOutcome.OK
    assert set(states(source)) == {"teal 1.0.0"}


def test_a_long_list_of_tags_is_read_to_its_end(
    oci_registry: Registry, add_source: AddSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services_catalog.sources.oci_registry.PAGE", 3)
    oci_registry.push("teal", "0.1.0")
    manifest = oci_registry.manifest("charts/teal", "0.1.0")
    for minor in range(2, 11):
        oci_registry.put_manifest("charts/teal", f"0.{minor}.0", manifest)
    source = add_source(oci_registry.url, "oci", charts=["teal"], newest=20)
    assert sync(source).seen == 10


def test_a_closed_registry_is_read_with_a_password(closed_registry: Registry, add_source: AddSource) -> None:
    closed_registry.push("teal", "1.0.0")
    source = add_source(closed_registry.url, "oci", charts=["teal"], username=USER, secret=PASSWORD)
    assert sync(source).new == 1


@pytest.mark.parametrize("given", [{}, {"username": USER, "secret": "wrong"}])
def test_a_closed_registry_says_so_without_the_right_one(
    closed_registry: Registry, add_source: AddSource, given: dict[str, str]
) -> None:
    closed_registry.push("teal", "1.0.0")
    source = add_source(closed_registry.url, "oci", charts=["teal"], **given)
    done = sync(source)
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "source_refused_us")


class _Tokens(BaseHTTPRequestHandler):
    """A registry with a token server: /v2 wants the token, /token gives it for a scope."""

    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, self.headers.get("Authorization", "")))
        if self.path.startswith("/token"):
            self._say(200, {"token": "t0ken"})
        elif self.headers.get("Authorization") != "Bearer t0ken":
            realm = f'Bearer realm="{server.realm}",service="charts",scope="repository:x:pull"'
            self._say(401, {}, **{"WWW-Authenticate": realm})
        else:
            self._say(*server.plan.get(self.path.partition("?")[0], (404, {})))

    def _say(self, status: int, body: Any, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""


def planned(archive: bytes, **said: Any) -> dict[str, Any]:
    """What a registry answers that holds one version of teal."""
    digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
    layer = {
        "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        "digest": digest,
        "size": len(archive),
        **said,
    }
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": digest, "size": 2}
    return {
        "/v2/teal/tags/list": (200, {"name": "teal", "tags": ["1.0.0"]}),
        "/v2/teal/manifests/1.0.0": (200, {"schemaVersion": 2, "config": config, "layers": [layer]}),
        f"/v2/teal/blobs/{layer['digest']}": (200, archive),
    }


@pytest.fixture
def token_registry(oci_registry: Registry) -> Any:
    with listening(_Tokens) as server:
        oci_registry.push("teal", "1.0.0")
        archive = (oci_registry.work / "packed" / "teal-1.0.0.tgz").read_bytes()
        server.seen, server.plan, server.archive = [], planned(archive), archive
        server.realm = f"http://127.0.0.1:{server.port}/token"
        yield server


def test_a_token_is_fetched_for_each_repository(token_registry: Any, add_source: AddSource) -> None:
    url = f"http://127.0.0.1:{token_registry.port}"
    source = add_source(url, "oci", charts=["teal"], username=USER, secret=PASSWORD)
    assert sync(source).new == 1
    asked = [path for path, _ in token_registry.seen if path.startswith("/token")]
    assert asked == ["/token?service=charts&scope=repository%3Ateal%3Apull"]


def test_credentials_are_not_sent_to_a_token_server_of_elsewhere(
    token_registry: Any, add_source: AddSource
) -> None:
    with listening(_Tokens) as other:
        other.seen, other.plan, other.realm = [], {}, ""
        token_registry.realm = f"http://127.0.0.1:{other.port}/token"
        url = f"http://127.0.0.1:{token_registry.port}"
        source = add_source(url, "oci", charts=["teal"], username=USER, secret=PASSWORD)
        done = sync(source)
        assert (done.outcome, done.code) == (SyncOutcome.FAILED, "source_refused_us")
        assert other.seen == []


@pytest.mark.parametrize("realm", ["http://169.254.169.254/token", "http://127.0.0.2:1/token", "nowhere"])
def test_a_token_server_is_checked_like_any_address(
    token_registry: Any, add_source: AddSource, realm: str
) -> None:
    token_registry.realm = realm
    source = add_source(f"http://127.0.0.1:{token_registry.port}", "oci", charts=["teal"])
    done = sync(source)
    assert (done.outcome, done.code) == (SyncOutcome.FAILED, "address_refused")


def test_a_blob_that_is_not_what_its_digest_says_is_refused(
    token_registry: Any, add_source: AddSource
) -> None:
    lie = f"sha256:{'0' * 64}"
    token_registry.plan = planned(token_registry.archive, digest=lie)
    source = add_source(f"http://127.0.0.1:{token_registry.port}", "oci", charts=["teal"])
    sync(source)
    assert states(source) == {"teal 1.0.0": "digest_differs"}


def test_a_blob_that_says_it_is_huge_is_not_fetched(token_registry: Any, add_source: AddSource) -> None:
    token_registry.plan = planned(token_registry.archive, size=2**30)
    source = add_source(f"http://127.0.0.1:{token_registry.port}", "oci", charts=["teal"])
    sync(source)
    assert states(source) == {"teal 1.0.0": "too_large"}
    assert not any("/blobs/" in path for path, _ in token_registry.seen)
