"""What tests about security share: time that moves, browsers of several people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from portal.core import clock
from tests.api.conftest import world, world_snapshot
from tests.factories import UserFactory
from tests.web.conftest import (
    _start_first,
    denied,
    excepted,
    namespace,
    organisation,
    radius,
    service,
    signed_in,
    start,
    starts,
    waiting,
)

__all__ = [
    "_start_first",
    "denied",
    "excepted",
    "namespace",
    "organisation",
    "radius",
    "service",
    "signed_in",
    "start",
    "starts",
    "waiting",
    "world",
    "world_snapshot",
]

PASSWORD = "correct horse battery"
Later = Callable[[timedelta], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Moves the portal's clock on."""
    moment = [clock.now()]

    def move(by: timedelta) -> None:
        moment[0] += by

    def now() -> datetime:
        return moment[0]

    monkeypatch.setattr(clock, "now", now)
    return move


class Browser(Client):
    """A browser with a name of its own, at an address of its own."""

    def __init__(self, address: str = "192.0.2.10", agent: str = "Firefox") -> None:
        super().__init__(REMOTE_ADDR=address, headers={"User-Agent": agent})

    def sign_in(self, name: str, password: str = PASSWORD):  # type: ignore[no-untyped-def]
        return self.post("/sign-in/", {"username": name, "password": password})

    def is_signed_in(self) -> bool:
        return self.get("/me/sessions/").status_code == 200


@pytest.fixture
def alice(db: None):  # type: ignore[no-untyped-def]
    return UserFactory(username="alice", password=PASSWORD)
