"""The Kubernetes Python client, unchanged, against the sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from kubernetes import client, config, watch

from tests.sandbox_process import SandboxProcess


@pytest.fixture
def core(sandbox_cluster: SandboxProcess) -> client.CoreV1Api:
    return client.CoreV1Api(config.new_client_from_config(str(sandbox_cluster.kubeconfig)))


@pytest.fixture
def namespace(core: client.CoreV1Api) -> Iterator[str]:
    name = f"python-{uuid.uuid4().hex[:8]}"
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    yield name
    core.delete_namespace(name)


def config_map(name: str) -> client.V1ConfigMap:
    """Without apiVersion and kind, which this client leaves to the path."""
    return client.V1ConfigMap(
        metadata=client.V1ObjectMeta(name=name, labels={"made": "here"}), data={"a": "b"}
    )


def test_objects_are_made_read_changed_and_deleted(core: client.CoreV1Api, namespace: str) -> None:
    made = core.create_namespaced_config_map(namespace, config_map("one"))
    assert (made.api_version, made.kind) == ("v1", "ConfigMap")
    made.data["a"] = "c"
    assert core.replace_namespaced_config_map("one", namespace, made).data == {"a": "c"}
    assert core.patch_namespaced_config_map("one", namespace, {"data": {"d": "e"}}).data == {
        "a": "c",
        "d": "e",
    }
    listed = core.list_namespaced_config_map(namespace, label_selector="made=here")
    assert [each.metadata.name for each in listed.items] == ["one"]
    core.delete_namespaced_config_map("one", namespace)
    assert core.list_namespaced_config_map(namespace, label_selector="made=here").items == []


def test_missing_object_is_the_clients_own_error(core: client.CoreV1Api, namespace: str) -> None:
    with pytest.raises(client.ApiException) as refused:
        core.read_namespaced_pod("none", namespace)
    assert refused.value.status == 404


def test_watch_hears_of_what_is_made(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("one"))
    watching = watch.Watch()
    heard = []
    for event in watching.stream(
        core.list_namespaced_config_map, namespace, label_selector="made", timeout_seconds=10
    ):
        heard.append((event["type"], event["object"].metadata.name))
        if len(heard) == 1:
            core.delete_namespaced_config_map("one", namespace)
        else:
            watching.stop()
    assert heard == [("ADDED", "one"), ("DELETED", "one")]


def test_pages_are_followed(core: client.CoreV1Api, namespace: str) -> None:
    for index in range(5):
        core.create_namespaced_config_map(namespace, config_map(f"m{index}"))
    found, token = [], None
    while True:
        page = core.list_namespaced_config_map(namespace, label_selector="made", limit=2, _continue=token)
        found += [each.metadata.name for each in page.items]
        token = page.metadata._continue
        if not token:
            break
    assert found == [f"m{index}" for index in range(5)]
