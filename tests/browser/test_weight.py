"""What a first look at the portal weighs, as it is served: compressed, and kept by the browser afterwards."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, Request, Route

from portal.settings.dev import STORAGES
from tests.browser.in_process import InProcess
from tests.fixtures.organisation import Organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(480)]

KILOBYTE, BOUND = 1000, 400
PAGES = ("/", "/catalog/", "/catalog/web-service/request/")
COMPRESSED = {"headers": {"accept-encoding": "gzip, br"}}
NAMED_BY_CONTENT = re.compile(r"\.[0-9a-f]{12}\.\w+$")


class AsServed(InProcess):
    """Files by WhiteNoise, as in production; and whatever the browser asked for."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        super().__init__(browser, **options)
        self.asked: list[str] = []
        self.posted = 0  # bytes of what answers the form while it is filled in, not compressed

    def _answer(self, route: Route, request: Request) -> None:
        place = urlsplit(request.url)
        if request.method == "GET":
            self.asked.append(place.path + (f"?{place.query}" if place.query else ""))
        super()._answer(route, request)

    def _ask(self, request: Request) -> Any:
        answer = super()._ask(request)
        if request.method != "GET":
            self.posted += len(answer.content)
        return answer

    def _file(self, route: Route, name: str) -> None:
        answer = Client().get(f"/static/{name}")
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=b"".join(answer))


@pytest.fixture
def collected(tmp_path: Path, settings: Any) -> None:
    """Static files as `make up` and the image prepare them."""
    settings.STATIC_ROOT, settings.STORAGES = tmp_path / "static", STORAGES
    call_command("collectstatic", "--no-input", verbosity=0)


@pytest.fixture
def served(collected: None, browser: Browser) -> Iterator[AsServed]:
    opened = AsServed(browser, viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.mark.parametrize("address", PAGES)
def test_a_first_look_weighs_less_than_400_kilobytes(
    organisation: Organisation, served: AsServed, address: str
) -> None:
    served.sign_in(organisation.alice)
    assert served.open(address) == 200
    weights = {"posted": served.posted}
    for each in dict.fromkeys(served.asked):
        answer = served.client.get(each, **COMPRESSED)
        assert answer.status_code == 200, each
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
        weights[each] = len(body) + headers
    total = sum(weights.values()) / KILOBYTE
    print(f"\n{address}: {total:.0f} kB in {len(weights)} answers")
    assert any(name.endswith(".css") for name in weights)
    assert any(name.endswith(".js") for name in weights)
    assert total < BOUND, sorted(weights.items(), key=lambda item: -item[1])


def test_files_are_named_by_their_content_and_kept_for_good(
    organisation: Organisation, collected: None
) -> None:
    client = Client()
    client.force_login(organisation.alice)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").content.decode())
    assert len(files) > len(PAGES)
    for name in files:
        assert NAMED_BY_CONTENT.search(name), name
        assert "immutable" in client.get(name)["Cache-Control"]
    sheet = next(name for name in files if "tabler" in name)
    assert client.get(sheet, **COMPRESSED)["Content-Encoding"] == "gzip"


def test_pages_are_compressed_and_what_has_an_etag_or_is_for_programs_is_not(
    organisation: Organisation,
) -> None:
    client = Client()
    client.force_login(organisation.alice)
    page = client.get("/catalog/", **COMPRESSED)
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert b"Web service" in gzip.decompress(page.content)
    for address in ("/home/live/", "/api/v1/offerings/"):
        answer = client.get(address, **COMPRESSED)
        assert answer.status_code == 200, address
        assert "Content-Encoding" not in answer, address
    assert not client.get("/home/live/", **COMPRESSED)["ETag"].startswith("W/")
