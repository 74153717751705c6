"""Pages, versions of lists, and watches."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

CORE = "/api/v1/namespaces"


@pytest.fixture
def maps(sandbox_cluster: SandboxProcess) -> Iterator[str]:
    """The ConfigMaps of a namespace that has three of them, labelled n=0 to n=2."""
    name = f"lists-{uuid.uuid4().hex[:8]}"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    assert sandbox_cluster.request("POST", CORE, namespace).status == 201
    path = f"{CORE}/{name}/configmaps"
    for index in range(3):
        put(sandbox_cluster, path, f"m{index}", labels={"t": "y", "n": str(index)})
    yield path
    sandbox_cluster.request("DELETE", f"{CORE}/{name}")


def put(cluster: SandboxProcess, path: str, name: str, labels: dict[str, str]) -> Any:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}}
    answer = cluster.request("POST", path, body)
    assert answer.status == 201
    return answer.body


def names(body: Any) -> list[str]:
    return [each["metadata"]["name"] for each in body["items"] if each["metadata"]["name"].startswith("m")]


class Watching:
    """One open watch; events are read as they come."""

    def __init__(self, cluster: SandboxProcess, path: str, accept: str = "application/json") -> None:
        self._connection = cluster.connect()
        headers = {"Authorization": f"Bearer {cluster.admin_token}", "Accept": accept}
        self._connection.request("GET", f"{path}watch=true", headers=headers)
        self.response: http.client.HTTPResponse = self._connection.getresponse()

    def next(self) -> Any:
        return json.loads(self.response.readline())

    def close(self) -> None:
        self._connection.close()


def test_pages_show_the_state_of_the_first_one(sandbox_cluster: SandboxProcess, maps: str) -> None:
    first = sandbox_cluster.request("GET", f"{maps}?limit=2&labelSelector=t").body
    assert names(first) == ["m0", "m1"]
    sandbox_cluster.request("DELETE", f"{maps}/m2")
    put(sandbox_cluster, maps, "m3", {"t": "y"})
    token = first["metadata"]["continue"]
    rest = sandbox_cluster.request("GET", f"{maps}?limit=2&labelSelector=t&continue={token}").body
    assert names(rest) == ["m2"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in rest["metadata"]


def test_list_at_an_exact_version_is_what_was_there(sandbox_cluster: SandboxProcess, maps: str) -> None:
    version = sandbox_cluster.request("GET", maps).body["metadata"]["resourceVersion"]
    sandbox_cluster.request("DELETE", f"{maps}/m0")
    path = f"{maps}?resourceVersionMatch=Exact&resourceVersion={version}&labelSelector=t"
    assert names(sandbox_cluster.request("GET", path).body) == ["m0", "m1", "m2"]


def test_remaining_items_are_counted(sandbox_cluster: SandboxProcess, maps: str) -> None:
    metadata = sandbox_cluster.request("GET", f"{maps}?limit=1").body["metadata"]
    assert metadata["remainingItemCount"] == len(sandbox_cluster.request("GET", maps).body["items"]) - 1


@pytest.mark.parametrize("token", ["nonsense", "e30", "eyJ2IjoieCIsInJ2IjoxLCJzdGFydCI6ImEifQ"])
def test_continue_token_that_is_none_is_refused(
    sandbox_cluster: SandboxProcess, maps: str, token: str
) -> None:
    answer = sandbox_cluster.request("GET", f"{maps}?limit=1&continue={token}")
    assert answer.status == 400
    assert "continue key is not valid" in answer.body["message"]


def test_token_from_before_the_history_is_gone_and_says_how_to_go_on(
    sandbox_cluster: SandboxProcess, maps: str
) -> None:
    # {"v":"meta.k8s.io/v1","rv":1,"start":"/m1"}
    old = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIvbTEifQ"
    answer = sandbox_cluster.request("GET", f"{maps}?limit=5&continue={old}")
    assert (answer.status, answer.body["reason"]) == (410, "Expired")
    fresh = answer.body["metadata"]["continue"]
    assert names(sandbox_cluster.request("GET", f"{maps}?limit=5&continue={fresh}").body) == ["m1", "m2"]


def test_version_from_the_future_times_out_with_a_cause(sandbox_cluster: SandboxProcess, maps: str) -> None:
    answer = sandbox_cluster.request("GET", f"{maps}?resourceVersion=999999999")
    assert answer.status == 504
    assert answer.body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_metadata_of_a_whole_list(sandbox_cluster: SandboxProcess, maps: str) -> None:
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    body = sandbox_cluster.request("GET", f"{maps}?labelSelector=t", headers={"Accept": accept}).body
    assert body["kind"] == "PartialObjectMetadataList"
    assert set(body["items"][0]) == {"kind", "apiVersion", "metadata"}


def test_watch_resumes_where_a_list_ended(sandbox_cluster: SandboxProcess, maps: str) -> None:
    version = sandbox_cluster.request("GET", maps).body["metadata"]["resourceVersion"]
    put(sandbox_cluster, maps, "m9", {"t": "y"})
    sandbox_cluster.request("DELETE", f"{maps}/m9")
    watching = Watching(sandbox_cluster, f"{maps}?resourceVersion={version}&")
    added, deleted = watching.next(), watching.next()
    watching.close()
    assert (added["type"], deleted["type"]) == ("ADDED", "DELETED")
    assert int(deleted["object"]["metadata"]["resourceVersion"]) > int(
        added["object"]["metadata"]["resourceVersion"]
    )


def test_objects_come_into_and_go_out_of_a_selection(sandbox_cluster: SandboxProcess, maps: str) -> None:
    version = sandbox_cluster.request("GET", maps).body["metadata"]["resourceVersion"]
    watching = Watching(sandbox_cluster, f"{maps}?labelSelector=picked&resourceVersion={version}&")

    def label(value: str | None) -> None:
        patch = {"metadata": {"labels": {"picked": value}}}
        path = f"{maps}/m0"
        sandbox_cluster.request("PATCH", path, patch, content_type="application/merge-patch+json")

    kinds = []
    for value in ("a", "b", None):
        label(value)
        event = watching.next()
        kinds.append(event["type"])
    watching.close()
    assert kinds == ["ADDED", "MODIFIED", "DELETED"]
    assert event["object"]["metadata"]["labels"]["picked"] == "b"


def test_watch_of_one_object_by_its_name(sandbox_cluster: SandboxProcess, maps: str) -> None:
    watching = Watching(sandbox_cluster, f"{maps}/m1?")
    event = watching.next()
    watching.close()
    assert event["object"]["metadata"]["name"] == "m1"


def test_initial_events_end_with_a_marked_bookmark(sandbox_cluster: SandboxProcess, maps: str) -> None:
    query = (
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=t"
    )
    watching = Watching(sandbox_cluster, f"{maps}?{query}&")
    events = [watching.next() for _ in range(4)]
    watching.close()
    assert [each["type"] for each in events] == ["ADDED", "ADDED", "ADDED", "BOOKMARK"]
    assert events[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_initial_events_need_their_match_option(sandbox_cluster: SandboxProcess, maps: str) -> None:
    answer = sandbox_cluster.request("GET", f"{maps}?watch=true&sendInitialEvents=true")
    assert answer.status == 422
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in str(answer.body)


def test_table_watch_says_its_columns_once(sandbox_cluster: SandboxProcess, maps: str) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    watching = Watching(sandbox_cluster, f"{maps}?labelSelector=t&", accept)
    first, second = watching.next()["object"], watching.next()["object"]
    watching.close()
    assert [each["name"] for each in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["columnDefinitions"] == []
    assert second["rows"][0]["cells"][0] == "m1"


def test_watch_ends_when_its_time_is_over(sandbox_cluster: SandboxProcess, maps: str) -> None:
    events = sandbox_cluster.request("GET", f"{maps}?watch=true&timeoutSeconds=1&labelSelector=t")
    assert len(events.body) == 3


def test_fifty_watches_all_hear_of_every_change(sandbox_cluster: SandboxProcess, maps: str) -> None:
    watches = [Watching(sandbox_cluster, f"{maps}?labelSelector=many&") for _ in range(50)]
    for index in range(20):
        put(sandbox_cluster, maps, f"many{index}", {"many": "y"})
    for watching in watches:
        heard = [watching.next()["object"]["metadata"]["name"] for _ in range(20)]
        assert heard == [f"many{index}" for index in range(20)]
        watching.close()
