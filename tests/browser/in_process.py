"""Pages in a real Chromium, answered by Django in the test's own process and transaction: quick, and whatever
rows a test has are there. Styles and scripts are the real ones; nothing goes over a network."""

from __future__ import annotations

import mimetypes
from contextvars import copy_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from portal.accounts.models import User

ORIGIN = "http://portal.test"


class InProcess:
    """A browser whose every request Django's test client answers. Close it in the end."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.client = Client(raise_request_exception=False)
        self.context: BrowserContext = browser.new_context(base_url=ORIGIN, **options)
        self.context.set_default_navigation_timeout(120_000)  # milliseconds; others measure speed
        # Playwright calls back in contexts of its own, in which Django would open another connection
        self._inside = copy_context()
        self.context.route("**/*", self._answer)
        self.page: Page = self.context.new_page()
        # what was answered with which status, the last page first asked for at the end
        self.answers: list[tuple[str, int]] = []

    def sign_in(self, user: User) -> None:
        self.client.force_login(user)

    def open(self, address: str) -> int:
        """Go there and wait until nothing loads any more; the status."""
        response = self.page.goto(address, wait_until="networkidle")
        assert response is not None
        return response.status

    def is_page(self, address: str) -> bool:
        """Whether a whole page is there, not a part of one and no file."""
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        return not answer.streaming and b"<main" in answer.content

    def close(self) -> None:
        self.context.close()

    def _answer(self, route: Route, request: Request) -> None:
        place = urlsplit(request.url)
        if place.path.startswith("/static/"):
            self._file(route, place.path.removeprefix("/static/"))
            return
        answer = self._inside.copy().run(self._ask, request)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=body)

    def _ask(self, request: Request) -> Any:
        place = urlsplit(request.url)
        headers = {name: value for name, value in request.headers.items() if name != "cookie"}
        address = place.path + (f"?{place.query}" if place.query else "")
        answer = self.client.generic(
            request.method,
            address,
            request.post_data_buffer or b"",
            content_type=headers.pop("content-type", "application/octet-stream"),
            headers=headers,
        )
        self.answers.append((address, answer.status_code))
        return answer

    def _file(self, route: Route, name: str) -> None:
        found = finders.find(name)
        if not isinstance(found, str):
            route.fulfill(status=404)
            return
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        route.fulfill(status=200, headers={"content-type": kind}, body=Path(found).read_bytes())
