"""Teams that are asked, and what they answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.lifecycle.services.campaigns import answering
from tests.lifecycle.campaigns import scene
from tests.lifecycle.gate import told
from tests.lifecycle.helpers import succeed

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(organisation, notes):
    scene.make_maintainer("pia")
    return scene.started(organisation, modes={"dev": "automatic", "staging": "consent"})


def test_maintainers_are_asked_and_only_they_answer(organisation, asking):
    assert told("campaign.asked") == {"mona", "pia"}
    item = scene.item_of(asking, "storefront", "staging")
    assert item.state == "asked"
    for person in (organisation.alice, organisation.pia, organisation.pete, organisation.olga):
        with pytest.raises(NotPermitted):
            answering.answer(item, actor=person, data={"answer": "agree"})


def test_agreed_to_it_is_opened_on_the_maintainers_word_once_its_turn_has_come(organisation, asking):
    item = scene.item_of(asking, "storefront", "staging")
    answering.answer(item, actor=organisation.mona, data={"answer": "agree"})
    scene.go_on(asking)
    assert scene.states(asking)["storefront/staging"] == "agreed", "dev comes first"
    succeed(scene.item_of(asking, "storefront", "dev").change)
    scene.go_on(asking)
    change = scene.item_of(asking, "storefront", "staging").change
    assert change.requested_by == organisation.mona
    assert {organisation.mona.pk, organisation.pete.pk} <= change.contributor_ids


def test_declining_needs_a_reason_which_the_engineer_reads(organisation, asking):
    item = scene.item_of(asking, "storefront", "staging")
    with pytest.raises(ValidationFailed):
        answering.answer(item, actor=organisation.mona, data={"answer": "decline"})
    said = {"answer": "decline", "comment": "Not before the sale."}
    answering.answer(item, actor=organisation.mona, data=said)
    item.refresh_from_db()
    assert (item.state, item.said) == ("declined", "mona: Not before the sale.")
    assert told("campaign.declined") == {"pete"}


def test_a_day_can_be_chosen_within_the_time_for_answers(organisation, asking, monkeypatch):
    item = scene.item_of(asking, "storefront", "staging")
    succeed(scene.item_of(asking, "storefront", "dev").change)
    late = {"answer": "agree", "not_before": asking.answer_by + timedelta(days=1)}
    with pytest.raises(ValidationFailed):
        answering.answer(item, actor=organisation.mona, data=late)
    chosen = {"answer": "agree", "not_before": clock.now() + timedelta(days=2)}
    answering.answer(item, actor=organisation.mona, data=chosen)
    scene.go_on(asking)
    assert scene.states(asking)["storefront/staging"] == "agreed"
    scene.later(monkeypatch, days=2, minutes=1)
    assert scene.states(scene.go_on(asking))["storefront/staging"] == "opened"


def test_who_does_not_answer_in_time_is_left_alone(organisation, asking, monkeypatch):
    scene.later(monkeypatch, days=8)
    scene.go_on(asking)
    item = scene.item_of(asking, "storefront", "staging")
    assert (item.state, item.said) == ("skipped", "Nobody of the team has answered in time.")
    with pytest.raises(StateConflict):
        answering.answer(item, actor=organisation.mona, data={"answer": "agree"})


def test_consent_of_somebody_who_is_no_maintainer_any_more_counts_no_more(organisation, asking):
    item = scene.item_of(asking, "ledger", "staging")
    answering.answer(item, actor=organisation.pia, data={"answer": "agree"})
    organisation.pia.memberships.update(role="developer")
    succeed(scene.item_of(asking, "ledger", "dev").change)
    scene.go_on(asking)
    assert scene.item_of(asking, "ledger", "staging").state == "blocked"
