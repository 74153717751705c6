"""Asking for another change than the one that waits, and what forms say of the gate before one asks."""

from __future__ import annotations

from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.services import approvals
from portal.lifecycle.states import ChangeState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn, ask, settle
from tests.web.gate import rules, text
from tests.web.pages import Page


def test_a_waiting_request_can_be_changed_and_the_new_one_takes_its_place(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    about = {"kind": "create", "application": "storefront", "environment": "production"}
    approvals.approve(waiting, actor=organisation.olga, digest=waiting.seal)
    ChangeRequest.objects.filter(pk=waiting.pk).update(state=ChangeState.SUCCEEDED)
    namespace = waiting.subject
    namespace.current_release = waiting.release
    namespace.save()
    values = {
        "image": {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"},
        "secretEnv": {"SESSION_KEY": "not-to-be-shown"},
    }
    change = ask(
        organisation.alice,
        **about,
        offering="web-service",
        name="shop-api",
        values=values,
        reason="First go.",
    )
    browser = signed_in(organisation.alice)
    address = f"/catalog/web-service/request/?change={change.pk}"
    assert f'href="{address}"' in browser.get(f"/changes/{change.pk}/").content.decode()
    form = browser.get(address).content.decode()
    assert Page(form).problems == []
    assert 'value="shop-api"' in form
    assert "First go." in form
    assert "1.4.2" in form
    assert "not-to-be-shown" not in form
    newer = ask(
        organisation.alice, **about, offering="web-service", name="shop-api", values={**values, "replicas": 3}
    )
    change.refresh_from_db()
    assert (change.state, change.superseded_by) == (ChangeState.SUPERSEDED, newer)


def test_a_form_says_which_waiting_change_it_would_replace_and_the_rules_of_the_gate(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    rules(approvals_required=2, minimum_soak_minutes=24 * 60, required_evidence={"findings": 60})
    release = waiting.release
    assert release is not None
    assert release.promoted_from is not None
    browser = signed_in(organisation.alice)
    page = browser.get(f"/instances/{release.promoted_from.instance_id}/promote/production/").content.decode()
    assert f'It takes the place of <a href="/changes/{waiting.pk}/">change #{waiting.pk}</a>' in page
    assert "2 operators have to approve." in page
    assert "It has to be healthy for 24 h in the stage before." in page
    assert "Evidence no older than in brackets: findings (1 h)." in page


def test_the_releases_say_what_going_back_to_them_takes(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    rules("dev", approvals_required=2, rollback_approvals_required=0)
    first = service.current_release
    assert first is not None
    values = {**first.inputs, "replicas": 2}
    settle(ask(organisation.alice, kind="update", instance=service.pk, values=values))
    browser = signed_in(organisation.alice)
    assert "runs at once" in browser.get(f"/instances/{service.pk}/?tab=releases").content.decode()
    rules("dev", rollback_approvals_required=None)
    assert "needs 2 approvals" in browser.get(f"/instances/{service.pk}/?tab=releases").content.decode()


def test_what_was_superseded_and_what_took_its_place_name_each_other(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    release = waiting.release
    assert release is not None
    assert release.promoted_from is not None
    newer = ask(
        organisation.alice,
        kind="promote",
        instance=release.promoted_from.instance_id,
        environment="production",
    )
    browser = signed_in(organisation.alice)
    assert f'took its place: <a href="/changes/{newer.pk}/">' in text(browser, waiting)
    assert f'Takes the place of <a href="/changes/{waiting.pk}/">' in text(browser, newer)


def test_changing_a_waiting_update_starts_with_what_was_asked_and_loses_no_secret(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    rules("dev", approvals_required=1)
    running = service.current_release
    assert running is not None
    values = {
        **running.inputs,
        "replicas": 7,
        "secretEnv": {"SESSION_KEY": "waits-only", "OTHER": "waits-too"},
    }
    change = ask(organisation.alice, kind="update", instance=service.pk, values=values, reason="The sale.")
    browser = signed_in(organisation.alice)
    address = f"/instances/{service.pk}/update/?change={change.pk}"
    assert f'href="{address}"' in browser.get(f"/changes/{change.pk}/").content.decode()
    form = browser.get(address).content.decode()
    assert Page(form).problems == []
    assert ("The sale." in form, 'value="7"' in form or "&quot;replicas&quot;: 7" in form) == (True, True)
    assert "waits-only" not in form
    assert "waits-too" not in form
    assert (
        f"/changes/{change.pk}/"
        not in browser.get(f"/instances/{service.pk}/update/?change=12x").content.decode()
    )


def test_a_request_of_another_team_does_not_fill_in_a_form(
    organisation: Organisation, signed_in: SignIn, waiting: ChangeRequest
) -> None:
    ChangeRequest.objects.filter(pk=waiting.pk).update(reason="only for the shop")
    response = signed_in(organisation.pia).get(f"/catalog/namespace/request/?change={waiting.pk}")
    assert response.status_code == 200
    assert "only for the shop" not in response.content.decode()
