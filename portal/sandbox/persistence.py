"""The disk behind the store: one SQLite file in WAL mode, written in batches by a thread of its own."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

from portal.sandbox.objects import Object, encode

Address = tuple[str, str, str]
# how long a change may wait for others to share its transaction
BATCH_SECONDS = 0.03
_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


class Persistence:
    """Keeps the newest version of each object. What `write` got is on disk within about 100 ms, and
    after `close`.

    The writing thread sleeps until there is something to write. Its errors stop the next `flush` or `close`.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)
        self._pending: dict[Address, Object | None] = {}
        self._revision = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sandbox-store", daemon=True)

    def load(self) -> tuple[int, bool, list[tuple[Address, Object]]]:
        """(last revision, whether the last stop was clean, the objects); marks the state as in use."""
        state = dict(self._connection.execute("SELECT name, value FROM state"))
        rows = [
            ((resource, namespace, name), json.loads(body))
            for resource, namespace, name, body in self._connection.execute("SELECT * FROM objects")
        ]
        self._revision = state.get("revision", 0)
        self._set("clean", 0)
        self._thread.start()
        return self._revision, bool(state.get("clean", 1)), rows

    def write(self, address: Address, obj: Object | None, revision: int) -> None:
        with self._lock:
            self._pending[address] = obj
            self._revision = revision
        self._wake.set()

    def flush(self) -> None:
        """Write what is pending; raises what went wrong since the last time."""
        self._write_batch()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self.flush()
        self._set("clean", 1)
        self._connection.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._stop.wait(BATCH_SECONDS)
            self._wake.clear()
            try:
                self._write_batch()
            except sqlite3.Error as error:
                self._failure = error
                return

    def _write_batch(self) -> None:
        with self._writing:
            with self._lock:
                batch, self._pending = self._pending, {}
                revision = self._revision
            if not batch:
                return
            rows = [(*address, encode(obj)) for address, obj in batch.items() if obj is not None]
            gone = [address for address, obj in batch.items() if obj is None]
            execute = self._connection
            execute.execute("BEGIN IMMEDIATE")
            execute.executemany("DELETE FROM objects WHERE resource=? AND namespace=? AND name=?", gone)
            execute.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", rows)
            self._set("revision", revision)
            execute.execute("COMMIT")

    def _set(self, name: str, value: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))
