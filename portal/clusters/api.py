"""One cluster's HTTP API through the kubernetes client: requests in, JSON or our errors out.

Only the client's transport is used. Its models and its loading of kubeconfigs are left alone: the former
cost milliseconds per object and drop fields that they do not know, the latter writes private keys to
temporary files.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient, ApiException, Configuration

from portal.clusters import errors
from portal.clusters.discovery import Discovery
from portal.clusters.kubeconfig import Access, access_of
from portal.clusters.types import Connection

CONNECT_SECONDS = 3.0
DISCOVERY_SECONDS = 10.0
POOL_SIZE = 16
MOST_CLIENTS = 256
JSON = "application/json"


class NotFound(errors.ClusterError):
    """HTTP 404; callers of this module turn it into None."""

    code = "cluster_not_found"


class Api:
    """Thread-safe; share it. A cluster's identities share connections and discovery."""

    def __init__(self, name: str, access: Access) -> None:
        self._name = name
        self._headers = {"Accept": JSON, "User-Agent": "slipway"}
        self._keep: list[int] = []
        self._client = ApiClient(self._configuration(access))
        self._base = access.server
        self.discovery = Discovery(
            lambda path, accept: self.json("GET", path, seconds=DISCOVERY_SECONDS, accept=accept)
        )

    def _configuration(self, access: Access) -> Configuration:
        config = Configuration(
            host=access.server,
            ca_cert_data=access.ca,
            tls_server_name=access.tls_server_name,
            connection_pool_maxsize=POOL_SIZE,
        )
        config.verify_ssl = access.verify
        config.retries = False
        if access.proxy_url:
            config.proxy = access.proxy_url
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        elif access.username:
            basic = urllib3.make_headers(basic_auth=f"{access.username}:{access.password or ''}")
            self._headers["Authorization"] = basic["authorization"]
        if access.client_certificate and access.client_key:
            config.cert_file = self._in_memory(access.client_certificate)
            config.key_file = self._in_memory(access.client_key)
        return config

    def _in_memory(self, pem: str) -> str:
        """A path to a file that is on no disk; open for as long as this object lives."""
        descriptor = os.memfd_create("pem")
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, pem.encode())
        self._keep.append(descriptor)
        return f"/proc/self/fd/{descriptor}"

    def __del__(self) -> None:
        for descriptor in self._keep:
            os.close(descriptor)

    def request(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
        identity: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The body of a 2xx answer. Raises NotFound and the errors of `portal.clusters.errors`."""
        url = f"{self._base}{path}{'?' + urlencode(query) if query else ''}"
        headers = self._headers_for(accept, identity)
        if body is not None:
            headers["Content-Type"] = content_type
        status, reason, content = self._exchange(method, url, headers, body, seconds)
        if status >= 300:
            raise error_of(status, reason, content, self._name)
        return content

    def answer(
        self, path: str, *, seconds: float, most_bytes: int, identity: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """Status and first bytes of whatever answers to GET: for what stands behind the API server's proxy.

        Redirects are not followed, nothing is unpacked, and all of it ends after `seconds`. Raises
        ClusterUnreachable.
        """
        timeout = urllib3.Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds))
        deadline = time.monotonic() + seconds
        with self._translated(seconds):
            answer = self._client.rest_client.pool_manager.request(
                "GET",
                f"{self._base}{path}",
                headers=self._headers_for("*/*", identity),
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                return answer.status, self._beginning(answer, most_bytes, deadline, seconds)
            finally:
                answer.close()  # unread rest and all: the connection is not used again

    def _headers_for(self, accept: str, identity: Mapping[str, Any] | None) -> Any:
        headers = urllib3.HTTPHeaderDict({**self._headers, "Accept": accept})
        for name, value in (identity or {}).items():
            for one in value if isinstance(value, tuple) else (value,):
                headers.add(name, one)
        return headers

    def _beginning(self, answer: Any, most_bytes: int, deadline: float, seconds: float) -> bytes:
        content = b""
        while len(content) < most_bytes:
            piece = answer.read1(most_bytes - len(content), decode_content=False)
            if not piece:
                break
            content += piece
            if time.monotonic() > deadline:
                raise self._unreachable(f"did not answer within {seconds:g} s")
        return content

    def json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Like `request`, parsed. Raises ClusterUnreachable when what answers is no Kubernetes API."""
        content = self.request(method, path, **more)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._unreachable("answers something that is not Kubernetes' JSON")
        return answer

    def _exchange(
        self, method: str, url: str, headers: Any, body: Any, seconds: float, again: bool = True
    ) -> tuple[int, str, bytes]:
        try:
            with self._translated(seconds):
                answer = self._client.call_api(
                    method, url, headers, body, _request_timeout=(min(CONNECT_SECONDS, seconds), seconds)
                )
                return answer.status, answer.reason or "", bytes(answer.read())  # type: ignore[no-untyped-call]
        except errors.ClusterUnreachable as exc:
            # a kept connection that the server closed just now
            if again and method == "GET" and isinstance(exc.__cause__, urllib3.exceptions.ProtocolError):
                return self._exchange(method, url, headers, body, seconds, again=False)
            raise

    @contextmanager
    def _translated(self, seconds: float) -> Iterator[None]:
        """What the transport raises, as ClusterUnreachable."""
        try:
            yield
        except urllib3.exceptions.ProtocolError as exc:
            raise self._unreachable("closed the connection in the middle of an answer") from exc
        except urllib3.exceptions.ReadTimeoutError as exc:
            raise self._unreachable(f"did not answer within {seconds:g} s") from exc
        except urllib3.exceptions.HTTPError as exc:
            cause = exc.__cause__ or exc
            raise self._unreachable(f"does not answer: {getattr(cause, 'strerror', None) or cause}") from exc
        except ApiException as exc:  # the client's word for a failed TLS handshake
            raise self._unreachable(f"does not answer: {exc.reason}") from exc

    def _unreachable(self, what: str) -> errors.ClusterUnreachable:
        return errors.ClusterUnreachable(f"The cluster {self._name} {what}.")


# too many requests, bad gateway, unavailable, gateway timeout: of the whole server
NOT_NOW = (429, 502, 503, 504)


def error_of(status: int, reason: str, content: bytes, cluster: str) -> errors.ClusterError:
    """The error that an HTTP answer stands for; a Status object's message is passed on verbatim."""
    message, word = reason or f"HTTP {status}", ""
    try:
        answer = json.loads(content)
        if isinstance(answer, dict) and answer.get("kind") == "Status":
            message, word = str(answer.get("message") or message), str(answer.get("reason") or "")
    except ValueError:
        pass
    details = {"status": status, "reason": word}
    if status == 401:
        return errors.ClusterForbidden(
            f"The cluster {cluster} does not accept the credentials of its kubeconfig. Register a new one.",
            **details,
        )
    if status == 403:
        return (errors.ClusterForbidden if is_rbac(message) else errors.ClusterRefused)(message, **details)
    if status == 404:
        return NotFound(message, **details)
    if status == 409:
        lasting = word == "AlreadyExists" or "conflict" in message.lower()
        return (errors.ClusterConflict if lasting else errors.ClusterBusy)(message, **details)
    if status == 429 or status >= 500:
        error = errors.ClusterUnreachable if status in NOT_NOW else errors.ClusterTrouble
        return error(f"The cluster {cluster} answers {status}: {message}", **details)
    return errors.ClusterRefused(message, **details)


def is_rbac(message: str) -> bool:
    """403 is also what quotas, PodSecurity and other admission answer; only RBAC speaks of `cannot`."""
    return any(
        phrase in message
        for phrase in ('" cannot ', "attempting to grant RBAC permissions", "cannot impersonate")
    )


def identity_of(connection: Connection) -> dict[str, Any]:
    """The headers that make the server act for somebody else."""
    found: dict[str, Any] = {}
    if connection.impersonate:
        found["Impersonate-User"] = connection.impersonate
    if connection.impersonate_groups:
        found["Impersonate-Group"] = connection.impersonate_groups
    return found


_clients: OrderedDict[tuple[int, str, str | None], Api] = OrderedDict()
_lock = threading.Lock()


def api_for(connection: Connection) -> Api:
    """The shared client of a cluster; building one costs a TLS context. A forked worker gets its own."""
    key = (os.getpid(), connection.kubeconfig, connection.context)
    with _lock:
        api = _clients.get(key)
        if api is None:
            api = Api(connection.name, access_of(connection.kubeconfig, connection.context))
            _clients[key] = api
        _clients.move_to_end(key)
        while len(_clients) > MOST_CLIENTS:
            _clients.popitem(last=False)
        return api
