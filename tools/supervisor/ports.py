"""Choosing TCP ports on loopback, and saying who has a taken one."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from tools.supervisor import procfs
from tools.supervisor.errors import CannotStart

HOST = "127.0.0.1"


def chosen(variable: str, default: int, environ: Mapping[str, str] = os.environ) -> int:
    """The port that `variable` names, 0 meaning any free one. Raises CannotStart when taken or no port."""
    text = environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise CannotStart(
            f"{variable} must be a port between 1 and 65535, or 0 for any free one, not {text!r}."
        )
    port = int(text)
    with socket.socket() as probe:
        # as the servers do: a port in TIME_WAIT is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as refused:
            raise CannotStart(f"Port {port} needs root. Choose another: {variable}=8000.") from refused
        except OSError as taken:
            raise CannotStart(_taken(variable, port)) from taken
        return int(probe.getsockname()[1])


def _taken(variable: str, port: int) -> str:
    holder = procfs.listener(port)
    by = f" by process {holder} ({procfs.command_line(holder)[:120]})" if holder else ""
    return f"Port {port} on {HOST} is taken{by}. Stop it, or choose another: {variable}={port + 1}."
