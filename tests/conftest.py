"""Fixtures of the whole suite, and which of its tests stay together."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = [
    # first and last: what they import is rewritten by then
    "tests.fixtures.snapshots",
    "tests.fixtures.cluster",
    "tests.fixtures.organisation",
    "tests.fixtures.outside",
    "tests.fixtures.policies",
    "tests.fixtures.portal",
    "tests.fixtures.trail",
    "tests.fixtures.webhook",
    "tests.fixtures.guard",
    "tests.fixtures.helm_repository",
    "tests.fixtures.oci_registry",
    "tests.fixtures.git_server",
]

# one stack of servers serves them, which takes half a minute to start; they wait for most of their time
TOGETHER = "tests/faults/"


class Scheduling(LoadScopeScheduling):
    """Any process takes the next test, but those that stay together go to one."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Instead of pytest-xdist's groups, which pytest 9.2 does not let it write into the names of tests."""
    return Scheduling(config, log)
