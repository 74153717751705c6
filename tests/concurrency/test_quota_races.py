"""Two namespaces cannot both take the last of a team's quota."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import QuerySet

from portal.core.errors import QuotaExceeded
from portal.lifecycle.models import QuotaClaim, QuotaPool
from portal.lifecycle.operations import pool_room
from portal.lifecycle.services.pools import claiming
from tests.concurrency.racing import Meeting, race
from tests.factories import ApplicationFactory
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask
from tests.lifecycle.pools.scene import NAMESPACE, SMALL, limit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organisation(transactional_db: None, organisation: Organisation) -> Organisation:
    """Two applications, and room for one namespace."""
    ApplicationFactory(team=organisation.shop, slug="search")
    limit(organisation, SMALL)
    return organisation


def both_ask(organisation: Organisation) -> list[BaseException]:
    def asking(application: str) -> Any:
        return lambda: ask(organisation.alice, **NAMESPACE | {"application": application})

    return race(asking("storefront"), asking("search"), losing=QuotaExceeded).errors


def test_of_two_namespaces_asked_for_at_once_one_gets_the_last_of_it(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(2)
    monkeypatch.setattr(claiming, "room_of", meeting.after(pool_room.room_of))
    assert len(both_ask(organisation)) == 1
    assert QuotaClaim.objects.count() == 1
    assert not meeting.complete  # the second looked when the first had written


@pytest.mark.postgres
def test_control_without_the_pools_lock_both_get_it(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each looks before the other has written."""
    meeting = Meeting(2, patience=10)
    monkeypatch.setattr(claiming, "room_of", meeting.after(pool_room.room_of))
    update = QuerySet.update

    def lockless(rows: Any, **values: Any) -> int:
        return 1 if rows.model is QuotaPool and set(values) == {"serial"} else update(rows, **values)

    monkeypatch.setattr(QuerySet, "update", lockless)
    assert both_ask(organisation) == []
    assert meeting.complete
    assert QuotaClaim.objects.count() == 2
