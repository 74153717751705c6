"""A team asks for a larger quota; it is worked out, and somebody else of the platform decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.models import PlatformRole
from portal.audit.models import AuditEvent, Notification
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.pool_states import RAISES, RaiseState
from portal.lifecycle.services.pools import limiting, raising
from tests.factories import ApplicationFactory
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask, succeed
from tests.lifecycle.pools.scene import NAMESPACE, SMALL, ask_for, limit

MORE = {"requests.cpu": "8"}


@pytest.fixture
def pool(organisation: Organisation) -> QuotaPool:
    return limit(organisation, SMALL)


def actions() -> list[str]:
    rows = AuditEvent.objects.filter(action__startswith="quota.").order_by("at", "id")
    return list(rows.values_list("action", flat=True))


def test_a_granted_raise_makes_room(organisation: Organisation, pool: QuotaPool) -> None:
    ask(organisation.alice, **NAMESPACE)
    ApplicationFactory(team=organisation.shop, slug="search")
    asked = ask_for(organisation, {"requests.cpu": "8", "requests.memory": "16Gi", "pods": "100"})
    assert Notification.objects.filter(user=organisation.olga, topic="quota.raise_waiting").exists()
    raising.grant(asked, actor=organisation.olga, comment="The node pool was enlarged.")
    pool.refresh_from_db()
    assert pool.limits == {"requests.cpu": "8", "requests.memory": "16Gi", "pods": "100"}
    ask(organisation.alice, **NAMESPACE | {"application": "search"})
    assert actions() == ["quota.limited", "quota.raise_requested", "quota.raise_granted"]
    assert Notification.objects.filter(user=organisation.alice, topic="quota.raise_decided").exists()


def test_what_is_not_named_stays(organisation: Organisation, pool: QuotaPool) -> None:
    assert ask_for(organisation, MORE).limits == SMALL | MORE


def test_whoever_asked_cannot_decide_whatever_they_are_made(
    organisation: Organisation, pool: QuotaPool
) -> None:
    asked = ask_for(organisation, MORE)
    PlatformRole.objects.create(user=organisation.alice, role=PlatformRole.Name.OPERATOR)
    with pytest.raises(NotPermitted, match="somebody else"):
        raising.grant(asked, actor=organisation.alice)
    assert AuditEvent.objects.filter(action="decision.refused").count() == 1
    assert QuotaPool.objects.get(pk=pool.pk).limits == SMALL


def test_the_database_does_not_let_it_either(organisation: Organisation, pool: QuotaPool) -> None:
    asked = ask_for(organisation, MORE)
    rows = QuotaRaise.objects.filter(pk=asked.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state=RaiseState.GRANTED, decided_by=organisation.alice, decided_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state=RaiseState.GRANTED)


@pytest.mark.parametrize("person", ["alice", "bob", "audrey", "pia"])
def test_nobody_but_operators_and_platform_engineers_decides(
    person: str, organisation: Organisation, pool: QuotaPool
) -> None:
    with pytest.raises(NotPermitted):
        raising.grant(ask_for(organisation, MORE), actor=getattr(organisation, person))


@pytest.mark.parametrize("person", ["olga", "pete", "audrey", "pia"])
def test_only_the_team_asks(person: str, organisation: Organisation, pool: QuotaPool) -> None:
    with pytest.raises(NotPermitted):
        ask_for(organisation, MORE, actor=getattr(organisation, person))


def test_one_waits_at_a_time_and_another_after_it_was_withdrawn(
    organisation: Organisation, pool: QuotaPool
) -> None:
    asked = ask_for(organisation, MORE)
    with pytest.raises(StateConflict, match="waits already"):
        ask_for(organisation, {"pods": "60"})
    raising.withdraw(asked, actor=organisation.bob)
    ask_for(organisation, {"pods": "60"})
    with pytest.raises(StateConflict):
        raising.grant(asked, actor=organisation.olga)


def test_a_rejection_needs_a_reason_and_changes_nothing(organisation: Organisation, pool: QuotaPool) -> None:
    asked = ask_for(organisation, MORE)
    with pytest.raises(ValidationFailed):
        raising.reject(asked, actor=organisation.pete, comment=" ")
    raising.reject(asked, actor=organisation.pete, comment="There are no more nodes.")
    asked.refresh_from_db()
    assert (asked.state, asked.comment) == ("rejected", "There are no more nodes.")
    assert QuotaPool.objects.get(pk=pool.pk).limits == SMALL


def test_what_was_decided_against_other_limits_is_not_granted(
    organisation: Organisation, pool: QuotaPool
) -> None:
    asked = ask_for(organisation, MORE)
    limit(organisation, {"pods": "40"})
    with pytest.raises(StateConflict, match="have changed since"):
        raising.grant(asked, actor=organisation.olga)


@pytest.mark.parametrize(
    ("limits", "path", "said"),
    [
        ({"requests.cpu": "lots"}, "/limits/requests.cpu", "Give a quantity"),
        ({"requests.cpu": "-1"}, "/limits/requests.cpu", "Give a quantity"),
        ({"requests.cpu": "9" * 31}, "/limits/requests.cpu", "Give a quantity"),
        ({"pods": "1500m"}, "/limits/pods", "whole number"),
        ({"requests.nvidia.com/gpu": "0.5"}, "/limits/requests.nvidia.com~1gpu", "whole number"),
        ({"secrets": "10"}, "/limits/secrets", "Must be one of"),
        ({"requests.cpu": "3"}, "/limits/requests.cpu", "less than it has"),
        ({"limits.cpu": "8"}, "/limits/limits.cpu", "less than it has"),
        (SMALL, "/limits", "Change one"),
        ({}, "/limits", "Change one"),
        ([], "/limits", "by resource"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_at_its_place(
    limits: dict[str, str], path: str, said: str, organisation: Organisation, pool: QuotaPool
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        ask_for(organisation, limits)
    (error,) = caught.value.errors
    assert (error["path"], said in error["message"]) == (path, True)


def test_where_nothing_is_limited_there_is_nothing_to_raise(organisation: Organisation) -> None:
    with pytest.raises(ValidationFailed, match="nothing to raise"):
        ask_for(organisation, MORE)


# limits


def test_less_than_what_is_claimed_is_refused_with_what_claims_it(organisation: Organisation) -> None:
    succeed(ask(organisation.alice, **NAMESPACE))
    with pytest.raises(ValidationFailed) as caught:
        limit(organisation, {"requests.cpu": "3", "pods": "10"})
    assert [error["path"] for error in caught.value.errors] == ["/limits/requests.cpu", "/limits/pods"]
    assert "4 are claimed: storefront-dev 4." in caught.value.errors[0]["message"]
    assert limit(organisation, {"requests.cpu": "4"}).limits == {"requests.cpu": "4"}


def test_to_limit_more_generously_is_a_raise(organisation: Organisation, pool: QuotaPool) -> None:
    with pytest.raises(ValidationFailed) as caught:
        limit(organisation, MORE)
    (error,) = caught.value.errors
    assert (error["path"], error["code"]) == ("/limits/requests.cpu", "raise")


@pytest.mark.parametrize("person", ["alice", "mona", "olga", "audrey"])
def test_only_a_platform_engineer_limits(person: str, organisation: Organisation) -> None:
    actor = getattr(organisation, person) if person != "mona" else organisation.bob
    with pytest.raises(NotPermitted):
        limiting.limit(
            organisation.shop, organisation.environment("dev"), actor=actor, limits=SMALL, reason="Less."
        )


def test_the_simulation_names_what_is_left_and_who_shares_the_cluster(
    organisation: Organisation, pool: QuotaPool
) -> None:
    ask(organisation.alice, **NAMESPACE)
    dev = organisation.environment("dev")
    payments = organisation.ledger.team
    limiting.limit(payments, dev, actor=organisation.pete, limits={"requests.cpu": "10"}, reason="Small.")
    found = raising.simulate(organisation.shop, dev, actor=organisation.alice, limits=MORE)
    cpu = found.lines[0]
    assert (cpu.before, cpu.after, cpu.claimed, cpu.left) == ("4", "8", "4", "4")
    assert (cpu.others, cpu.together, cpu.raises) == ("10", "18", True)
    assert found.teams == [payments.name]
    assert not QuotaRaise.objects.exists()


@pytest.mark.parametrize("old", RaiseState)
@pytest.mark.parametrize("new", RaiseState)
def test_a_decided_raise_stays_decided(old: RaiseState, new: RaiseState) -> None:
    assert RAISES.allows(old, new) == (old == RaiseState.REQUESTED and new != RaiseState.REQUESTED)


def test_where_a_pool_is_needed_a_team_asks_for_its_first_one(
    organisation: Organisation, settings: Any
) -> None:
    settings.SLIPWAY_NAMESPACES_NEED_POOL = True
    raising.grant(ask_for(organisation, SMALL), actor=organisation.olga)
    ask(organisation.alice, **NAMESPACE)
    assert QuotaPool.objects.get().limits == SMALL
