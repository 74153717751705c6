"""The chain names the first record that does not fit."""

import pytest

from portal.accounts.models import Team
from portal.audit import chain
from portal.audit.context import acting
from portal.audit.models import AuditEvent, AuditLink
from portal.audit.recording import record
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return TeamFactory(slug="shop")


def events(team, n=5):
    return [record("session.opened", team, actor=UserFactory(), after={"n": i}) for i in range(n)]


def test_an_untouched_chain_is_intact(team):
    events(team)
    assert chain.link_new_events() == 5
    found = chain.verify()
    assert found.intact
    assert (found.checked, found.unlinked) == (5, 0)


def test_linking_goes_on_where_it_stopped(team):
    events(team, 3)
    chain.link_new_events()
    events(team, 2)
    assert chain.verify().unlinked == 2
    chain.link_new_events()
    assert chain.verify().checked == 5
    assert list(AuditLink.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("field", ["actor_name", "action", "comment", "object_label"])
def test_an_altered_record_is_named(team, field):
    victim = events(team)[2]
    chain.link_new_events()
    AuditEvent.objects.filter(pk=victim.pk).update(**{field: "somebody else"})
    found = chain.verify()
    assert found.event_id == str(victim.pk)
    assert "altered" in found.problem


def test_an_altered_record_with_a_matching_digest_is_still_named(team):
    victim = events(team)[2]
    chain.link_new_events()
    victim.comment = "rewritten"
    AuditEvent.objects.filter(pk=victim.pk).update(comment="rewritten", digest=victim.computed_digest())
    assert chain.verify().event_id == str(victim.pk)


def test_a_removed_record_is_noticed(team):
    events(team)
    chain.link_new_events()
    AuditLink.objects.filter(sequence=3).delete()
    found = chain.verify()
    assert "3 is missing" in found.problem


def test_an_undeclared_action_is_refused(team):
    with pytest.raises(ValueError, match="undeclared"):
        record("team.exploded", team, actor=None)


def test_events_know_their_door(team):
    with acting(AuditEvent.Source.TASK, "r-1"):
        event = record("session.opened", team, actor=None)
    assert (event.source, event.request_id, event.actor_name) == ("task", "r-1", "slipway")
