"""A real Chromium against a real portal with a real (sandbox) cluster and a worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.api.conftest import world, world_snapshot
from tests.fixtures.portal import LivePortal

# Playwright's loop runs in this thread, and Django's check would take it for an asynchronous view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

Opened = Callable[..., Page]
# what a page gets to follow, in milliseconds, on a machine that does much else
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)

__all__ = ["world", "world_snapshot"]  # fixtures


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = shutil.which("chromium")
    assert path, "Chromium is missing: install the package `chromium`, or run `make dev`."
    return {
        "executable_path": path,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture
def open_as(browser: Browser, live_portal: LivePortal) -> Iterator[Opened]:
    """A signed-in page of one person's own browser; what the console complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        replaced = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))  # by a newer request
        if message.type == "error" and not replaced and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def open_page(name: str, **options: Any) -> Page:
        context = browser.new_context(base_url=live_portal.url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(live_portal.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Hello").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
