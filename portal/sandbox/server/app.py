"""The HTTP surface: one handler that authenticates, authorizes, routes and turns refusals into Status
bodies."""

from __future__ import annotations

import hmac
import logging

from aiohttp import web

from portal.sandbox.cluster import Cluster
from portal.sandbox.faults import PATH as FAULTS_PATH
from portal.sandbox.rbac.impersonation import impersonated
from portal.sandbox.rbac.refusals import forbidden, forbidden_path
from portal.sandbox.server import requests
from portal.sandbox.server.answers import Answers
from portal.sandbox.server.meta import MetaPages
from portal.sandbox.server.reading import Reading
from portal.sandbox.server.requests import Options, Target
from portal.sandbox.server.subresources import Subresources
from portal.sandbox.server.writing import Writing
from portal.sandbox.statuses import ApiError, internal, method_not_allowed, unauthorized
from portal.sandbox.users import ADMIN, ANONYMOUS, UserInfo

log = logging.getLogger("portal.sandbox.server")
_READS = ("get", "list", "watch")


class App:
    """Serves one cluster. `handle` is an aiohttp low-level handler."""

    def __init__(self, cluster: Cluster, admin_token: str, address: str) -> None:
        self._cluster = cluster
        self._admin_token = admin_token.encode()
        self._answers = Answers(cluster)
        self._meta = MetaPages(cluster, address)
        self._reading = Reading(cluster, self._answers)
        self._writing = Writing(cluster, self._answers)
        self._subresources = Subresources(cluster, self._answers)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        return await self._cluster.faults.apply(request, self._guarded)  # type: ignore[arg-type]

    async def _guarded(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._serve(request)
        except ApiError as refusal:
            return self._answers.refusal(refusal)
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("%s %s", request.method, request.path_qs)
            return self._answers.refusal(internal(f"{type(error).__name__}: {error}"))

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        options = Options(request.query)
        user = self._user(request)
        if request.path == FAULTS_PATH:
            return await self._cluster.faults.serve(request, user)  # type: ignore[arg-type]
        found = requests.target(request.method, request.path, options)
        if found is None or not found.plural:
            return self._page(request, user)
        self._authorize(user, found)
        return await self._resource(request, user, found, options)

    def _user(self, request: web.BaseRequest) -> UserInfo:
        """Who asks, or whom they act as; raises Unauthorized."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if not token or scheme.lower() != "bearer":
            user: UserInfo | None = ANONYMOUS
        elif hmac.compare_digest(token.encode(), self._admin_token):
            user = ADMIN
        else:
            user = self._cluster.service_accounts.authenticate(token)
        if user is None:
            raise unauthorized()
        return impersonated(user, request.headers.items(), self._cluster.authorizer)

    def _authorize(self, user: UserInfo, found: Target) -> None:
        namespace = found.namespace
        asked = (user, found.verb, found.group, found.plural, found.subresource, namespace, found.name)
        allowed, reason = self._cluster.authorizer.allowed(*asked)
        if not allowed:
            raise forbidden(*asked, reason)

    def _page(self, request: web.BaseRequest, user: UserInfo) -> web.Response:
        verb = request.method.lower().replace("head", "get")
        allowed, _ = self._cluster.authorizer.allowed_path(user, verb, request.path)
        if not allowed:
            raise forbidden_path(user, verb, request.path)
        return self._meta.page(request)

    async def _resource(
        self, request: web.BaseRequest, user: UserInfo, found: Target, options: Options
    ) -> web.StreamResponse:
        resource = self._cluster.resources.by_plural(found.group, found.version, found.plural)
        if resource is None:
            unknown = self._meta.unserved(found)
            if unknown is not None:
                return unknown
            raise requests.not_found_page()
        if resource.namespaced and found.name and not found.namespace:
            raise requests.not_found_page()
        if found.subresource and found.subresource not in (
            "status",
            "scale",
            "finalize",
            "ephemeralcontainers",
        ):
            return await self._subresources.serve(request, user, resource, found, options)
        if found.subresource and found.subresource not in resource.subresources:
            raise requests.not_found_page()
        allowed = resource.subresources[found.subresource].verbs if found.subresource else resource.verbs
        if found.verb not in allowed:
            raise method_not_allowed(resource, found.verb)
        if found.verb in _READS:
            return await self._reading.serve(request, resource, found, options)
        if not resource.is_stored:
            return await self._subresources.review(request, user, resource, found, options)
        return await self._writing.serve(request, user, resource, found, options)
