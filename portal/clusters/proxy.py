"""HTTP to a service in a cluster, through the API server's proxy: the portal needs no route to pods.

What answers is a team's program. Its answer is bounded in time and size, redirects are not followed, and a
path can only ever lead to the service itself.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote, unquote

from portal.clusters.api import api_for, error_of, identity_of
from portal.clusters.errors import ServiceSilent
from portal.clusters.types import Connection, HttpAnswer, ServicePort
from portal.core.errors import InvalidInput

MOST_SECONDS = 10.0
MOST_BYTES = 64 * 1024
MOST_PATH = 2000
# what the API server says of the service, not of itself
_OF_THE_SERVICE = (400, 404, 502, 503)


def why_not_a_path(path: str) -> str | None:
    """Why `path` cannot be asked of a service, or None if it can. A query may follow after `?`."""
    if not path.startswith("/") or len(path) > MOST_PATH:
        return f"Write a path such as /healthz: it starts with / and has at most {MOST_PATH} characters."
    plain, before = path, ""
    while plain != before:
        before, plain = plain, unquote(plain)
    if any(ord(character) < 32 or character in "\\#\x7f" for character in plain):
        return "A path has no control characters, no backslash and no #."
    if any(segment in (".", "..") for segment in plain.partition("?")[0].split("/")):
        return "A path has no segment . or .., however it is written."
    return None


class ServiceProxy:
    """Services of one cluster, asked as one identity; safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._api = api_for(connection)
        self._name = connection.name
        self._identity = identity_of(connection)

    def get(
        self,
        service: ServicePort,
        path: str,
        *,
        query: dict[str, str] | None = None,
        seconds: float = MOST_SECONDS,
    ) -> HttpAnswer:
        """What the service answers, whatever its status. `seconds` bounds all of it, at most 10.

        Raises ServiceSilent when nothing behind the proxy answers, ClusterUnreachable also when it takes too
        long, ClusterForbidden without the right to get services/proxy, InvalidInput for a path that is none.
        """
        why_not = why_not_a_path(path)
        if why_not:
            raise InvalidInput(why_not)
        began = time.monotonic()
        status, content = self._api.answer(
            self._address(service, path, query or {}),
            seconds=min(seconds, MOST_SECONDS),
            most_bytes=MOST_BYTES,
            identity=self._identity,
        )
        said = _status_object(content, status)
        if said is not None:
            if status in _OF_THE_SERVICE:
                raise ServiceSilent(str(said.get("message") or f"HTTP {status}"))
            raise error_of(status, "", content, self._name)
        return HttpAnswer(status, content.decode(errors="replace"), time.monotonic() - began)

    @staticmethod
    def _address(service: ServicePort, path: str, query: dict[str, str]) -> str:
        bare, mark, asked = path.partition("?")
        more = [asked] if mark else []
        more += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items()]
        base = f"/api/v1/namespaces/{service.namespace}/services/http:{service.service}:{service.port}/proxy"
        address = f"{base}{quote(bare, safe='/%:@!$&()*+,;=~')}"
        return f"{address}?{quote('&'.join(more), safe='/%:@!$&()*+,;=~?')}" if more else address


def _status_object(content: bytes, status: int) -> dict[str, Any] | None:
    """The API server's own refusal, which is no answer of the service."""
    if status < 400:
        return None
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    own = isinstance(answer, dict) and (answer.get("kind"), answer.get("apiVersion")) == ("Status", "v1")
    return answer if own and answer.get("code") == status else None
