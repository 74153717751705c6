"""A TCP connection that can be cut: a forwarder in a thread of its own, in front of database or cluster."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tools.supervisor.ports import HOST

T = TypeVar("T")
CHUNK = 64 * 1024
CONTROL_SECONDS = 10.0


class Loop:
    """One event loop in a thread, for all links of a stack."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="links", daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the loop's thread, wait for the outcome."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(CONTROL_SECONDS)

    def stop(self) -> None:
        """End what still goes on in it, then the thread."""
        self.do(self._cancel())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CONTROL_SECONDS)
        self.loop.close()

    async def _cancel(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass
class Trouble:
    """What is wrong with a link. `answer_bytes` are let through of each answer before it is cut, for the next
    `answers` connections; `seconds` hold back each piece of an answer."""

    silent: bool = False
    seconds: float = 0.0
    answer_bytes: int | None = None
    answers: int = 0


class Link:
    """Forwards a port on loopback to another port, or to a Unix socket."""

    def __init__(self, loop: Loop, port: int, upstream: int | Path) -> None:
        self.port = port
        self._loop = loop
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._trouble = Trouble()
        self._loop.do(self._open())

    def cut(self) -> None:
        """Refuse new connections and reset those that there are, until `mend`."""
        self._loop.do(self._close())

    def drop(self) -> int:
        """Reset the connections that there are now; how many."""
        return self._loop.do(self._reset())

    def silence(self) -> None:
        """Accept connections and say nothing, on those that there are as well, until `mend`."""
        self._trouble = Trouble(silent=True)

    def slow(self, seconds: float) -> None:
        """Hold back each piece of an answer, until `mend`."""
        self._trouble = Trouble(seconds=seconds)

    def break_answers(self, after_bytes: int, *, connections: int = 1) -> None:
        """Reset each of the next connections once so much has been answered on it."""
        self._trouble = Trouble(answer_bytes=after_bytes, answers=connections)

    def mend(self) -> None:
        """As new. What was swallowed in silence stays lost: such connections are reset."""
        was_silent = self._trouble.silent
        self._trouble = Trouble()
        if was_silent:
            self.drop()
        self._loop.do(self._open())

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _reset(self) -> int:
        found = list(self._connections)
        for writer in found:
            writer.transport.abort()
        return len(found)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        other: asyncio.StreamWriter | None = None
        try:
            answers, other = await self._connect()
            self._connections.add(other)
            ways = [
                asyncio.create_task(self._forward(reader, other, None)),
                asyncio.create_task(self._forward(answers, writer, self._most())),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            # what was said last is delivered before both ends hang up
            await asyncio.wait(ways, timeout=1.0)
            for way in ways:
                way.cancel()
        except OSError:
            writer.transport.abort()
        finally:
            for end in (writer, other):
                if end is not None:
                    self._connections.discard(end)
                    end.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, int):
            return await asyncio.open_connection(HOST, self._upstream)
        return await asyncio.open_unix_connection(str(self._upstream))

    def _most(self) -> int | None:
        if self._trouble.answer_bytes is None or self._trouble.answers <= 0:
            return None
        self._trouble.answers -= 1
        return self._trouble.answer_bytes

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while piece := await reader.read(CHUNK):
                while self._trouble.silent:
                    await asyncio.sleep(0.05)
                if self._trouble.seconds:
                    await asyncio.sleep(self._trouble.seconds)
                if most is not None and len(piece) >= most:
                    writer.write(piece[:most])
                    await writer.drain()
                    writer.transport.abort()
                    return
                most = None if most is None else most - len(piece)
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
