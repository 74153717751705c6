"""What answers an address that people configure is bounded in size and time, and is whom it says it is."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.core.outbound.calls import call
from portal.core.outbound.errors import AnswerTooLarge, NotReached, NotTrusted, TooSlow
from tests.fixtures.outside import Receiver
from tests.security.outbound_scene import Network, network, web
from tests.security.test_outbound import LOOPBACK, get

__all__ = ["network"]


def test_an_answer_is_bounded_in_size(network: Network) -> None:
    with web() as server:
        server.plan["/"] = (200, {}, [b"x" * 65536] * 100)
        with pytest.raises(AnswerTooLarge):
            get(f"http://127.0.0.1:{server.port}/", LOOPBACK, most_bytes=100_000)
        server.plan["/"] = (200, {"Content-Length": "100000"}, [b"x" * 100_000])
        assert len(get(f"http://127.0.0.1:{server.port}/", LOOPBACK, most_bytes=100_000).body) == 100_000


def test_an_answer_that_trickles_is_cut_off(network: Network) -> None:
    with web() as server:
        server.pause, server.plan["/"] = 0.05, (200, {}, [b"x"] * 200)
        check_slow(lambda: get(f"http://127.0.0.1:{server.port}/", LOOPBACK, seconds=0.4))


def test_a_name_that_takes_its_time_is_cut_off(network: Network) -> None:
    network.pause = 10
    check_slow(lambda: get("https://slow.example.org/", seconds=0.4))


@pytest.mark.parametrize("says", [b"", b"\x16"])
def test_a_handshake_that_does_not_come_is_cut_off(network: Network, says: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"
        check_slow(lambda: get(url, LOOPBACK, seconds=0.4))


def check_slow(act: Callable[[], object]) -> None:
    started = time.monotonic()
    with pytest.raises(TooSlow):
        act()
    assert time.monotonic() - started < 5


def test_a_name_that_nobody_knows_is_not_reached(network: Network) -> None:
    with pytest.raises(NotReached):
        get("https://nobody.example.org/")


# -- TLS is for the name, not for the address that it was pinned to


def test_a_certificate_for_another_name_is_not_trusted(
    network: Network, tls_receiver: tuple[Receiver, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, certificate = tls_receiver
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # which is for 127.0.0.1
    network.answers["hooks.internal"] = [["127.0.0.1"]]
    for host, fine in (("127.0.0.1", True), ("hooks.internal", False)):
        url = f"https://{host}:{receiver.port}/"
        if fine:
            assert call("POST", url, allowed=LOOPBACK, seconds=5, body=b"{}").status == 204
        else:
            with pytest.raises(NotTrusted):
                call("POST", url, allowed=LOOPBACK, seconds=5, body=b"{}")
    assert len(receiver.posts) == 1
