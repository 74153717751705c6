"""What lists cost: the same few queries for three rows and for thirty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.audit import inbox
from portal.audit.notifying import notify
from portal.core import clock
from portal.lifecycle.models import PolicyException, ServiceInstance, Violation
from portal.lifecycle.states import ChangeState
from tests.factories import ApplicationFactory, ChangeFactory, InstanceFactory, ReleaseFactory
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn

# Session, user, memberships and roles cost 4 on every page, the bell 1; the counts of what waits 2 more, for
# operators. Home counts with the first steps, which know what is done already.
PINNED = {
    "alice": {
        "/": 16,
        "/catalog/": 12,
        "/applications/": 12,
        "/applications/storefront/": 15,
        "/instances/": 10,
        "/changes/": 9,
        "/audit/": 8,
        "/search/?q=thing": 12,
        "/policies/": 13,
        "/policies/probes/?tab=violations": 13,
        "/policies/probes/?tab=exceptions": 13,
        "/exceptions/": 9,
        "/exceptions/debt/": 7,
        "/notifications/": 8,
    },
    "olga": {
        "/": 19,
        "/approvals/": 14,
        "/instances/": 12,
        "/changes/": 11,
        "/audit/": 11,
        "/exceptions/": 11,
    },
}


def add_rows(organisation: Organisation, count: int) -> None:
    """Running things of storefront and of other applications, each with changes, some waiting."""
    for number in range(count):
        application = organisation.storefront if number % 2 else ApplicationFactory(team=organisation.shop)
        instance: ServiceInstance = InstanceFactory(
            application=application,
            environment=organisation.environment("staging"),
            created_by=organisation.alice,
        )
        instance.current_release = ReleaseFactory(instance=instance, created_by=organisation.alice)
        instance.save()
        ChangeFactory(instance=instance, release=instance.current_release, requested_by=organisation.alice)
        ChangeFactory(
            instance=instance,
            release=instance.current_release,
            requested_by=organisation.alice,
            state=ChangeState.AWAITING_APPROVAL,
        )
        exception = except_from(organisation, instance)
        for outcome in ("deny", "waived"):
            Violation.objects.create(
                instance=instance,
                policy="probes",
                rule=0,
                outcome=outcome,
                severity="medium",
                title="Probes",
                api_version="apps/v1",
                kind="Deployment",
                name=outcome,
                message="No probe.",
                since=clock.now(),
                due_at=clock.now() - timedelta(days=1),
                exception=exception,
            )


def tell(user: User, count: int) -> None:
    """Half of it read."""
    for number in range(count):
        key = f"{number} of {count}"
        told = notify([user], topic="change.waiting", text="A change waits.", url="/changes/", key=key)
        if number % 2:
            inbox.read(told[0])


def except_from(organisation: Organisation, instance: ServiceInstance) -> PolicyException:
    """One that waits, and one that counts and ends soon."""
    now = clock.now()
    about = {
        "policy": "probes",
        "severity": "medium",
        "application": instance.application,
        "environment": instance.environment,
        "instance_name": instance.name,
        "requested_by": organisation.alice,
        "requested_at": now,
        "expires_at": now + timedelta(days=3),
    }
    PolicyException.objects.create(**about)
    return PolicyException.objects.create(
        **about, state=PolicyException.State.GRANTED, decided_by=organisation.olga, decided_at=now
    )


@pytest.mark.parametrize("person", ["alice", "olga"])
def test_lists_cost_a_constant_number_of_queries(
    person: str, organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(getattr(organisation, person))

    def counts() -> dict[str, int]:
        found = {}
        for address in PINNED[person]:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                response = browser.get(address)
            assert response.status_code == 200
            found[address] = len(queries)
        return found

    add_rows(organisation, 3)
    tell(getattr(organisation, person), 3)
    few = counts()
    add_rows(organisation, 27)
    tell(getattr(organisation, person), 27)
    assert counts() == few
    assert few == PINNED[person]
