"""Passing a gate in an emergency, on its pages, and the review after it."""

from __future__ import annotations

from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import break_glass
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.gate import post, text
from tests.web.pages import Page

REASON = "The shop is down, and this brings it back."


def test_breaking_the_glass_wants_a_reason_and_the_environments_name(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    assert f"/changes/{waiting.pk}/break-glass/" in text(browser, waiting)
    form = browser.get(f"/changes/{waiting.pk}/break-glass/").content.decode()
    assert (Page(form).problems, "another operator has to review it within 24 h" in form) == ([], True)
    unconfirmed = post(browser, waiting, "break-glass", reason=REASON, confirm="prod")
    assert (unconfirmed.status_code, REASON in unconfirmed.content.decode()) == (422, True)
    assert "Type Production to confirm." in unconfirmed.content.decode()
    unreasoned = post(browser, waiting, "break-glass", reason="help", confirm="Production")
    assert "Say what the emergency is" in unreasoned.content.decode()
    assert post(browser, waiting, "break-glass", reason=REASON, confirm="Production").status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.QUEUED


def test_a_passed_gate_is_shown_until_another_operator_has_reviewed_it(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    break_glass.pass_gate(waiting, actor=organisation.olga, digest=waiting.seal, reason=REASON)
    own = text(signed_in(organisation.olga), waiting)
    assert "The gate was passed in an emergency by olga" in own
    assert "Save the review" not in own
    browser = signed_in(organisation.oscar)
    assert "was let through in an emergency by olga" in browser.get("/").content.decode()
    page = text(browser, waiting)
    assert (REASON in page, "Review due" in page, "Save the review" in page) == (True, True, True)
    missing = browser.post(f"/changes/{waiting.pk}/review/", {"comment": "kept while corrected"})
    assert (missing.status_code, "kept while corrected" in missing.content.decode()) == (422, True)
    done = browser.post(f"/changes/{waiting.pk}/review/", {"review": "justified", "comment": "It was down."})
    assert done.status_code == 302
    assert "it was justified" in text(browser, waiting)
    assert "was let through" not in browser.get("/").content.decode()


def test_what_may_not_break_the_glass_sees_no_way_there(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    for person in (organisation.alice, organisation.bob, organisation.audrey):
        assert "break-glass" not in text(signed_in(person), waiting)
    refused = post(signed_in(organisation.bob), waiting, "break-glass", reason=REASON, confirm="production")
    assert refused.status_code == 403


def test_an_emergency_says_that_nobody_can_approve_it(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    ChangeRequest.objects.filter(pk=waiting.pk).update(emergency=True)
    page = text(signed_in(organisation.olga), waiting)
    assert "Policy refuses it." in page
    assert 'data-act="a" disabled' in page
