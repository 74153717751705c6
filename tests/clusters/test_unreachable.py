"""A cluster that is not there, does not answer, or answers nonsense: said quickly, and as what it is."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial

import pytest

from portal.clusters.errors import ClusterUnreachable
from portal.clusters.helm import Helm
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Connection, Target

TARGET = Target("web", "team-a")


def connection(port, scheme="http"):
    server = f"{scheme}://127.0.0.1:{port}"
    named = {"name": "x", "cluster": {"server": server}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    user = {"name": "x", "user": {"token": "s3cret-token"}}
    config = {"clusters": [named], "contexts": [context], "users": [user], "current-context": "x"}
    return Connection("lab", json.dumps(config))


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def deaf_port():
    """Nobody accepts, and the queue is full: connecting hangs, as with an address that drops packets."""
    server = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(server.getsockname())
        waiting.append(client)
    yield server.getsockname()[1]
    for each in (*waiting, server):
        each.close()


@contextmanager
def answering(*answers):
    """A server that sends these bytes, one to each connection, and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        for answer in answers:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with server:
        yield server.getsockname()[1]


def refused_quickly(call, seconds=5.0):
    started = time.monotonic()
    with pytest.raises(ClusterUnreachable) as caught:
        call()
    assert time.monotonic() - started < seconds
    assert caught.value.retryable
    assert "lab" in caught.value.message
    assert "s3cret" not in caught.value.message
    return caught.value.message


def test_helm_says_at_once_that_nobody_listens(helm_binary, closed_port, demo_chart):
    helm = Helm(connection(closed_port), binary=helm_binary)
    message = refused_quickly(
        lambda: helm.upgrade_install(demo_chart, target=TARGET, values={}, timeout_seconds=60)
    )
    assert "Connection refused" in message
    for call in (helm.history, helm.manifest, helm.recover):
        refused_quickly(lambda call=call: call(TARGET))
    refused_quickly(lambda: helm.uninstall(TARGET, timeout_seconds=60))


def test_helm_says_at_once_that_whoever_listens_hangs_up(helm_binary, demo_chart):
    """Helm itself would try ten times, for ten seconds."""
    for call in (
        lambda helm: helm.upgrade_install(demo_chart, target=TARGET, values={}, timeout_seconds=60),
        lambda helm: helm.uninstall(TARGET, timeout_seconds=60),
        lambda helm: helm.history(TARGET),
    ):
        with answering(b"", b"") as port:
            helm = Helm(connection(port), binary=helm_binary)
            assert "closed the connection" in refused_quickly(partial(call, helm))


def test_kubernetes_says_at_once_that_nobody_listens(closed_port):
    message = refused_quickly(Kubernetes(connection(closed_port)).ping)
    assert "refused" in message


def test_an_address_that_swallows_everything_is_given_up_after_three_seconds(helm_binary, deaf_port):
    refused_quickly(Kubernetes(connection(deaf_port)).ping, seconds=9)
    refused_quickly(lambda: Helm(connection(deaf_port), binary=helm_binary).history(TARGET), seconds=9)


def test_a_server_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        cluster = Kubernetes(connection(server.getsockname()[1]), timeout_seconds=0.5)
        assert "did not answer within 0.5 s" in refused_quickly(cluster.ping)


def test_an_answer_that_breaks_off_is_tried_once_more():
    broken = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    with answering(b"", broken) as port:
        message = refused_quickly(Kubernetes(connection(port)).ping)
    assert "in the middle of an answer" in message


def test_a_tls_handshake_that_fails(plain_port):
    message = refused_quickly(Kubernetes(connection(plain_port, "https")).ping)
    assert "does not answer" in message


@pytest.fixture
def plain_port():
    """Plain HTTP where TLS is expected: the handshake fails."""
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        yield port


def test_something_that_is_not_kubernetes():
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>") as port:
        assert "not Kubernetes" in refused_quickly(Kubernetes(connection(port)).ping)
