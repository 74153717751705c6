"""A service that runs on a real cluster, behind a gate, and people beside the portal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, Evidence, ServiceInstance
from portal.lifecycle.operations.evidence import gathering
from tests import tools
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import work_off
from tests.lifecycle.helpers import WEB, ask
from tests.sandbox.cli import Cli

OLD_SECRET, NEW_SECRET = "Correct-Horse-1", "Battery-Staple-2"
PLACE = "storefront-dev"


def ask_for(change: ChangeRequest) -> None:
    """As if it had never been gathered."""
    rows = ChangeRequest.objects.filter(pk=change.pk)
    rows.update(evidence_asked_at=clock.now(), evidence_gathered_at=None)


def gathered(change: ChangeRequest) -> dict[str, Evidence]:
    """All evidence of a change, gathered now, by kind."""
    ask_for(change)
    assert gathering.gather(change.pk)
    return {row.kind: row for row in Evidence.objects.filter(change=change)}


def entry(row: Evidence, kind: str, name: str = "shop-web") -> dict[str, Any]:
    """What is said of one object."""
    (found,) = (o for o in row.detail["objects"] if (o["key"]["kind"], o["key"]["name"]) == (kind, name))
    return found


@dataclass
class Stage:
    organisation: Organisation
    service: ServiceInstance
    kubectl: Cli

    def update(self, **values: Any) -> ChangeRequest:
        """alice's wish, which waits at the gate."""
        wish = {"kind": "update", "instance": self.service.pk}
        change = ask(self.organisation.alice, **wish, values={**WEB, **values})
        assert change.is_awaiting_approval
        return change

    def patch(self, what: str, patch: dict[str, Any]) -> None:
        self.kubectl("patch", what, "--type", "merge", "--patch", json.dumps(patch))


Run = Callable[..., ServiceInstance]


@pytest.fixture
def run(provisioned: Organisation) -> Run:
    """Bring something of alice's to run in dev, which has no gate."""

    def run(**wish: Any) -> ServiceInstance:
        change = work_off(ask(provisioned.alice, application="storefront", environment="dev", **wish))
        assert change.state == "succeeded", change.outcome
        return change.subject

    return run


@pytest.fixture
def kubectl(clean_cluster: Any, tmp_path: Path) -> Cli:
    return Cli(tools.kubectl(), clean_cluster.kubeconfig, PLACE, tmp_path)


@pytest.fixture
def stage(provisioned: Organisation, run: Run, kubectl: Cli) -> Stage:
    run(offering="namespace")
    values = {**WEB, "secretEnv": {"TOKEN": OLD_SECRET}}
    service = run(offering="web-service", name="shop-web", values=values)
    Environment.objects.filter(slug="dev").update(approvals_required=1)
    return Stage(provisioned, service, kubectl)
