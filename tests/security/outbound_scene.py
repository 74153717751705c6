"""A network of a test's own: what names resolve to, where sockets went, and servers on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from tests.fixtures.outside import serving


@dataclass
class Network:
    """What names resolve to, one answer after the other, and where sockets went."""

    answers: dict[str, list[list[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    pause: float = 0


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """A resolver of the test's own; only loopback is really connected to. Other threads of the process, such
    as those that look after the fault tests' servers, connect as ever and are not noted."""
    made, real, real_creation = Network(), socket.socket.connect, socket.create_connection
    real_answers, test = socket.getaddrinfo, threading.get_ident()

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if is_address(host):  # who looks after servers connects to their addresses
            return real_answers(host, port, *more, **named)
        made.asked.append(host)
        time.sleep(made.pause)
        turns = made.answers.get(host)
        if turns is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def connect(self: socket.socket, address: Any) -> None:
        if threading.get_ident() != test:
            real(self, address)
            return
        made.connected.append(str(address[0]))
        if not str(address[0]).startswith("127."):
            raise ConnectionRefusedError
        real(self, address)

    def create_connection(address: tuple[str, int], *more: Any, **named: Any) -> socket.socket:
        """As socket's own, which would ask the resolver again: an address is an address."""
        if threading.get_ident() != test:
            return real_creation(address, *more, **named)
        (timeout,) = (*more, *named.values())
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        sock.settimeout(timeout)
        sock.connect(address)
        return sock

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    return made


class Web(BaseHTTPRequestHandler):
    """What a test plans for a path: a status, headers, a body in pieces."""

    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, dict(self.headers)))
        status, headers, pieces = server.plan.get(self.path, (200, {}, [b"fine"]))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(piece)
                time.sleep(server.pause)
        except OSError:
            server.cut = True

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""


@contextmanager
def web(address: str = "127.0.0.1", port: int = 0) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer((address, port), Web)
    server.seen, server.plan, server.pause, server.cut = [], {}, 0, False
    server.port = server.server_address[1]
    with serving(server):
        yield server
