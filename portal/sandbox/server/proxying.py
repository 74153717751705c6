"""`services/{[scheme:]name[:port]}/proxy/{path}` and the same of pods: which container is asked, in the API
server's rules and words (pkg/registry/core/service/storage, pkg/registry/core/pod)."""

from __future__ import annotations

import asyncio
import random

from aiohttp import web

from portal.sandbox.cluster import Cluster
from portal.sandbox.controllers.endpoints import SERVICE_NAME
from portal.sandbox.node import answering
from portal.sandbox.node.answering import Asked, Reply
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource
from portal.sandbox.server.requests import Options, Target
from portal.sandbox.statuses import ApiError, bad_request, not_found
from portal.sandbox.users import UserInfo

_SCHEMES = ("", "http", "https")
_MOST_COUNTED = 10_000


class Proxying:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._asked: dict[str, int] = {}

    async def serve(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.Response:
        if not found.rest and not request.path.endswith("/") and request.method in ("GET", "HEAD"):
            where = request.path + "/" + (f"?{request.query_string}" if request.query_string else "")
            return web.Response(status=301, headers={"Location": where})
        pod, port = (self._of_service if resource.plural == "services" else self._of_pod)(resource, found)
        container = answering.listening(pod, port) if answering.is_up(pod) else None
        if container is None:
            address = (pod.get("status") or {}).get("podIP", "")
            said = f"dial tcp {address}:{port}: connect: connection refused"
            raise unavailable(f"error trying to reach service: {said}")
        reply = answering.answer(pod, container, await self._request(request, pod, found))
        return await self._sent(request, reply)

    async def _request(self, request: web.BaseRequest, pod: Object, found: Target) -> Asked:
        uid = pod["metadata"]["uid"]
        while len(self._asked) >= _MOST_COUNTED:
            del self._asked[next(iter(self._asked))]
        self._asked[uid] = self._asked.get(uid, 0) + 1
        slash = "/" if found.rest and request.path.endswith("/") else ""
        path = f"/{found.rest}".rstrip("/") + slash if found.rest else "/"
        return Asked(request.method, path, request.query, await request.read(), self._asked[uid])

    async def _sent(self, request: web.BaseRequest, reply: Reply) -> web.Response:
        if reply.seconds:
            await asyncio.sleep(reply.seconds)
        body = b"" if request.method == "HEAD" else reply.body
        headers = {"Content-Type": reply.content_type, **reply.headers}
        return web.Response(status=reply.status, body=body, headers=headers)

    def _of_service(self, resource: Resource, found: Target) -> tuple[Object, int]:
        """A ready pod of the service, any of them, and the port on it."""
        _, name, port = _split(found.name, "service")
        service = self._cluster.store.get(resource, found.namespace, name)
        if port.isdecimal():
            if service is None:
                raise not_found(resource, name)
            port = _name_of_port(service, int(port))
        if service is None:
            raise not_found(self._cluster.resources.require("", "Endpoints"), name)
        endpoints = self._endpoints(found.namespace, name)
        if not any(each.get("endpoints") for each in endpoints):
            raise unavailable(f'no endpoints available for service "{name}"')
        ready = [
            (endpoint["targetRef"]["name"], offered["port"])
            for each in endpoints
            for offered in each.get("ports") or ()
            if (offered.get("name") or "") == port
            for endpoint in each.get("endpoints") or ()
            if endpoint["conditions"]["ready"] and endpoint.get("targetRef")
        ]
        if not ready:
            raise unavailable(f'no endpoints available for service "{found.name}"')
        pod, number = random.choice(ready)  # noqa: S311 spread, not a secret
        return self._pod(found.namespace, pod), number

    def _endpoints(self, namespace: str, service: str) -> list[Object]:
        slices = self._cluster.resources.require("discovery.k8s.io", "EndpointSlice")
        return [
            each
            for each in self._cluster.store.list(slices, namespace)
            if (each["metadata"].get("labels") or {}).get(SERVICE_NAME) == service
        ]

    def _of_pod(self, resource: Resource, found: Target) -> tuple[Object, int]:
        """The pod, and the port asked for, or the first that it declares, or 80."""
        _, name, port = _split(found.name, "pod")
        pod = self._pod(found.namespace, name)
        if not (pod.get("status") or {}).get("podIP"):
            raise bad_request("address not allowed")
        declared = [
            str(offered["containerPort"])
            for container in pod["spec"]["containers"]
            for offered in container.get("ports") or ()
        ]
        port = port or (declared or ["80"])[0]
        if not port.isdecimal():
            said = f"dial tcp: lookup tcp/{port}: unknown port"
            raise unavailable(f"error trying to reach service: {said}")
        return pod, int(port)

    def _pod(self, namespace: str, name: str) -> Object:
        return self._cluster.registry.get(self._cluster.resources.require("", "Pod"), namespace, name)


def _split(text: str, what: str) -> tuple[str, str, str]:
    """`name`, `name:port` or `scheme:name:port` (k8s.io/apimachinery/pkg/util/net, SplitSchemeNamePort)."""
    parts = text.split(":")
    scheme, name, port = {
        1: ("", parts[0], ""),
        2: ("", parts[0], parts[-1]),
        3: (parts[0], parts[len(parts) // 2], parts[-1]),
    }.get(len(parts), ("?", "", ""))
    if scheme not in _SCHEMES or not name:
        raise bad_request(f'invalid {what} request "{text}"')
    return scheme, name, port


def _name_of_port(service: Object, number: int) -> str:
    for port in service["spec"].get("ports") or ():
        if port["port"] == number:
            return str(port.get("name") or "")
    name = service["metadata"]["name"]
    raise unavailable(f'no service port {number} found for service "{name}"')


def unavailable(message: str) -> ApiError:
    return ApiError(503, "ServiceUnavailable", message)
