"""Stored texts never become markup, script or template code on any page, whoever reads it."""

from __future__ import annotations

from typing import Any

import pytest

from portal.audit.recording import record
from portal.lifecycle.models import ChangeRequest
from portal.web import markdown
from tests.fixtures.organisation import Organisation
from tests.security.planting import CANARY, MARK, Seen, evaluated, plant
from tests.web.conftest import SignIn
from tests.web.test_every_page import pages  # noqa: F401 a fixture

TABS = ("overview", "diff", "verdicts", "objects", "log", "audit", "comments", "releases", "drift")


@pytest.fixture
def poisoned(pages: dict[str, str], waiting: ChangeRequest) -> dict[str, str]:  # noqa: F811
    """Every page of a portal in which each text of each row holds the canary, schemas of charts included: a
    page that cannot make sense of one any more may fail, but not by showing it as markup."""
    planted = plant()
    found = {CANARY: CANARY, "list": [CANARY]}
    record("demo.loaded", waiting, actor=waiting.requested_by, comment=CANARY, before=found, after=found)
    assert len(planted) > 60
    return pages


@pytest.mark.timeout(600)
def test_no_stored_text_comes_out_as_markup_on_any_page(
    poisoned: dict[str, str],
    organisation: Organisation,
    signed_in: SignIn,
) -> None:
    shown, wrong = 0, []
    for person in ("alice", "pete", "olga"):
        browser = signed_in(getattr(organisation, person))
        browser.raise_request_exception = False
        addresses = {**poisoned, **{f"{name}?{tab}": f"{poisoned[name]}?tab={tab}" for name in
                     ("changes-one", "instances-one") if name in poisoned for tab in TABS}}  # fmt: skip
        for name, address in addresses.items():
            answer = browser.get(address)
            html = answer.content.decode(errors="replace")
            if "html" not in answer.headers.get("Content-Type", ""):
                continue
            seen = Seen(html)
            shown += bool(seen.text)
            wrong += [f"{person} {name} {address}: {each}" for each in (*seen.injected, *evaluated(html))]
    assert not wrong, "\n".join(wrong)
    assert shown > 60  # it is there to be seen, as text


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"# {CANARY}\n\n- {CANARY}\n\n`{CANARY}`\n\n```\n{CANARY}\n```\n\n> {CANARY}",
        f"[x](javascript:alert(1)) [y](data:text/html,x) ![z](x{CANARY}) <{MARK}>",
        f"<a href='x' {MARK}=1 onclick=x>a</a><script>x</script><iframe src=x></iframe><style>x</style>",
        f"| a | b |\n|---|---|\n| {CANARY} | <img src=x onerror={MARK}> |",
        "[a]: javascript:alert(1)\n[click][a]",
        "[x](java\nscript:alert(1)) [x](&#106;avascript:alert(1)) [x](JaVaScRiPt:alert(1)) <vbscript:x>",
        '<svg onload="x"><math><form action=x><input name=x><base href=x><meta http-equiv=refresh>',
    ],
)
def test_a_chart_s_own_words_are_text_and_links_only(text: str) -> None:
    html = str(markdown.render(text))
    assert Seen(html).injected == []
    assert list(evaluated(html)) == []
    for tag in ("script", "iframe", "style", "svg", "math", "form", "input", "base", "meta", "object"):
        assert f"<{tag}" not in html.lower()
    assert " on" not in "".join(part.split(">")[0] for part in html.split("<")[1:])


def test_what_is_typed_comes_back_as_it_was_typed(
    organisation: Organisation,
    signed_in: SignIn,
    namespace: Any,
) -> None:
    """Reflected: what a form refuses is shown again."""
    browser = signed_in(organisation.alice)
    fields = (
        "application",
        "environment",
        "name",
        "plan",
        "version",
        "view",
        "next_view",
        "yaml",
        "/image/tag",
    )
    typed = {**dict.fromkeys((*fields, f"/{CANARY}", "carried", "fix", "reason"), CANARY), "ask": "yes"}
    for address in (
        "/catalog/web-service/request/",
        "/catalog/web-service/request/preview/",
        "/policies/playground/",
    ):
        answer = browser.post(address, typed)
        assert answer.status_code < 500
        assert Seen(answer.content.decode()).injected == []
    addresses = ("/catalog/?q=", "/changes/?q=", "/changes/?state=", "/audit/?q=", "/policies/?q=")
    others = ("/nowhere/", "/catalog/", "/sign-in/?next=", "/exceptions/?state=", "/instances/?environment=")
    for address in (*addresses, *others):
        answer = browser.get(address + "%22%3E%3Cc4n4ry%3E'%7B%7B1%7D%7D", follow=True)
        assert answer.status_code < 500, address
        assert Seen(answer.content.decode()).injected == [], address
