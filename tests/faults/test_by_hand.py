"""Somebody deletes by hand, in the cluster or on the portal's disk, what the portal relies on."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.service import Service
from tools.chaos.stack import Stack
from tools.chaos.waiting import until


@pytest.fixture
def searching(stack: Stack, request: pytest.FixtureRequest) -> Service:
    """A service in a namespace of which the other tests need nothing."""
    return Service.new(stack, request.node.name, application="search")


def delete_namespace(stack: Stack, name: str) -> None:
    stack.cluster.request("DELETE", f"/api/v1/namespaces/{name}")
    until(lambda: stack.cluster.get(f"/api/v1/namespaces/{name}") is None, "it is gone", seconds=30)


def bring_back_namespace(stack: Stack, service: Service) -> None:
    """As a person does: the namespace's own release once more."""
    query = "SELECT id FROM lifecycle_serviceinstance WHERE name = %s AND retired_at IS NULL"
    instance = stack.sql(query, service.namespace)[0]["id"]
    wish = {"kind": "update", "instance": instance, "plan": "large", "values": {}}
    service.succeeded(stack.alice.ask(wish, key=str(uuid.uuid4())))


def test_a_change_in_a_namespace_that_was_deleted_says_so_and_works_once_it_is_back(
    stack: Stack, searching: Service
) -> None:
    searching.created()
    delete_namespace(stack, "search-dev")
    ended = stack.alice.follow(searching.update(text="where?"))
    assert ended["state"] == "failed"
    assert "The namespace search-dev is not in the cluster any more." in ended["outcome"]
    bring_back_namespace(stack, searching)
    searching.proved(searching.update(text="back again"), "back again")


def test_a_namespace_that_is_deleted_in_mid_helm_ends_the_change_as_failed(
    stack: Stack, searching: Service
) -> None:
    searching.created()
    change = searching.update(text="under its feet", hookSeconds=5)
    searching.await_helm()
    jobs = "/apis/batch/v1/namespaces/search-dev/jobs"
    until(lambda: (stack.cluster.get(jobs) or {}).get("items"), "helm waits for its hook", seconds=30)
    delete_namespace(stack, "search-dev")
    ended = stack.alice.follow(change, seconds=60)  # which helm itself would wait for five minutes
    assert ended["state"] == "failed"
    assert "The namespace search-dev is not in the cluster any more." in ended["outcome"]
    assert not stack.helms()
    bring_back_namespace(stack, searching)
    searching.proved(searching.update(text="afterwards"), "afterwards")


def forget_release(stack: Stack, service: Service) -> None:
    """Delete what helm remembers of it, all revisions."""
    selector = f"owner%3Dhelm,name%3D{service.name}"
    path = f"/api/v1/namespaces/{service.namespace}/secrets?labelSelector={selector}"
    stack.cluster.request("DELETE", path)
    assert not service.records()


def test_a_release_that_helm_was_made_to_forget_is_taken_up_again(stack: Stack, service: Service) -> None:
    service.created()
    forget_release(stack, service)
    service.proved(service.update(text="remembered"), "remembered")
    assert [each.revision for each in service.records()] == [1]


def test_a_release_that_helm_is_made_to_forget_in_mid_helm_is_applied_all_the_same(
    stack: Stack, service: Service
) -> None:
    service.created()
    change = service.update(text="in spite of it", hookSeconds=2)
    service.await_helm()
    forget_release(stack, service)
    service.proved(change, "in spite of it")


@contextmanager
def without(*folders: Path) -> Iterator[None]:
    """These folders are away."""
    for folder in folders:
        folder.rename(folder.with_name(f"{folder.name}.away"))
    try:
        yield
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_name(f"{folder.name}.away").rename(folder)


def test_a_chart_whose_source_is_gone_is_applied_as_it_was_stored(stack: Stack, service: Service) -> None:
    service.created()
    catalog, unpacked = stack.root / "catalog", stack.root / "charts"
    with without(catalog, unpacked):
        change = service.update(text="no source", hookSeconds=1)
        service.proved(change, "no source", attempts=["succeeded"])
