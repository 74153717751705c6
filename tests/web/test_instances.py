"""Day two on pages: update, upgrade, promote, roll back, retire."""

from __future__ import annotations

from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import ChangeKind, ChangeState
from tests.fixtures.organisation import Organisation
from tests.web.conftest import IMAGE, SignIn, ask, settle


def test_an_unreachable_cluster_is_said_and_the_page_still_answers(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    assert browser.get(f"/instances/{service.pk}/").status_code == 200
    objects = browser.get(f"/instances/{service.pk}/objects/", headers={"HX-Request": "true"})
    assert objects.status_code == 200
    assert "The cluster did not answer" in objects.content.decode()


def test_updating_keeps_saved_secrets_and_changes_only_what_was_typed(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get(f"/instances/{service.pk}/update/").content.decode()
    carried = page.split('name="carried" value="')[1].split('"')[0].replace("&quot;", '"')
    data = {
        "kind": "update", "view": "short", "shown_version": "1.0.0", "shown_plan": "small", "plan": "small",
        "carried": carried, "/image/repository": IMAGE["image"]["repository"], "/image/tag": "1.5.0",
        "ask": "yes",
    }  # fmt: skip
    response = browser.post(f"/instances/{service.pk}/update/", data)
    change = ChangeRequest.objects.get(kind=ChangeKind.UPDATE)
    assert response.headers["Location"] == f"/changes/{change.pk}/"
    assert change.release is not None
    assert change.release.inputs["image"]["tag"] == "1.5.0"
    assert change.release.inputs["secretEnv"] == {"SESSION_KEY": "do-not-show-this"}


def test_upgrading_offers_only_newer_versions(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    assert "Upgrade to 1.2.0" in browser.get(f"/instances/{service.pk}/").content.decode()
    page = browser.get(f"/instances/{service.pk}/upgrade/").content.decode()
    assert 'name="shown_version" value="1.2.0"' in page
    carried = page.split('name="carried" value="')[1].split('"')[0].replace("&quot;", '"')
    data = {
        "kind": "upgrade",
        "view": "short",
        "shown_version": "1.2.0",
        "shown_plan": "small",
        "carried": carried,
        "ask": "y",
    }
    response = browser.post(f"/instances/{service.pk}/upgrade/", data)
    change = ChangeRequest.objects.get(kind=ChangeKind.UPGRADE)
    assert response.headers["Location"] == f"/changes/{change.pk}/"
    settle(change)
    newest = browser.get(f"/instances/{service.pk}/upgrade/")
    assert (newest.status_code, "the newest version there is" in newest.content.decode()) == (409, True)


def test_promoting_shows_what_will_happen_and_then_asks(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get(f"/instances/{namespace.pk}/promote/staging/").content.decode()
    assert "storefront-staging" in page
    assert not ChangeRequest.objects.filter(kind=ChangeKind.PROMOTE).exists()
    response = browser.post(f"/instances/{namespace.pk}/promote/staging/", {"reason": "ready for more"})
    change = ChangeRequest.objects.get(kind=ChangeKind.PROMOTE)
    assert response.headers["Location"] == f"/changes/{change.pk}/"
    assert change.reason == "ready for more"


def test_promoting_past_a_stage_is_refused_with_the_reason_kept(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    response = browser.post(f"/instances/{namespace.pk}/promote/production/", {"reason": "in a hurry"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "Production takes releases from Staging, not from Development." in html
    assert "in a hurry" in html


def test_rolling_back_goes_through_a_change(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    first = service.current_release
    assert first is not None
    update = {"kind": "update", "instance": service.pk, "plan": "medium", "values": IMAGE}
    settle(ask(organisation.alice, **update))
    browser = signed_in(organisation.alice)
    releases = browser.get(f"/instances/{service.pk}/?tab=releases").content.decode()
    assert f"/instances/{service.pk}/rollback/{first.pk}/" in releases
    compared = browser.get(f"/instances/{service.pk}/compare/?old=2&new=1").content.decode()
    assert "spec.replicas" in compared
    response = browser.post(f"/instances/{service.pk}/rollback/{first.pk}/", {"reason": "slow"})
    change = ChangeRequest.objects.get(kind=ChangeKind.ROLLBACK)
    assert response.headers["Location"] == f"/changes/{change.pk}/"


def test_a_release_of_another_instance_cannot_be_rolled_back_to(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    for address in (f"rollback/{namespace.current_release_id}/", "compare/?old=1&new=99", "compare/?old=x"):
        assert browser.get(f"/instances/{service.pk}/{address}").status_code == 404


def test_retiring_takes_two_steps_and_the_name(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    address = f"/instances/{service.pk}/retire/"
    first = browser.get(address).content.decode()
    assert "Announce the retirement" in first
    assert "Deployment" in first
    early = browser.post(address, {"confirm": "shop-api"})
    assert (early.status_code, "Announce the retirement first" in early.content.decode()) == (409, False)
    service.refresh_from_db()
    assert service.retirement_announced_at is None

    browser.post(f"{address}announce/")
    wrong = browser.post(address, {"confirm": "shop", "reason": "no longer needed"})
    html = wrong.content.decode()
    assert (wrong.status_code, "no longer needed" in html) == (422, True)
    assert "Type the instance" in html
    assert not ChangeRequest.objects.filter(kind=ChangeKind.RETIRE).exists()

    done = browser.post(address, {"confirm": "shop-api", "reason": "no longer needed"})
    change = ChangeRequest.objects.get(kind=ChangeKind.RETIRE)
    assert done.headers["Location"] == f"/changes/{change.pk}/"
    assert change.state == ChangeState.QUEUED


def test_an_announced_retirement_can_be_taken_back(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    browser.post(f"/instances/{service.pk}/retire/announce/")
    assert "Retirement announced" in browser.get(f"/instances/{service.pk}/").content.decode()
    browser.post(f"/instances/{service.pk}/retire/withdraw/")
    service.refresh_from_db()
    assert service.retirement_announced_at is None


def test_a_change_under_way_hides_the_actions_and_refuses_another(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    change = ask(organisation.alice, kind="update", instance=service.pk, plan="medium", values=IMAGE)
    browser = signed_in(organisation.alice)
    page = browser.get(f"/instances/{service.pk}/").content.decode()
    assert f"Follow change #{change.pk}" in page
    assert f"/instances/{service.pk}/update/" not in page
    refused = browser.post(f"/instances/{service.pk}/rollback/{service.current_release_id}/", {})
    assert refused.status_code in (409, 422)


def test_environments_stand_side_by_side_with_promote_between_them(
    organisation: Organisation, signed_in: SignIn, namespace: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get("/applications/storefront/").content.decode()
    assert page.index("Development") < page.index("Staging") < page.index("Production")
    assert f"/instances/{namespace.pk}/promote/staging/" in page
    settle(ask(organisation.alice, kind="promote", instance=namespace.pk, environment="staging"))
    assert (
        f"/instances/{namespace.pk}/promote/staging/"
        not in browser.get("/applications/storefront/").content.decode()
    )


def test_an_empty_application_begins_with_its_namespace(
    organisation: Organisation, signed_in: SignIn
) -> None:
    page = signed_in(organisation.alice).get("/applications/storefront/").content.decode()
    assert page.count("Request the namespace") == 1
    assert page.count("Promote from the stage before.") == 2
