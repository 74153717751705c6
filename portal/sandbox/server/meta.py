"""Pages that are about no object: version, health, discovery, OpenAPI."""

from __future__ import annotations

from aiohttp import web

from portal.sandbox.cluster import Cluster
from portal.sandbox.objects import Object, encode
from portal.sandbox.server import negotiation, requests
from portal.sandbox.server.discovery import VERSION, Discovery
from portal.sandbox.server.openapi import OpenApi
from portal.sandbox.server.requests import Target

_HEALTH = ("/healthz", "/livez", "/readyz")
_YEAR = 31_536_000


class MetaPages:
    def __init__(self, cluster: Cluster, address: str) -> None:
        self._address = address
        self._discovery = Discovery(cluster.resources)
        self._openapi = OpenApi(cluster.resources, cluster.custom_resources)

    def page(self, request: web.BaseRequest) -> web.Response:
        """Raises the 404 page for what is nothing."""
        path = request.path.rstrip("/") or "/"
        if request.method not in ("GET", "HEAD"):
            raise requests.not_found_page()
        if path in _HEALTH or path.startswith(tuple(f"{each}/" for each in _HEALTH)):
            return web.Response(text="ok", content_type="text/plain", charset="utf-8")
        if path == "/version":
            return _json(VERSION)
        if path == "/":
            return _json({"paths": self._paths()})
        if path.startswith("/openapi"):
            return self._openapi_page(request, path)
        return self._discovery_page(request, path)

    def unserved(self, found: Target) -> web.Response | None:
        """componentstatuses, announced everywhere and empty here."""
        if (found.group, found.version, found.plural) == (
            "",
            "v1",
            "componentstatuses",
        ) and found.verb == "list":
            body: Object = {"kind": "ComponentStatusList", "apiVersion": "v1", "metadata": {}, "items": []}
            return _json(body)
        return None

    def _paths(self) -> list[str]:
        groups = self._discovery.groups()["groups"]
        versions = [f"/apis/{each['groupVersion']}" for group in groups for each in group["versions"]]
        named = [f"/apis/{group['name']}" for group in groups]
        return sorted(["/api", "/api/v1", "/apis", *named, *versions, *_HEALTH, "/openapi/v3", "/version"])

    def _discovery_page(self, request: web.BaseRequest, path: str) -> web.Response:
        if path in ("/api", "/apis"):
            return self._roots(request, path)
        parts = path.strip("/").split("/")
        found: Object | None = None
        if parts[0] == "api" and len(parts) == 2:
            found = self._discovery.resource_list("", parts[1])
        elif parts[0] == "apis" and len(parts) == 2:
            found = self._discovery.group(parts[1])
        elif parts[0] == "apis" and len(parts) == 3:
            found = self._discovery.resource_list(parts[1], parts[2])
        if found is None:
            raise requests.not_found_page()
        return _json(found)

    def _roots(self, request: web.BaseRequest, path: str) -> web.Response:
        form = negotiation.form(request.headers.get("Accept", ""), discovery=True)
        if not form.kind:
            return _json(
                self._discovery.versions(self._address) if path == "/api" else self._discovery.groups()
            )
        etag = self._discovery.etag
        headers = {
            "ETag": etag,
            "Vary": "Accept",
            "Content-Type": form.content_type,
            "Cache-Control": "public",
        }
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        body = self._discovery.aggregated(core=path == "/api", version=form.version)
        return web.Response(body=encode(body).encode(), headers=headers)

    def _openapi_page(self, request: web.BaseRequest, path: str) -> web.Response:
        if path == "/openapi/v3":
            return _json(self._openapi.index())
        document = self._openapi.document(path.removeprefix("/openapi/v3/"))
        if document is None:
            raise requests.not_found_page()
        digest = self._openapi.digest(path.removeprefix("/openapi/v3/"))
        headers = {"ETag": f'"{digest}"', "Vary": "Accept", "Content-Type": "application/json"}
        if request.query.get("hash"):
            headers["Cache-Control"] = f"public, immutable, max-age={_YEAR}"
        if request.headers.get("If-None-Match", "").strip('W/"') == digest:
            return web.Response(status=304, headers=headers)
        return web.Response(body=document.encode(), headers=headers)


def _json(body: Object) -> web.Response:
    return web.Response(body=encode(body).encode(), headers={"Content-Type": "application/json"})
