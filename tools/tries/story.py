"""From signing in to production: what a developer does, and the operator who lets them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, expect

from tools.scenario.api import Person
from tools.tries.hands import Hands

IMAGE = "registry.example.com/shop/storefront:1.4.2"
SETTLED = 60_000  # milliseconds until a change has ended
Open = Callable[[], Hands]


@dataclass(frozen=True)
class Tried:
    """Of asking for a web service with defaults, from being signed in: what it took."""

    name: str
    steps: int
    seconds: float


def prepare(alice: Person, olga: Person) -> None:
    """Namespaces of the application in all stages: a team has them before it asks for services."""
    have = {
        each["environment"]
        for each in alice.every("instances/", application="storefront", offering="namespace")
    }
    for environment in ("dev", "staging", "production"):
        if environment in have:
            continue
        body: dict[str, Any] = {
            "kind": "create",
            "application": "storefront",
            "environment": environment,
            "offering": "namespace",
            "reason": "To be tried.",
        }
        change = alice.post("changes/", body).expect(201, 202)
        if change["state"] == "awaiting_approval":
            seen = olga.get(f"changes/{change['id']}/")
            olga.post(f"changes/{change['id']}/approve/", {"digest": seen["digest"]}).expect(200)
        alice.follow(alice.get(f"changes/{change['id']}/"))


def tell(alice: Hands, olga: Hands, passwords: dict[str, str]) -> Tried:
    """The whole story; raises Lost, or playwright's errors, where it does not go on."""
    sign_in(alice, "alice", passwords["alice"])
    tried = ask(alice)
    expect(headline(alice)).to_contain_text("Succeeded", timeout=SETTLED)
    alice.keep("4-succeeded")
    promote(alice, tried.name, "Staging")
    expect(headline(alice)).to_contain_text("Succeeded", timeout=SETTLED)
    promote(alice, tried.name, "Production")
    expect(headline(alice)).to_contain_text("Waiting", timeout=SETTLED)
    alice.keep("5-waits-for-production")
    sign_in(olga, "olga", passwords["olga"])
    approve(olga, tried.name)
    expect(headline(olga)).to_contain_text("Succeeded", timeout=SETTLED)
    if not alice.manner.scripts:
        alice.page.reload()  # what waits for somebody is not read anew by itself
    expect(headline(alice)).to_contain_text("Succeeded", timeout=SETTLED)
    alice.press(breadcrumb(alice, tried.name))
    alice.page.wait_for_url("**/instances/*/")
    alice.page.wait_for_load_state("networkidle")
    alice.keep("8-runs-in-production")
    return tried


def sign_in(hands: Hands, name: str, password: str) -> None:
    hands.page.goto("/sign-in/")
    hands.write(hands.page.get_by_label("Username"), name)
    hands.write(hands.page.get_by_label("Password"), password)
    hands.press(hands.page.get_by_role("button", name="Sign in"))
    hands.page.get_by_role("heading", name="Hello").wait_for()


def ask(hands: Hands) -> Tried:
    """A web service with defaults; only its image is one's own."""
    page = hands.page
    hands.begin()
    began = time.monotonic()
    hands.keep("1-home")
    hands.press(visible(page.get_by_role("link", name="Catalog")))
    hands.press(page.locator("main").get_by_role("link", name="Web service"))
    hands.press(page.locator("main").get_by_role("link", name="Request", exact=True))
    hands.write(page.locator("[name='/image/repository']"), IMAGE)
    name = page.get_by_label("Name", exact=True).first.input_value()
    if hands.manner.scripts:
        expect(page.get_by_label("What will happen")).to_contain_text("Policy allows it")
    hands.keep("2-request")
    hands.send(visible(page.get_by_role("button", name="Request", exact=True)))
    headline(hands).wait_for()
    tried = Tried(name, hands.count, time.monotonic() - began)
    hands.keep("3-asked")
    return tried


def promote(hands: Hands, name: str, stage: str) -> None:
    hands.press(breadcrumb(hands, name))
    hands.press(visible(hands.page.get_by_role("link", name=f"Promote to {stage}")))
    hands.press(visible(hands.page.get_by_role("button", name="romote")))
    headline(hands).wait_for()


def approve(hands: Hands, name: str) -> None:
    hands.press(visible(hands.page.get_by_role("link", name="Approvals")))
    hands.page.wait_for_url("**/approvals/")
    hands.keep("6-approvals")
    hands.press(hands.page.get_by_role("link", name=f"Promote {name}", exact=True))
    headline(hands).wait_for()
    hands.keep("7-decision")
    hands.press(visible(hands.page.get_by_role("button", name="Approve", exact=True)))


def headline(hands: Hands) -> Locator:
    return hands.page.locator("[data-headline]")


def breadcrumb(hands: Hands, name: str) -> Locator:
    return hands.page.get_by_label("Breadcrumb").get_by_role("link", name=name, exact=True)


def visible(which: Locator) -> Locator:
    """Of several that are called the same, the one that is on the screen."""
    return which.filter(visible=True)
