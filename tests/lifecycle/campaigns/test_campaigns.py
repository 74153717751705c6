"""What a campaign does, told without a cluster: changes end as if a worker had applied them."""

from __future__ import annotations

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import approvals, changes
from portal.lifecycle.services.campaigns import preparing, steering
from portal.lifecycle.states import ChangeState
from tests.lifecycle.campaigns import scene
from tests.lifecycle.gate import told
from tests.lifecycle.helpers import ask, succeed

pytestmark = pytest.mark.django_db


def fail(change: ChangeRequest) -> None:
    """As a worker would have left it."""
    ChangeRequest.objects.filter(pk=change.pk).update(
        state=ChangeState.FAILED, finished_at=clock.now(), outcome="Not ready in time; rolled back."
    )


def errors_of(caught) -> set[str]:
    return {error["path"] for error in caught.value.errors}


def test_only_a_platform_engineer_prepares_and_steers(organisation, notes):
    for person in (organisation.alice, organisation.mona, organisation.olga, organisation.audrey):
        with pytest.raises(NotPermitted):
            preparing.prepare(person, {"offering": "note"})
    campaign = scene.prepare(organisation)
    for act in (steering.start, steering.pause, steering.stop):
        with pytest.raises(NotPermitted):
            act(campaign, actor=organisation.olga)


def test_everything_that_is_wrong_is_said_at_once(organisation, notes):
    data = {
        "offering": "note",
        "version": "9.9.9",
        "environments": [{"environment": "moon", "mode": "automatic"}, {"environment": "dev", "mode": "x"}],
        "teams": ["nobody"],
        "at_once": 0,
        "max_failure_percent": 101,
    }
    with pytest.raises(ValidationFailed) as caught:
        preparing.prepare(organisation.pete, data)
    assert errors_of(caught) == {
        "/title",
        "/version",
        "/environments/0/environment",
        "/environments/1/mode",
        "/teams/0",
        "/at_once",
        "/max_failure_percent",
    }


def test_the_preview_says_of_each_whether_it_fits_and_names_values_that_do_not(organisation, notes):
    odd = scene.install(organisation, "search", "dev", succeed, colour="red")
    campaign = scene.prepare(organisation)
    assert campaign.state == "ready"
    fits = {item.instance_id: item.fit for item in campaign.items.all()}
    assert fits[odd.pk]["fits"] is False
    assert fits[odd.pk]["errors"][0]["path"] == "/values/colour"
    others = [fit for pk, fit in fits.items() if pk != odd.pk]
    assert len(others) == 6
    assert all(fit["fits"] and fit["objects"]["changed"] == 1 for fit in others)
    assert others[0]["cents"] == [100, 200]
    assert not ChangeRequest.objects.filter(kind="upgrade").exists(), "looking opens nothing"


def test_one_campaign_of_an_offering_at_a_time(organisation, notes):
    campaign = scene.prepare(organisation)
    with pytest.raises(preparing.CampaignUnderWay, match=f"#{campaign.pk}"):
        scene.prepare(organisation)
    steering.stop(campaign, actor=organisation.pete, comment="Not yet.")
    assert scene.prepare(organisation).state == "ready"


def test_production_waits_for_staging_and_staging_for_dev(organisation, notes):
    campaign = scene.started(organisation)
    dev, rest = ("storefront/dev", "ledger/dev"), ("storefront/staging", "storefront/production")
    assert {scene.states(campaign)[place] for place in dev} == {"opened"}
    assert {scene.states(campaign)[place] for place in rest} == {"waiting"}
    succeed(scene.item_of(campaign, "storefront", "dev").change)
    scene.go_on(campaign)
    found = scene.states(campaign)
    assert (found["storefront/dev"], found["storefront/staging"]) == ("succeeded", "opened")
    assert found["ledger/staging"] == found["storefront/production"] == "waiting"


def test_the_gate_of_production_stays_and_whoever_started_it_cannot_pass_it(organisation, notes):
    campaign = scene.started(organisation)
    for environment in ("dev", "staging"):
        succeed(scene.item_of(campaign, "storefront", environment).change)
        scene.go_on(campaign)
    change = scene.item_of(campaign, "storefront", "production").change
    assert change.state == "awaiting_approval"
    assert organisation.pete.pk in change.contributor_ids
    with pytest.raises(NotPermitted):
        approvals.approve(change, actor=organisation.pete, digest=change.seal)


def test_no_more_at_once_than_was_said(organisation, notes):
    campaign = scene.started(organisation, at_once=1)
    for _ in range(3):
        scene.go_on(campaign)
    assert list(scene.states(campaign).values()).count("opened") == 1


def test_its_change_is_the_teams_own_upgrade_with_the_values_it_has(organisation, notes):
    kept = scene.install(organisation, "search", "dev", succeed, text="ours")
    campaign = scene.started(organisation)
    change = scene.item_of(campaign, "search", "dev").change
    assert (change.kind, change.instance_id) == ("upgrade", kept.pk)
    assert change.release.values["text"] == "ours"
    assert change.release.offering_version.version == "2.0.0"
    assert f"Campaign #{campaign.pk}" in change.reason


def test_what_does_not_fit_is_left_with_its_reason_and_the_team_is_told(organisation, notes):
    scene.install(organisation, "search", "dev", succeed, colour="red")
    campaign = scene.started(organisation)
    item = scene.item_of(campaign, "search", "dev")
    assert (item.state, item.change) == ("blocked", None)
    assert "/values/colour" in item.said
    assert told("campaign.blocked") == {"alice", "bob", "mona"}


