"""What a worker finds out about a waiting change, written down as it would; and the change's page, read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, Evidence
from tests.web.pages import Page


def rules(slug: str = "production", **fields: Any) -> None:
    Environment.objects.filter(slug=slug).update(**fields)


def gathered(change: ChangeRequest, kind: str, *, age: timedelta = timedelta(0), **about: Any) -> Evidence:
    """One thing that was found out, and that the gathering is over."""
    now = clock.now()
    ChangeRequest.objects.filter(pk=change.pk).update(evidence_gathered_at=now)
    given = {
        "status": "good",
        "summary": f"{kind} is fine",
        "source": "the tests",
        "digest": change.seal,
        **about,
    }
    return Evidence.objects.create(change=change, kind=kind, observed_at=now - age, **given)


def compared(change: ChangeRequest, objects: list[dict[str, Any]], **about: Any) -> Evidence:
    return gathered(change, "diff", detail={"objects": objects, "left_off": 0}, **about)


def differing(
    name: str,
    change: str = "changed",
    kind: str = "ConfigMap",
    lines: int = 3,
    field: str = "data.level",
) -> dict[str, Any]:
    """One object of a comparison with what is live."""
    text = "\n".join(["@@ -1,2 +1,2 @@", *(f"+line {number} of {name}" for number in range(lines))])
    same = change == "same"
    return {
        "key": {"api_version": "v1", "kind": kind, "namespace": "storefront-production", "name": name},
        "change": change,
        "fields": [{"path": field, "old": "info", "new": f"new of {name}"}] if change == "changed" else [],
        "text": "" if same else text,
    }


def text(browser: Client, change: ChangeRequest, tab: str = "") -> str:
    """The page on one line."""
    response = browser.get(f"/changes/{change.pk}/", {"tab": tab} if tab else {})
    assert response.status_code == 200
    page = response.content.decode()
    assert Page(page).problems == []
    return " ".join(page.split())


def post(browser: Client, change: ChangeRequest, what: str, **data: Any) -> Any:
    return browser.post(f"/changes/{change.pk}/{what}/", {"digest": change.seal, **data})
