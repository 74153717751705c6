"""Following and deciding a change."""

from __future__ import annotations

from portal.lifecycle.models import ChangeRequest, LogLine, Rollout, ServiceInstance
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn


def test_the_page_says_what_it_waits_for_since_when_and_who_can_end_it(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    page = " ".join(signed_in(organisation.alice).get(f"/changes/{waiting.pk}/").content.decode().split())
    assert f"Waiting for an operator since {waiting.created_at:%H:%M} (" in page
    assert "; olga and oscar can decide." in page


def test_an_operator_approves_what_is_on_screen(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    assert (
        f'name="digest" value="{waiting.seal}"'
        in browser.get(f"/changes/{waiting.pk}/?tab=diff").content.decode()
    )
    response = browser.post(
        f"/changes/{waiting.pk}/approve/", {"digest": waiting.seal, "comment": "looks good"}
    )
    assert (response.status_code, response.headers["Location"]) == (302, f"/changes/{waiting.pk}/")
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.QUEUED
    assert waiting.approvals.get().comment == "looks good"
    assert "looks good" in browser.get(f"/changes/{waiting.pk}/").content.decode()


def test_a_decision_on_something_else_than_what_is_sealed_is_refused(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    response = signed_in(organisation.olga).post(
        f"/changes/{waiting.pk}/approve/", {"digest": "sha256:" + "0" * 64, "comment": ""}
    )
    assert response.status_code == 409
    assert "has changed since you looked" in response.content.decode()
    assert waiting.approvals.count() == 0


def test_rejecting_needs_a_reason_and_loses_nothing_that_was_typed(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    empty = browser.post(f"/changes/{waiting.pk}/reject/", {"digest": waiting.seal, "comment": " "})
    assert empty.status_code == 422
    assert "Say why" in empty.content.decode()
    stale = browser.post(
        f"/changes/{waiting.pk}/reject/", {"digest": "sha256:old", "comment": "not on a Friday"}
    )
    assert (stale.status_code, "not on a Friday" in stale.content.decode()) == (409, True)
    browser.post(f"/changes/{waiting.pk}/reject/", {"digest": waiting.seal, "comment": "not on a Friday"})
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.REJECTED
    assert "not on a Friday" in waiting.outcome


def test_a_second_decision_is_told_that_it_is_too_late(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    data = {"digest": waiting.seal, "comment": "late"}
    signed_in(organisation.olga).post(f"/changes/{waiting.pk}/approve/", data)
    response = signed_in(organisation.oscar).post(f"/changes/{waiting.pk}/reject/", data)
    assert response.status_code == 409
    assert "no longer waits" in response.content.decode()


def test_the_queue_leads_to_the_decision_and_counts_in_the_navigation(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.olga)
    page = browser.get("/approvals/").content.decode()
    assert f'href="/changes/{waiting.pk}/" data-row' in page
    assert '<span class="count">1<span class="visually-hidden"> waiting for you</span></span>' in page
    browser.post(f"/changes/{waiting.pk}/approve/", {"digest": waiting.seal})
    assert "Nothing waits for you" in browser.get("/approvals/").content.decode()


def test_a_live_part_is_sent_once_and_then_not_again_until_it_moves(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.alice)
    address = f"/changes/{waiting.pk}/live/?tab=log"
    first = browser.get(address)
    etag = first.headers["ETag"]
    assert (first.status_code, 'hx-trigger="every 2s"' in first.content.decode()) == (200, True)
    again = browser.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    rollout = Rollout.objects.create(change=waiting, fencing_token=1, started_at=waiting.created_at)
    LogLine.objects.create(rollout=rollout, at=waiting.created_at, text="helm <upgrade> --install")
    moved = browser.get(address, headers={"If-None-Match": etag})
    assert moved.status_code == 200
    assert "helm &lt;upgrade&gt; --install" in moved.content.decode()


def test_a_live_part_stops_asking_when_the_change_has_ended(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    browser = signed_in(organisation.alice)
    browser.post(f"/changes/{waiting.pk}/cancel/", {"comment": "second thoughts"})
    final = browser.get(f"/changes/{waiting.pk}/live/")
    assert final.status_code == 286
    assert "hx-trigger" not in final.content.decode()
    assert "Cancelled by alice. second thoughts" in final.content.decode()


def test_it_is_too_late_to_cancel_what_has_ended(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    done = service.changes.get()
    response = signed_in(organisation.alice).post(f"/changes/{done.pk}/cancel/", {"comment": "too late"})
    assert response.status_code == 409
    assert "It is too late to cancel" in response.content.decode()


def test_secrets_are_on_no_page(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    change = service.changes.get()
    addresses = [
        f"/changes/{change.pk}/?tab={tab}"
        for tab in ("overview", "diff", "verdicts", "objects", "log", "audit")
    ]
    addresses += [f"/instances/{service.pk}/?tab={tab}" for tab in ("overview", "releases", "timeline")]
    addresses += [f"/instances/{service.pk}/update/", f"/instances/{service.pk}/upgrade/", "/audit/"]
    for address in addresses:
        response = browser.get(address)
        assert response.status_code == 200
        assert "do-not-show-this" not in response.content.decode(), address
    assert "SESSION_KEY" in browser.get(f"/instances/{service.pk}/").content.decode()
