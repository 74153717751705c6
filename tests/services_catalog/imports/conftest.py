from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def unused_tcp_listener() -> Iterator[tuple[str, Callable[[], int]]]:
    """An address on which somebody would notice a visit, and how many there were."""
    met: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                met.append(connection)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        host, port = server.getsockname()
        yield f"{host}:{port}", lambda: len(met)
        done.set()
        thread.join()
