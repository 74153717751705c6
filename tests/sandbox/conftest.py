"""Fixtures of the sandbox's tests."""

from collections.abc import Iterator

import pytest

from tests.sandbox.living import LivingCluster


@pytest.fixture
def cluster() -> Iterator[LivingCluster]:
    living = LivingCluster()
    yield living
    living.stop()
