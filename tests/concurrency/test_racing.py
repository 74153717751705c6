"""The racing helpers show a race where there is one, and none where a guard holds."""

from __future__ import annotations

import pytest
from django.db import transaction

from portal.accounts.models import Team
from portal.core.errors import NotFound, StateConflict
from tests.concurrency.racing import Meeting, no_row_locks, race
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db(transaction=True)


def lengthen(team: Team, meeting: Meeting) -> None:
    """Look, then write: right under a row lock only."""
    with transaction.atomic():
        row = Team.objects.select_for_update().get(pk=team.pk)
        meeting.wait()
        row.name += "!"
        row.save()


def test_a_lock_keeps_what_both_contestants_wrote():
    team, meeting = TeamFactory(name="Shop"), Meeting(2, patience=0.3)
    race(*[lambda: lengthen(team, meeting)] * 2)
    team.refresh_from_db()
    assert team.name == "Shop!!"
    assert not meeting.complete


@pytest.mark.postgres
def test_control_without_the_lock_one_of_them_is_lost():
    team, meeting = TeamFactory(name="Shop"), Meeting(2, patience=10)
    with no_row_locks():
        race(*[lambda: lengthen(team, meeting)] * 2)
    team.refresh_from_db()
    assert meeting.complete
    assert team.name == "Shop!"


def test_losing_is_an_outcome_and_any_other_error_is_raised():
    def lose() -> None:
        raise StateConflict

    def fail() -> None:
        raise NotFound

    outcomes = race(lambda: "won", lose, losing=StateConflict)
    assert outcomes.values == ["won"]
    assert [type(error) for error in outcomes.errors] == [StateConflict]
    with pytest.raises(NotFound):
        race(lambda: "won", fail, losing=StateConflict)
