"""What runs on a real cluster, people beside the portal, and what a scan says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.lifecycle.models import ServiceInstance
from tests import tools
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import work_off
from tests.lifecycle.drift.seen import Cluster
from tests.lifecycle.helpers import ask
from tests.sandbox.cli import Cli

PLACE = {"application": "storefront", "environment": "dev"}
Run = Callable[..., ServiceInstance]


@pytest.fixture(autouse=True)
def unpaced(settings: Any) -> None:
    """A test waits for nobody's load."""
    settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND = 0


@pytest.fixture
def run(provisioned: Organisation) -> Run:
    """Bring something of alice's to run in dev, which has no gate."""

    def run(**wish: Any) -> ServiceInstance:
        place = {} if "instance" in wish else PLACE
        change = work_off(ask(provisioned.alice, **{**place, **wish}))
        assert change.state == "succeeded", change.outcome
        instance = change.subject
        instance.refresh_from_db()
        return instance

    return run


@pytest.fixture
def namespace(run: Run) -> ServiceInstance:
    return run(offering="namespace", plan="large")


@pytest.fixture
def kubectl(clean_cluster: Any, tmp_path: Path) -> Cli:
    return Cli(tools.kubectl(), clean_cluster.kubeconfig, "storefront-dev", tmp_path)


@pytest.fixture
def cluster(provisioned: Organisation, clean_cluster: Any) -> Cluster:
    return Cluster(clean_cluster, provisioned.cluster.connection)
