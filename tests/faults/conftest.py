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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each waits most of its time, and starting a stack is dear: what shares one runs in one process."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(f"faults-{item.path.stem}"))
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="module")
def shape() -> Shape:
    """What the module's stack is made of; a module may say otherwise with a fixture of this name."""
    return Shape(workers=2)


@pytest.fixture(scope="module")
def settings_of_stack() -> dict[str, str]:
    """As above, its settings."""
    return LEASE


@pytest.fixture(scope="module")
def running_stack(
    tmp_path_factory: pytest.TempPathFactory, shape: Shape, settings_of_stack: dict[str, str]
) -> Iterator[Stack]:
    """One for the module. Its logs stay in pytest's temporary folder."""
    folder = tmp_path_factory.mktemp("stack")
    with Stack(shape, environment=settings_of_stack, folder=folder) as started:
        yield started


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """The module's stack, whole before each test and mended after it."""
    running_stack.mend()
    yield running_stack
    running_stack.mend()


@pytest.fixture
def service(stack: Stack, request: pytest.FixtureRequest) -> Service:
    """A service of its own for the test, in a namespace that the module's tests share."""
    return Service.new(stack, request.node.name)
