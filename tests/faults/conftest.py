"""A portal of real processes for tests that break it. They bring their own PostgreSQL, whatever database the
other tests have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.service import Service
from tools.chaos.assembly import Shape
from tools.chaos.stack import Stack

HERE = Path(__file__).parent
LEASE = {"SLIPWAY_LEASE_SECONDS": "5"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each waits most of its time, for what takes long on a busy machine."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="package")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all, since starting it is dear, and none for those who come after. Its logs stay in pytest's
    temporary folder."""
    folder = tmp_path_factory.mktemp("stack")
    with Stack(Shape(workers=2), environment=LEASE, folder=folder) as started:
        yield started


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """The process' stack, whole before each test and mended after it."""
    running_stack.mend()
    yield running_stack
    running_stack.mend()


@pytest.fixture
def service(stack: Stack, request: pytest.FixtureRequest) -> Service:
    """A service of its own for the test, in a namespace that the tests share."""
    return Service.new(stack, request.node.name)
