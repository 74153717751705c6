"""Faults on demand, for tests: latency, errors, outages and answers cut off in the middle.

    PUT /sandbox/faults   {"latencySeconds": 0.5, "errorRate": 0.3, "status": 503, "cutRate": 0.1, "seed": 7,
                           "outageSeconds": 10, "paths": "/secrets", "methods": ["POST"], "count": 3}
    GET /sandbox/faults   what is set now
    DELETE /sandbox/faults

For members of system:masters only, and never applied to itself. All parts are optional and act together.
`paths` is a regular expression searched in the path, `count` the number of requests that are still hit.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from portal.sandbox.objects import encode
from portal.sandbox.statuses import ApiError, bad_request
from portal.sandbox.users import MASTERS, UserInfo

PATH = "/sandbox/faults"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_REASONS = {
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "Timeout",
}
# as an API server says it, since helm hands on nothing but the words
_WORDS = {
    409: "the object has been modified; please apply your changes to the latest version and try again",
    429: "too many requests, please try again later",
    500: "Internal error occurred",
    503: "the server is currently unable to handle the request",
}
_NUMBERS = {"latencySeconds": 60.0, "errorRate": 1.0, "cutRate": 1.0, "outageSeconds": 3600.0}
_KNOWN = {*_NUMBERS, "status", "paths", "methods", "count", "seed"}


@dataclass
class Fault:
    """One setting. `remaining` None is without limit; `down_until` is on the monotonic clock."""

    said: dict[str, Any]
    latency_seconds: float = 0.0
    error_rate: float = 0.0
    cut_rate: float = 0.0
    down_until: float = 0.0
    status: int = 503
    paths: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    methods: frozenset[str] = frozenset()
    remaining: int | None = None
    dice: random.Random = field(default_factory=random.Random)

    def hits(self, method: str, path: str) -> bool:
        if (
            self.remaining == 0
            or (self.methods and method not in self.methods)
            or not self.paths.search(path)
        ):
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True


def read(body: Any) -> Fault:
    """Check a request's body; raises BadRequest naming what is wrong."""
    if not isinstance(body, dict) or set(body) - _KNOWN:
        raise bad_request(f"faults are a JSON object with any of: {', '.join(sorted(_KNOWN))}")
    for name, most in _NUMBERS.items():
        value = body.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise bad_request(f"{name} must be a number from 0 to {most:g}")
    status, count = body.get("status", 503), body.get("count")
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise bad_request("status must be an HTTP status from 400 to 599")
    if count is not None and (not isinstance(count, int) or count < 1):
        raise bad_request("count must be a whole number from 1")
    methods = body.get("methods", [])
    if not isinstance(methods, list) or not all(isinstance(each, str) for each in methods):
        raise bad_request("methods must be a list of HTTP methods")
    try:
        paths = re.compile(body.get("paths", ""))
    except (re.error, TypeError) as wrong:
        raise bad_request(f"paths must be a regular expression: {wrong}") from wrong
    return Fault(
        body,
        latency_seconds=body.get("latencySeconds", 0),
        error_rate=body.get("errorRate", 0),
        cut_rate=body.get("cutRate", 0),
        down_until=time.monotonic() + body.get("outageSeconds", 0),
        status=status,
        paths=paths,
        methods=frozenset(each.upper() for each in methods),
        remaining=count,
        dice=random.Random(body.get("seed")),  # noqa: S311 dice, not a secret
    )


class Faults:
    """The fault that is set, its endpoint, and the middleware that applies it."""

    def __init__(self) -> None:
        self.current: Fault | None = None

    async def serve(self, request: web.Request, user: UserInfo) -> web.Response:
        """Answer `/sandbox/faults`; raises Forbidden for anybody but an administrator."""
        if MASTERS not in user.groups:
            message = f'forbidden: User "{user.name}" cannot {request.method.lower()} path "{PATH}"'
            raise ApiError(403, "Forbidden", message, {})
        if request.method == "PUT":
            try:
                self.current = read(await request.json())
            except ValueError as wrong:
                raise bad_request(f"the body is not JSON: {wrong}") from wrong
        elif request.method == "DELETE":
            self.current = None
        elif request.method != "GET":
            raise ApiError(405, "MethodNotAllowed", f"{PATH} takes GET, PUT and DELETE", {})
        return web.Response(text=encode(self._described()), content_type="application/json")

    def _described(self) -> dict[str, Any]:
        if self.current is None:
            return {}
        left = self.current.down_until - time.monotonic()
        return {
            **self.current.said,
            **({"outageSeconds": round(left, 3)} if left > 0 else {}),
            **({"count": self.current.remaining} if self.current.remaining is not None else {}),
        }

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or hit it first; to be called around every other handler."""
        fault = self.current
        if fault is None or request.path == PATH or not fault.hits(request.method, request.path):
            return await handler(request)
        if fault.latency_seconds:
            await asyncio.sleep(fault.latency_seconds)
        if time.monotonic() < fault.down_until:
            _drop(request)
            return web.Response()
        if fault.dice.random() < fault.error_rate:
            return _error(fault.status)
        response = await handler(request)
        if fault.dice.random() < fault.cut_rate and isinstance(response, web.Response):
            return await _cut(request, response)
        return response


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _error(status: int) -> web.Response:
    reason = _REASONS.get(status, "Unknown")
    words = "the sandbox was told to fail (see /sandbox/faults)"
    error = ApiError(status, reason, f"{_WORDS[status]}: {words}" if status in _WORDS else words, {})
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    return web.Response(
        status=status, text=encode(error.status()), content_type="application/json", headers=headers
    )


async def _cut(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Announce the whole body, send half of it, and hang up."""
    body = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b""
    headers = {"Content-Type": response.headers.get("Content-Type", ""), "Content-Length": str(len(body))}
    answer = web.StreamResponse(status=response.status, headers=headers)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    _drop(request)
    return answer
