"""What a change's page shows of its verification."""

from __future__ import annotations

import pytest

from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ChangeState, Phase
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import WEB, ask, live_namespace
from tests.web.conftest import SignIn

RESULT = {
    "name": "health",
    "kind": "http",
    "asks": "GET shop-web:http/healthz",
    "wanted": "200",
    "times": 2,
    "ok": False,
    "detail": "got 500, wanted 200",
    "said": "<h1>oh no</h1>",
    "passes": 0,
    "misses": 3,
}
DATA = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}


@pytest.fixture
def queued(organisation: Organisation) -> ChangeRequest:
    live_namespace(organisation)
    return ask(organisation.alice, **DATA, values=WEB)


def verifying(change: ChangeRequest, **more: object) -> None:
    now = clock.now()
    result = {**RESULT, "at": now.isoformat(), "since": now.isoformat(), **more}
    ChangeRequest.objects.filter(pk=change.pk).update(
        state=ChangeState.RUNNING, phase=Phase.VERIFYING, applied_at=now, verifications=[result]
    )


def test_what_will_be_verified_is_told_beforehand(
    organisation: Organisation, signed_in: SignIn, queued: ChangeRequest
) -> None:
    page = signed_in(organisation.alice).get(f"/changes/{queued.pk}/").content.decode()
    assert "Once it is ready: health." in page
    assert "Verified" in page


def test_a_check_is_shown_with_what_it_last_said(
    organisation: Organisation, signed_in: SignIn, queued: ChangeRequest
) -> None:
    verifying(queued)
    page = signed_in(organisation.alice).get(f"/changes/{queued.pk}/").content.decode()
    assert "Waiting for its verification: health, 0 of 1 check passed since" in " ".join(page.split())
    assert "got 500, wanted 200" in page
    assert "GET shop-web:http/healthz" in page
    # what a service answers is text, never part of the page
    assert "&lt;h1&gt;oh no&lt;/h1&gt;" in page


def test_the_live_part_moves_with_the_checks(
    organisation: Organisation, signed_in: SignIn, queued: ChangeRequest
) -> None:
    browser, address = signed_in(organisation.alice), f"/changes/{queued.pk}/live/"
    verifying(queued)
    etag = browser.get(address).headers["ETag"]
    assert browser.get(address, headers={"If-None-Match": etag}).status_code == 304
    verifying(queued, ok=True, detail="answered 200 in 9 ms", passes=1, misses=0)
    moved = browser.get(address, headers={"If-None-Match": etag})
    assert moved.status_code == 200
    assert "1 of 2 in a row" in moved.content.decode()
