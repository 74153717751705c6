"""Routes of a Gateway: what its controller says of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.clusters.readiness import status_of
from tests.sandbox.living import LivingCluster, Object

API = "gateway.networking.k8s.io/v1"
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: %(gateway)s, namespace: gateway-system, sectionName: %(listener)s}]
  hostnames: [%(host)s]
  rules: [{backendRefs: [{name: web, port: 80}]}]
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}"
RIGHT = {"gateway": "public", "listener": "https", "host": "shop.example.com"}


@pytest.fixture
def equipped() -> Iterator[LivingCluster]:
    living = LivingCluster("gateway")
    of_the_portal(living)
    yield living
    living.stop()


def of_the_portal(living: LivingCluster, environment: str = "dev") -> None:
    namespace = living.get("v1", "Namespace", "team")
    assert namespace is not None
    living.change(
        namespace, lambda obj: obj["metadata"].update(labels={"slipway.dev/environment": environment})
    )


def route(living: LivingCluster, **but: str) -> Object:
    made = living.create(ROUTE % {**RIGHT, **but})
    living.settle()
    return now(living, made)


def now(living: LivingCluster, obj: Object) -> Object:
    found = living.fresh(obj)
    assert found is not None
    return found


def said(found: Object) -> dict[str, str]:
    """The reason of each condition of the only parent."""
    (parent,) = found["status"]["parents"]
    return {each["type"]: each["reason"] for each in parent["conditions"]}


def test_a_route_to_a_service_is_accepted_and_ready(equipped: LivingCluster) -> None:
    equipped.create(SERVICE)
    found = route(equipped)
    assert said(found) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}
    assert found["spec"]["parentRefs"][0]["kind"] == "Gateway"
    assert status_of(found, found).state == "ready"


def test_a_route_waits_for_its_service(equipped: LivingCluster) -> None:
    found = route(equipped)
    assert said(found)["ResolvedRefs"] == "BackendNotFound"
    status = status_of(found, found)
    assert (status.state, status.message) == ("working", 'Service "web" not found')
    equipped.create(SERVICE)
    equipped.settle()
    assert status_of(now(equipped, found), found).state == "ready"


@pytest.mark.parametrize(
    ("but", "reason"),
    [
        ({"listener": "http"}, "NoMatchingParent"),
        ({"host": "shop.elsewhere.org"}, "NoMatchingListenerHostname"),
    ],
)
def test_a_route_that_no_listener_takes_says_why(
    equipped: LivingCluster, but: dict[str, str], reason: str
) -> None:
    equipped.create(SERVICE)
    found = route(equipped, **but)
    assert said(found)["Accepted"] == reason
    assert status_of(found, found).state == "working"


def test_a_route_of_a_namespace_that_is_not_let_in_is_not_accepted(equipped: LivingCluster) -> None:
    equipped.create(SERVICE)
    namespace = equipped.get("v1", "Namespace", "team")
    assert namespace is not None
    equipped.change(namespace, lambda obj: obj["metadata"].update(labels={}))
    found = route(equipped)
    assert said(found)["Accepted"] == "NotAllowedByListeners"
    of_the_portal(equipped)
    equipped.settle()
    assert said(now(equipped, found))["Accepted"] == "Accepted"


def test_of_a_gateway_that_does_not_exist_nobody_says_anything(equipped: LivingCluster) -> None:
    equipped.create(SERVICE)
    found = route(equipped, gateway="private")
    assert "status" not in found or not found["status"].get("parents")
    status = status_of(found, found)
    assert (status.state, status.message) == ("working", "no Gateway has taken it up yet")


def test_a_change_counts_only_once_it_was_looked_at(equipped: LivingCluster) -> None:
    equipped.create(SERVICE)
    found = route(equipped)
    newer = {**found, "metadata": {**found["metadata"], "generation": found["metadata"]["generation"] + 1}}
    assert status_of(newer, newer).state == "working"
