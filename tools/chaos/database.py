"""The stack's PostgreSQL: crashed, stopped, paused and started again; and what its rows say."""

from __future__ import annotations

import os
import signal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tools import postgres
from tools.chaos.procs import family_of
from tools.supervisor import processes


class Database(postgres.Server):
    """Durable against a crash of the server. Rows are read past the link that the portal comes by."""

    def __init__(self) -> None:
        super().__init__(durable=True)
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def pids(self) -> list[int]:
        """The server's processes."""
        alive = self.process is not None and self.process.poll() is None
        return family_of(self.process.pid) if alive and self.process else []

    def crash(self) -> None:
        """SIGKILL for all of its processes at once: no goodbye, recovery at the next start."""
        found = self.pids()
        if found:
            # stopped it cannot start another one meanwhile
            os.kill(found[0], signal.SIGSTOP)
            processes.send(self.pids(), signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)

    def pause(self) -> None:
        processes.send(self.pids(), signal.SIGSTOP)

    def resume(self) -> None:
        processes.send(self.pids(), signal.SIGCONT)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What a query answers, on a connection of its own that is opened anew when it was cut."""
        try:
            return self._execute(query, values)
        except psycopg.OperationalError:
            self._connection = None
            return self._execute(query, values)

    def _execute(self, query: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                host=str(self.home),
                user=postgres.DATABASE,
                dbname=postgres.DATABASE,
                autocommit=True,
                row_factory=dict_row,
            )
        cursor = self._connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []

    def forget(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
