"""Campaigns, the fleet and versions in the browser, without JavaScript."""

from __future__ import annotations

import pytest

from portal.lifecycle.models import CampaignItem, ServiceInstance, UpgradeCampaign
from services_catalog.models import OfferingVersion
from tests.fixtures.organisation import Organisation
from tests.web.campaigns import asked
from tests.web.conftest import SignIn


@pytest.fixture
def item(service: ServiceInstance) -> CampaignItem:
    return asked(service)


def test_a_maintainer_finds_the_question_and_declines_with_a_reason(
    organisation: Organisation, signed_in: SignIn, item: CampaignItem
) -> None:
    browser = signed_in(organisation.mona)
    address = f"/campaigns/{item.campaign_id}/items/{item.pk}/"
    assert address in browser.get("/campaigns/").content.decode()
    page = browser.get(address).content.decode()
    assert "/values/a" in page
    assert "May it be upgraded?" in page
    refused = browser.post(address, {"answer": "decline", "comment": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert browser.post(address, {"answer": "decline", "comment": "The sale."}).status_code == 302
    item.refresh_from_db()
    assert (item.state, item.said) == ("declined", "mona: The sale.")


def test_a_developer_reads_it_and_is_offered_no_answer(
    organisation: Organisation, signed_in: SignIn, item: CampaignItem
) -> None:
    page = signed_in(organisation.alice).get(f"/campaigns/{item.campaign_id}/items/{item.pk}/")
    assert "May it be upgraded?" not in page.content.decode()
    assert (
        "Pause" not in signed_in(organisation.alice).get(f"/campaigns/{item.campaign_id}/").content.decode()
    )


def test_the_live_part_says_when_nothing_has_moved(
    organisation: Organisation, signed_in: SignIn, item: CampaignItem
) -> None:
    browser, address = signed_in(organisation.pete), f"/campaigns/{item.campaign_id}/live/"
    first = browser.get(address)
    assert browser.get(address, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    CampaignItem.objects.filter(pk=item.pk).update(state="agreed")
    assert browser.get(address, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200
    UpgradeCampaign.objects.filter(pk=item.campaign_id).update(state="finished")
    assert browser.get(address).status_code == 286


def test_an_engineer_prepares_one_in_a_form_that_keeps_what_was_typed(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    release = service.current_release
    assert release is not None
    OfferingVersion.objects.create(
        offering=service.offering, version="99.0.0", status="active", chart=release.chart
    )
    browser, address = signed_in(organisation.pete), "/campaigns/new/?offering=web-service"
    wrong = browser.post(address, {"title": "To the moon", "version": "99.0.0", "mode_dev": ""})
    assert wrong.status_code == 422
    assert "To the moon" in wrong.content.decode()
    assert "Choose at least one environment." in wrong.content.decode()
    done = browser.post(address, {"title": "To the moon", "version": "99.0.0", "mode_dev": "automatic"})
    campaign = UpgradeCampaign.objects.get()
    assert done["Location"] == f"/campaigns/{campaign.pk}/"
    assert [item.instance_id for item in campaign.items.all()] == [service.pk]
    page = browser.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "Working out what it would do" in page


def test_a_version_is_deprecated_in_a_form_and_marked_where_it_runs(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    release = service.current_release
    assert release is not None
    number = release.offering_version.version
    address = f"/catalog/web-service/deprecate/?version={number}"
    browser = signed_in(organisation.pete)
    assert browser.post(address, {"message": ""}).status_code == 422
    assert (
        browser.post(address, {"message": "Take the next one.", "retires_on": "2090-01-01"}).status_code
        == 302
    )
    page = signed_in(organisation.alice).get(f"/instances/{service.pk}/").content.decode()
    assert "Take the next one." in page
    assert "It retires on 01 Jan 2090." in page
    fleet = signed_in(organisation.alice).get("/fleet/?standing=deprecated").content.decode()
    assert service.name in fleet
    lifted = signed_in(organisation.pete).post(address.replace("deprecate/", "deprecate/lift/"))
    assert lifted.status_code == 302
    assert OfferingVersion.objects.get(pk=release.offering_version_id).status == "active"


def test_versions_are_compared_on_a_page(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    page = browser.get("/catalog/web-service/compare/?old=1.0.0&new=1.1.0").content.decode()
    assert "/probes/initialDelaySeconds" in page
    assert 'hx-get="?old=1.0.0&amp;new=1.1.0&amp;rendered=yes"' in page
    assert "Deployment/example" not in page, "helm is not waited for"
    address = "/catalog/web-service/compare/?old=1.0.0&new=1.1.0&rendered=yes"
    without_script = browser.get(address).content.decode()
    assert "Deployment/example" in without_script
    assert "/probes/initialDelaySeconds" in without_script
    part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Deployment/example" in part
    assert "of them only in version labels" in part
    assert "<html" not in part
    mine = browser.get(f"/catalog/web-service/compare/?new=1.0.0&instance={service.pk}").content.decode()
    assert f'name="instance" value="{service.pk}"' in mine, "another target keeps the instance"
    assert browser.get("/catalog/web-service/compare/?new=0.0.9").status_code == 404
