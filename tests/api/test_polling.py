"""Asking again costs no body until something changes."""

from __future__ import annotations

import pytest

from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.states import ChangeState
from tests.api.conftest import World


@pytest.mark.parametrize("path", ["changes/{change}/", "changes/{change}/log/", "instances/", "me/"])
def test_polling_costs_no_body_until_something_changes(world: World, path: str) -> None:
    alice, url = world.api("alice"), path.format(change=world.change.pk)
    first = alice.get(url)
    assert "private" in first["Cache-Control"]
    again = alice.get(url, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_changed_change_has_another_etag(world: World) -> None:
    alice, url = world.api("alice"), f"changes/{world.waiting.pk}/"
    etag = alice.get(url)["ETag"]
    ChangeRequest.objects.filter(pk=world.waiting.pk).update(state=ChangeState.CANCELLED)
    assert alice.get(url, **{"If-None-Match": etag}).status_code == 200