def test_a_change_that_is_under_way_is_waited_for_and_never_replaced(organisation, notes):
    theirs = ask(organisation.alice, kind="update", instance=notes["storefront/dev"].pk, values={"text": "x"})
    campaign = scene.started(organisation)
    assert scene.states(campaign)["storefront/dev"] == "waiting"
    theirs.refresh_from_db()
    assert theirs.state == "queued"
    succeed(theirs)
    assert scene.states(scene.go_on(campaign))["storefront/dev"] == "opened"


def test_what_runs_it_already_or_is_gone_is_skipped(organisation, notes):
    campaign = scene.prepare(organisation)
    own = ask(organisation.alice, kind="upgrade", instance=notes["storefront/dev"].pk, version="2.0.0")
    succeed(own)
    steering.start(campaign, actor=organisation.pete)
    found = scene.states(scene.go_on(campaign))
    assert found["storefront/dev"] == "skipped"
    assert found["storefront/staging"] == "opened", "its staging need not wait for what is done"


def test_it_stops_itself_when_too_much_fails_and_goes_on_when_told(organisation, notes):
    campaign = scene.started(organisation, at_once=1, max_failures=1)
    fail(scene.under_way(campaign)[0])
    scene.go_on(campaign)
    assert campaign.state == "halted"
    assert "1 of 1 that ended have failed" in campaign.said
    assert scene.under_way(campaign) == []
    assert told("campaign.halted") == {"pete"}
    steering.resume(campaign, actor=organisation.pete)
    scene.go_on(campaign)
    assert (campaign.state, len(scene.under_way(campaign))) == ("running", 1)


def test_a_stage_that_failed_keeps_the_later_ones_of_its_application_from_it(organisation, notes):
    campaign = scene.started(organisation, max_failures=10)
    fail(scene.item_of(campaign, "ledger", "dev").change)
    scene.go_on(campaign)
    found = scene.states(scene.go_on(campaign))
    assert found["ledger/dev"] == "failed"
    assert found["ledger/staging"] == found["ledger/production"] == "skipped"
    assert found["storefront/staging"] == "waiting"


def test_what_failed_can_be_tried_again_as_another_change(organisation, notes):
    campaign = scene.started(organisation, max_failures=10)
    item = scene.item_of(campaign, "ledger", "dev")
    fail(item.change)
    scene.go_on(campaign)
    item.refresh_from_db()
    steering.retry(item, actor=organisation.pete)
    scene.go_on(campaign)
    again = scene.item_of(campaign, "ledger", "dev")
    assert again.state == "opened"
    assert again.change_id != item.change_id


def test_paused_it_opens_nothing_and_stopped_it_lets_the_rest_be(organisation, notes):
    campaign = scene.started(organisation, at_once=1)
    steering.pause(campaign, actor=organisation.pete, comment="Sale.")
    succeed(scene.under_way(campaign)[0])
    scene.go_on(campaign)
    assert scene.under_way(campaign) == []
    assert list(scene.states(campaign).values()).count("succeeded") == 1
    steering.resume(campaign, actor=organisation.pete)
    scene.go_on(campaign)
    last = scene.under_way(campaign)[0]
    steering.stop(campaign, actor=organisation.pete)
    succeed(last)
    scene.go_on(campaign)
    assert sorted(scene.states(campaign).values()) == ["skipped"] * 4 + ["succeeded"] * 2
    with pytest.raises(StateConflict):
        steering.resume(campaign, actor=organisation.pete)


def test_it_finishes_when_nothing_is_left(organisation, notes):
    campaign = scene.started(organisation, modes={"dev": "automatic"})
    for change in scene.under_way(campaign):
        succeed(change)
    assert scene.go_on(campaign).state == "finished"
    assert campaign.said == "2 upgraded."
    assert told("campaign.finished") == {"pete"}
    done = AuditEvent.objects.filter(action="campaign.ended").values_list("object_type", flat=True)
    assert list(done) == ["CampaignItem"] * 2


def test_a_request_of_the_team_that_takes_its_place_is_waited_for(organisation, notes):
    campaign = scene.started(organisation)
    for environment in ("dev", "staging"):
        succeed(scene.item_of(campaign, "storefront", environment).change)
        scene.go_on(campaign)
    waits = scene.item_of(campaign, "storefront", "production").change
    newer = ask(organisation.alice, kind="update", instance=waits.instance_id, values={"text": "now"})
    scene.go_on(campaign)
    assert scene.states(campaign)["storefront/production"] == "waiting"
    changes.cancel(newer, actor=organisation.alice)
    again = scene.item_of(scene.go_on(campaign), "storefront", "production")
    assert again.state == "opened"
    assert again.change_id != waits.pk


def test_a_change_that_people_turn_down_is_no_failure(organisation, notes):
    campaign = scene.started(organisation)
    changes.cancel(scene.item_of(campaign, "storefront", "dev").change, actor=organisation.alice)
    scene.go_on(campaign)
    item = scene.item_of(campaign, "storefront", "dev")
    assert (item.state, campaign.state) == ("declined", "running")
    assert "cancelled by alice" in item.said.lower()
    assert told("campaign.declined") == {"pete"}
