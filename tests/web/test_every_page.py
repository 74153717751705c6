"""What holds for all pages: well-formed, labelled, nothing inline or from elsewhere, closed to strangers."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import Team, User
from portal.core import clock
from portal.environments.models import ApproverGroup, Environment
from portal.lifecycle.models import (
    BlastRadius,
    ChangeRequest,
    PolicyException,
    QuotaPool,
    QuotaRaise,
    ServiceInstance,
)
from portal.web import urls, views
from portal.web.headers import POLICY
from tests.api import source_rows
from tests.fixtures.organisation import Organisation
from tests.web.campaigns import asked
from tests.web.conftest import SignIn
from tests.web.drift import drifted
from tests.web.pages import Page

STRANGERS_MAY = {"sign-in", "sign-out", "theme"}
LONGEST_VIEW = 15
GATE_PAGES = ("platform-gate", "platform-gate-save")
GUARD_PAGES = ("platform-guard", "platform-guard-choose", "platform-guard-put-right")
SOURCE_PAGES = ("sources-one", "sources-live", "sources-edit", "sources-sync", "sources-remove")
CHART_PAGES = tuple(
    f"sources-version{rest}" for rest in ("", "-publish", "-activate", "-retire", "-discard", "-retry")
)
VERSION_PAGES = tuple(f"catalog-{what}" for what in ("compare", "fleet", "deprecate", "deprecate-lift"))
ITEM_PAGES = ("campaigns-item", "campaigns-retry")
CLUSTER_PAGES = ("platform-policies", "platform-policies-install", "platform-policies-remove")


def addresses(instance: ServiceInstance, numbers: dict[str, int]) -> dict[str, str]:
    """An address for each page that is read with GET; `numbers` are the ids of what is no instance."""
    release = instance.current_release
    assert release is not None
    given = {
        "catalog-offering": {"slug": "web-service"},
        "catalog-request": {"slug": "web-service"},
        "applications-one": {"slug": "storefront"},
        "applications-live": {"slug": "storefront"},
        "instances-promote": {"pk": instance.pk, "environment": "staging"},
        "instances-rollback": {"pk": instance.pk, "release": release.pk},
        "instances-drift-tolerate": {"pk": instance.pk, "item": numbers["drift"]},
        "instances-drift-tolerance-end": {"pk": instance.pk, "tolerance": 1},
        "changes-settle": {"pk": numbers["changes"], "comment": 1},
        "tokens-revoke": {"pk": "abc"},
        "catalog-request-preview": {"slug": "web-service"},
        **{name: {"slug": "sandbox"} for name in CLUSTER_PAGES},
        **{name: {"slug": "dev"} for name in (*GATE_PAGES, *GUARD_PAGES)},
        **{name: {"slug": "public"} for name in SOURCE_PAGES},
        **{name: {"slug": "public", "chart": "greeter", "version": "1.0.0"} for name in CHART_PAGES},
        **{name: {"slug": "web-service"} for name in VERSION_PAGES},
        **{name: {"pk": numbers["campaigns"], "item": numbers["item"]} for name in ITEM_PAGES},
        "pools-team": {"slug": "shop"},
        **{name: {"slug": "shop", "environment": "dev"} for name in ("pools-ask", "pools-limit")},
        "docs-one": {"name": "gate"},
        "docs-picture": {"name": "home-light"},
        "platform-group": {"slug": "release-managers"},
        "platform-windows": {"slug": "dev"},
        "platform-windows-add": {"slug": "dev"},
        "platform-windows-remove": {"slug": "dev", "pk": 1},
    }
    found = {}
    for pattern in urls.urlpatterns:
        name, route = str(pattern.name), str(pattern.pattern)
        kwargs = given.get(name) or ({"name": "probes"} if "<str:name>" in route else {})
        if "<uuid:pk>" in route:
            kwargs = {"pk": UUID(int=0)}
        if not kwargs and "<int:pk>" in route:
            kwargs = {"pk": numbers.get(name.partition("-")[0], instance.pk)}
        if name.startswith("policies-blast-radius-"):
            kwargs = {"pk": numbers["blast_radius"]}
        found[name] = reverse(f"web:{name}", kwargs=kwargs)
    found["exceptions-new"] += f"?instance={instance.pk}"
    return found


@pytest.fixture
def pages(
    service: ServiceInstance, waiting: ChangeRequest, excepted: PolicyException, radius: BlastRadius
) -> dict[str, str]:
    ApproverGroup.objects.create(slug="release-managers", name="Release managers")
    source_rows.a_version()
    item, question = drifted(service), asked(service)
    numbers = {
        "changes": waiting.pk,
        "exceptions": excepted.pk,
        "pools": raised().pk,
        "blast_radius": radius.pk,
        "drift": item.pk,
        "campaigns": question.campaign_id,
        "item": question.pk,
    }
    return addresses(service, numbers)


def raised() -> QuotaRaise:
    """A team that has a limit and waits for a larger one."""
    dev, alice = Environment.objects.get(slug="dev"), User.objects.get(username="alice")
    pool, _ = QuotaPool.objects.update_or_create(
        team=Team.objects.get(slug="shop"), environment=dev, defaults={"limits": {"pods": "100"}}
    )
    about = {"before": pool.limits, "limits": {"pods": "200"}, "reason": "The sale begins on Friday."}
    return QuotaRaise.objects.create(pool=pool, requested_by=alice, requested_at=clock.now(), **about)


def test_strangers_are_asked_to_sign_in_everywhere(client: Client, pages: dict[str, str]) -> None:
    for name, address in pages.items():
        if name in STRANGERS_MAY:
            continue
        response = client.get(address)
        assert (response.status_code, response.headers.get("Location")) == (
            302,
            f"/sign-in/?next={quote(address)}",
        ), name


@pytest.mark.parametrize("person", ["alice", "mona", "olga", "pete", "audrey", "pia"])
def test_pages_are_well_formed_for_everybody(
    person: str, organisation: Organisation, signed_in: SignIn, pages: dict[str, str]
) -> None:
    browser = signed_in(getattr(organisation, person))
    for name, address in pages.items():
        response = browser.get(address)
        assert response.status_code in (200, 400, 403, 404, 405, 409, 302, 286), (name, response.status_code)
        assert response.headers["Content-Security-Policy"] == POLICY
        if response.headers.get("Content-Type") == "image/png":
            continue
        if response.status_code in (200, 403, 404, 409) and response.content.startswith(b"{#") is False:
            page = Page(response.content.decode())
            assert page.problems == [], name
            fragment = name.endswith("-live") or not response.content.lstrip().startswith(b"<!doctype")
            assert fragment or len(page.headings) == 1, name


def test_every_tab_is_well_formed(
    organisation: Organisation, signed_in: SignIn, pages: dict[str, str]
) -> None:
    browser = signed_in(organisation.olga)
    tabs = (
        "overview",
        "diff",
        "verdicts",
        "objects",
        "log",
        "audit",
        "policy",
        "drift",
        "releases",
        "timeline",
        "pods",
        "events",
    )
    policy_tabs = ("timeline", "violations", "exceptions", "examples", "source", "history")
    for name in ("changes-one", "instances-one", "policies-one"):
        for tab in (*tabs, *policy_tabs, "nonsense"):
            response = browser.get(pages[name], {"tab": tab})
            assert response.status_code == 200
            assert Page(response.content.decode()).problems == [], (name, tab)


def test_links_on_the_main_pages_lead_somewhere(
    organisation: Organisation, signed_in: SignIn, pages: dict[str, str]
) -> None:
    browser = signed_in(organisation.alice)
    seen = set()
    for name in (
        "home",
        "catalog",
        "catalog-offering",
        "applications-one",
        "instances-one",
        "changes-one",
        "policies",
        "policies-one",
        "exceptions",
        "exceptions-one",
        "exceptions-debt",
    ):
        seen |= {link.partition("#")[0] for link in Page(browser.get(pages[name]).content.decode()).links}
    for link in sorted(seen):
        assert browser.get(link).status_code == 200, link


def test_titles_say_where_one_is(
    organisation: Organisation, signed_in: SignIn, pages: dict[str, str]
) -> None:
    names = (
        "home",
        "catalog",
        "applications",
        "instances",
        "changes",
        "policies",
        "policies-one",
        "policies-mode",
        "policies-playground",
        "policies-blast-radius",
        "policies-blast-radius-one",
        "exceptions",
        "exceptions-one",
        "exceptions-debt",
        "drift",
        "instances-drift-revert",
        "instances-drift-tolerate",
        "platform-policies",
        "platform-guard",
        "platform-windows",
        "audit",
        "platform",
        "notifications",
        "tokens",
        "design",
    )
    titles = []
    for name in names:
        browser = signed_in(organisation.alice if name.startswith("instances-") else organisation.pete)
        titles.append(browser.get(pages[name]).content.decode().split("<title>")[1].split("</title>")[0])
    assert len(set(titles)) == len(names)
    assert all(title.endswith("· Slipway") for title in titles)


def test_every_page_is_documented() -> None:
    text = Path("docs/pages.md").read_text()
    missing = [p.name for p in urls.urlpatterns if f"`/{_documented(str(p.pattern))}`" not in text]
    assert missing == []


def _documented(route: str) -> str:
    return (
        route.replace("<int:", "{")
        .replace("<slug:", "{")
        .replace("<str:", "{")
        .replace("<uuid:", "{")
        .replace(">", "}")
    )


def test_views_are_thin_and_never_import_the_api() -> None:
    folder = Path(inspect.getfile(views)).parent
    for file in sorted(folder.glob("*.py")):
        tree = ast.parse(file.read_text())
        assert "portal.api" not in file.read_text()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.body[0].lineno + 1
                assert lines <= LONGEST_VIEW, f"{file.name}: {node.name} has {lines} lines"
