"""Records are chained as they are written; verifying names the first one that does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from portal.accounts.models import Team
from portal.audit import lanes, verifying
from portal.audit.context import acting
from portal.audit.judging import GENESIS, link_hash
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from tests.factories import TeamFactory, UserFactory
from tests.fixtures.trail import disarmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return TeamFactory(slug="shop")


def events(team: Team, n: int = 5) -> list[AuditEvent]:
    return [record("session.opened", team, actor=UserFactory(), after={"n": i}) for i in range(n)]


def alter(event: AuditEvent, **values: Any) -> None:
    with disarmed(connection):
        AuditEvent.objects.filter(pk=event.pk).update(**values)


def test_records_of_one_transaction_follow_one_another(team: Team) -> None:
    written = events(team)
    assert len({event.lane for event in written}) == 1
    assert [event.sequence for event in written] == [1, 2, 3, 4, 5]
    assert [event.previous_hash for event in written] == [GENESIS, *(event.hash for event in written[:-1])]


def test_an_untouched_trail_is_intact(team: Team) -> None:
    events(team)
    found = verifying.verify(processes=1)
    assert (found.fault, found.checked, found.complete) == (None, 5, True)


def test_an_empty_trail_is_intact() -> None:
    assert verifying.verify(processes=1).checked == 0


def test_what_is_rolled_back_leaves_no_gap(team: Team) -> None:
    events(team, 2)
    with transaction.atomic():
        events(team, 3)
        transaction.set_rollback(True)
    events(team, 1)
    assert sorted(AuditEvent.objects.values_list("sequence", flat=True)) == [1, 2, 3]
    assert verifying.verify(processes=1).intact


@pytest.mark.parametrize("field", ["actor_name", "action", "comment", "object_label", "on_behalf_of_name"])
def test_an_altered_record_is_named(team: Team, field: str) -> None:
    victim = events(team)[2]
    alter(victim, **{field: "somebody else"})
    found = verifying.verify(processes=1).fault
    assert found is not None
    assert (found.event_id, found.sequence, found.kind) == (str(victim.pk), 3, "content")


def test_an_altered_record_with_a_matching_digest_is_still_named(team: Team) -> None:
    victim = events(team)[2]
    victim.comment = "rewritten"
    alter(victim, comment="rewritten", digest=victim.computed_digest())
    found = verifying.verify(processes=1).fault
    assert found is not None
    assert (found.event_id, found.kind) == (str(victim.pk), "link")


def test_an_altered_record_with_digest_and_link_made_to_match_is_found_at_the_next_one(team: Team) -> None:
    victim, following = events(team)[2:4]
    victim.comment = "rewritten"
    digest = victim.computed_digest()
    linked = link_hash(victim.lane, victim.sequence, victim.previous_hash, digest)
    alter(victim, comment="rewritten", digest=digest, hash=linked)
    found = verifying.verify(processes=1).fault
    assert found is not None
    assert found.event_id == str(following.pk)


def test_a_removed_record_is_noticed(team: Team) -> None:
    victim = events(team)[2]
    with disarmed(connection):
        AuditEvent.objects.filter(pk=victim.pk).delete()
    found = verifying.verify(processes=1).fault
    assert found is not None
    assert (found.kind, found.lane, found.sequence) == ("missing", victim.lane, 3)


def test_an_undeclared_action_is_refused(team: Team) -> None:
    with pytest.raises(ValueError, match="undeclared"):
        record("team.exploded", team, actor=None)


def test_events_know_their_door(team: Team) -> None:
    with acting(AuditEvent.Source.TASK, "r-1"):
        event = record("session.opened", team, actor=None)
    assert (event.source, event.request_id, event.actor_name) == ("task", "r-1", "slipway")


def test_ends_are_those_of_every_lane(team: Team) -> None:
    last = events(team)[-1]
    assert lanes.ends() == {last.lane: (5, last.hash)}
