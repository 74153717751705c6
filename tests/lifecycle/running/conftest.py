"""A web service that runs on the sandbox cluster."""

from __future__ import annotations

from typing import Any

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.topology import reading
from portal.lifecycle.services import changes, wishes
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import work_off

IMAGE = {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}
SECRET = "do-not-show-this"
WHERE = {"kind": "create", "application": "storefront", "environment": "dev"}


def ask(organisation: Organisation, **wish: Any) -> ServiceInstance:
    """Opened by alice and worked off to its success."""
    change = changes.open_change(wishes.resolve(organisation.alice, wish)).change
    done = work_off(change)
    assert done.state == "succeeded", done.outcome
    return of(done.subject.pk)


def of(pk: int) -> ServiceInstance:
    rows = ServiceInstance.objects.select_related(
        "application__team", "environment__cluster", "offering", "current_release"
    )
    return rows.get(pk=pk)


@pytest.fixture
def running(provisioned: Organisation) -> ServiceInstance:
    ask(provisioned, **WHERE, offering="namespace", plan="small")
    values = {"image": IMAGE, "replicas": 2, "secretEnv": {"SESSION_KEY": SECRET}}
    return ask(provisioned, **WHERE, offering="web-service", name="shop-api", version="1.1.0", values=values)


@pytest.fixture
def cluster(running: ServiceInstance) -> Kubernetes:
    return Kubernetes(running.environment.cluster.connection)


def a_stranger(running: ServiceInstance, cluster: Kubernetes, name: str) -> None:
    """A pod beside those of the instance, made by hand."""
    spec = next(iter(reading.scene(running).pods))["spec"]
    mine = {key: value for key, value in spec.items() if key != "nodeName"}
    place = {"name": name, "namespace": running.namespace}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": place, "spec": mine}, "somebody")
