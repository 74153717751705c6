"""A clock that tests move, and somebody to tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.accounts.models import User
from portal.core import clock
from tests.audit.notices import START
from tests.factories import UserFactory


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the clock that all of the portal reads, from START on."""

    def move(after: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: START + after)

    move(timedelta())
    return move


@pytest.fixture
def olga(db: None) -> User:
    return UserFactory(username="olga")
