"""The sandbox as a process: options, start, one line when ready, a clean stop."""

from __future__ import annotations

import argparse
import asyncio
import errno
import fcntl
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader

from portal.sandbox import addons, kubeconfig, tls
from portal.sandbox.bodies import MAX_BODY
from portal.sandbox.cluster import Cluster
from portal.sandbox.server.app import App

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 16443
DEFAULT_DATA = Path(".slipway/sandbox")
TAKEN = 2
# how long open requests (watches) may finish after SIGTERM
_GRACE_SECONDS = 0.5


@dataclass(frozen=True)
class Options:
    """Port 0 takes any free one; the kubeconfig says which."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    data: Path = DEFAULT_DATA
    kubeconfig: Path = DEFAULT_DATA / "kubeconfig"
    addons: str = ""


class CannotStart(Exception):
    """The port or the data directory is taken, or an addon is unknown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port; 0 takes a free one (default %(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, help="where the state lives (default %(default)s)"
    )
    parser.add_argument(
        "--kubeconfig", type=Path, help="where to write the admin kubeconfig (default DATA/kubeconfig)"
    )
    parser.add_argument(
        "--addons", default="", help=f"what to install beside: all, or some of {','.join(addons.known())}"
    )


def options_from(arguments: argparse.Namespace) -> Options:
    return Options(
        arguments.host,
        arguments.port,
        arguments.data,
        arguments.kubeconfig or arguments.data / "kubeconfig",
        arguments.addons,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m portal.sandbox`."""
    parser = argparse.ArgumentParser(
        prog="portal.sandbox", description="A Kubernetes API in one process, for evaluation and tests."
    )
    add_arguments(parser)
    return run(options_from(parser.parse_args(arguments)))


def run(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        with _lock(options.data):
            asyncio.run(_serve(options))
    except CannotStart as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return TAKEN
    return 0


def _lock(folder: Path) -> IO[str]:
    """Two processes on one data directory would overwrite each other."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = (folder / "lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise CannotStart(
            f"{folder} is in use by another sandbox. Stop it, or choose another --data."
        ) from error
    return held


async def _serve(options: Options) -> None:
    try:
        chosen = addons.chosen(options.addons)
    except ValueError as error:
        raise CannotStart(str(error)) from error
    listener = _listen(options)
    authority = tls.ensure(options.data, options.host)
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = f"{host}:{listener.getsockname()[1]}"
    cluster = Cluster(options.data, authority.certificate.read_text("ascii"), chosen)
    token = kubeconfig.admin_token(options.data)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        cluster.start()
        server = web.Server(
            App(cluster, token, address).handle,
            request_factory=_request,
            # a watch ends with its client
            handler_cancellation=True,
            access_log=None,
            max_line_size=16384,
        )
        runner = web.ServerRunner(server, shutdown_timeout=_GRACE_SECONDS)
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=authority.server_context()).start()
        kubeconfig.write(
            options.kubeconfig,
            server=f"https://{address}",
            certificate=authority.certificate.read_bytes(),
            token=token,
        )
        print(f"sandbox cluster ready: https://{address} (kubeconfig {options.kubeconfig})", flush=True)
        await stopping.wait()
        await runner.cleanup()
    finally:
        cluster.stop()


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as error:
        listener.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise CannotStart(
            f"{options.host}:{options.port} {why}. Free it, or choose another --port."
        ) from error
    listener.listen(256)
    listener.setblocking(False)
    return listener
