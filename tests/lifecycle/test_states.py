"""The state machine: every move that is not in the table is refused."""

import itertools

import pytest

from portal.core.errors import StateConflict
from portal.core.transitions import Machine
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ACTIVE_STATES, CHANGES, ChangeState
from tests.factories import ChangeFactory, InstanceFactory

LEGAL = sorted((old, new) for old, targets in CHANGES.table.items() for new in targets)
ILLEGAL = [pair for pair in itertools.product(ChangeState, ChangeState) if pair not in LEGAL]


def test_every_state_is_in_the_table():
    assert set(CHANGES.table) == set(ChangeState)


def test_final_states_are_exactly_those_that_are_not_active():
    assert {s for s in ChangeState if CHANGES.is_final(s)} == set(ChangeState) - set(ACTIVE_STATES)


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_illegal_moves_are_refused(old, new):
    with pytest.raises(StateConflict):
        CHANGES.move(ChangeRequest.objects.all(), pk=1, old=old, new=new)


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new"), LEGAL)
def test_legal_moves_work_once(old, new):
    change = ChangeFactory(state=old)
    CHANGES.move(ChangeRequest.objects.all(), pk=change.pk, old=old, new=new)
    with pytest.raises(StateConflict):
        CHANGES.move(ChangeRequest.objects.all(), pk=change.pk, old=old, new=new)
    change.refresh_from_db()
    assert change.state == new


def test_a_table_that_leads_nowhere_is_refused():
    with pytest.raises(ValueError, match="undeclared"):
        Machine({"a": {"b"}})


@pytest.mark.django_db
def test_the_database_allows_one_active_change_for_an_instance():
    from django.db import IntegrityError

    instance = InstanceFactory()
    ChangeFactory(instance=instance, state=ChangeState.QUEUED)
    with pytest.raises(IntegrityError):
        ChangeFactory(instance=instance, state=ChangeState.AWAITING_APPROVAL)


@pytest.mark.django_db
def test_a_release_cannot_be_changed():
    release = ChangeFactory().release
    with pytest.raises(TypeError, match="sealed"):
        release.save()
