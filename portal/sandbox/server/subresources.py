"""What is no stored object of its own: logs, evictions, bindings, tokens, proxying, reviews; and what the
sandbox lacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from portal.sandbox import logs, managedfields, objects, owners, statuses
from portal.sandbox.cluster import Cluster
from portal.sandbox.objects import Object, clone, dig
from portal.sandbox.resources import Resource
from portal.sandbox.server import negotiation, requests
from portal.sandbox.server.answers import Answers
from portal.sandbox.server.proxying import Proxying
from portal.sandbox.server.requests import Options, Target
from portal.sandbox.server.writing import Writing, read_object
from portal.sandbox.statuses import ApiError
from portal.sandbox.users import UserInfo

_NOT_SIMULATED = {
    "nodes": ("proxy",),
    "pods": ("attach", "exec", "portforward", "resize"),
}
_BUDGET = "Cannot evict pod as it would violate the pod's disruption budget."

Handler = Callable[[web.BaseRequest, UserInfo, Resource, Target, Options], Awaitable[web.StreamResponse]]


class Subresources:
    def __init__(self, cluster: Cluster, answers: Answers) -> None:
        self._cluster = cluster
        self._answers = answers
        self._writing = Writing(cluster, answers)
        proxying = Proxying(cluster)
        self._handlers: dict[tuple[str, str], Handler] = {
            ("pods", "log"): self._log,
            ("pods", "proxy"): proxying.serve,
            ("services", "proxy"): proxying.serve,
            ("pods", "eviction"): self._evict,
            ("pods", "binding"): self._bind,
            ("serviceaccounts", "token"): self._token,
            ("certificatesigningrequests", "approval"): self._writing.serve,
        }

    async def serve(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.StreamResponse:
        if found.subresource in _NOT_SIMULATED.get(resource.plural, ()):
            raise statuses.not_implemented(f"{resource.plural}/{found.subresource}")
        handler = self._handlers.get((resource.plural, found.subresource))
        if handler is None or found.subresource not in resource.subresources:
            raise requests.not_found_page()
        if found.verb not in resource.subresources[found.subresource].verbs:
            raise statuses.method_not_allowed(resource, found.verb)
        return await handler(request, user, resource, found, options)

    async def review(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.Response:
        """Access and token reviews: answered, not stored."""
        ctx = requests.context(user, options, request.headers.get("User-Agent", ""), [])
        body = await self._body(request, resource.kind)
        decoder = self._cluster.decoder
        objects.meta(body)
        decoded = decoder.decode(resource, body, ctx.field_validation, ctx.warnings)
        objects.meta(decoded)
        fresh = managedfields.updated(decoder.schema(resource), resource, None, decoded, body, ctx)
        answer = self._cluster.reviews.answer(resource.kind, fresh, user, found.namespace)
        form = negotiation.form(request.headers.get("Accept", ""))
        return self._answers.object(resource, answer, form, options, status=201, warnings=ctx.warnings)

    async def _log(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.StreamResponse:
        pod = self._cluster.registry.get(resource, found.namespace, found.name)
        asked = logs.options_from(options.query)
        logs.check(pod, asked)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        async for chunk in logs.stream(self._cluster.store, resource, pod, asked):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _evict(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.Response:
        body = await self._body(request, "Eviction")
        ctx = requests.context(user, options, request.headers.get("User-Agent", ""), [])
        ctx = requests.with_delete_options(ctx, options, body.get("deleteOptions"))
        pod = self._cluster.registry.get(resource, found.namespace, found.name)
        self._check_budget(pod)
        self._cluster.registry.delete(resource, found.namespace, found.name, ctx=ctx)
        return self._success()

    def _check_budget(self, pod: Object) -> None:
        budgets = self._cluster.resources.require("policy", "PodDisruptionBudget")
        labels = pod["metadata"].get("labels") or {}
        for budget in self._cluster.store.list(budgets, pod["metadata"]["namespace"]):
            selector = dig(budget, "spec", "selector")
            if selector is None or not owners.selects(selector, labels):
                continue
            if (dig(budget, "status", "disruptionsAllowed") or 0) < 1:
                name = budget["metadata"]["name"]
                healthy = dig(budget, "status", "currentHealthy") or 0
                wanted = dig(budget, "status", "desiredHealthy") or 0
                cause = {
                    "reason": "DisruptionBudget",
                    "message": f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} "
                    "currently",
                }
                raise ApiError(429, "TooManyRequests", _BUDGET, {"causes": [cause]})

    async def _bind(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.Response:
        body = await self._body(request, "Binding")
        ctx = requests.context(user, options, request.headers.get("User-Agent", ""), [])
        pod = clone(self._cluster.registry.get(resource, found.namespace, found.name))
        if pod["spec"].get("nodeName"):
            why = f'pod {found.name} is already assigned to node "{pod["spec"]["nodeName"]}"'
            raise statuses.conflict(resource, found.name, why)
        pod["spec"]["nodeName"] = dig(body, "target", "name") or ""
        self._cluster.registry.update(resource, pod, ctx=ctx)
        return self._success()

    async def _token(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.Response:
        body = await self._body(request, "TokenRequest")
        ctx = requests.context(user, options, request.headers.get("User-Agent", ""), []).on("token")
        registry = self._cluster.registry
        registry.validate(registry.admit("CREATE", resource, found.namespace, found.name, body, None, ctx))
        answer = self._cluster.service_accounts.request(found.namespace, found.name, body)
        form = negotiation.form(request.headers.get("Accept", ""))
        return self._answers.object(resource, answer, form, options, status=201)

    async def _body(self, request: web.BaseRequest, kind: str) -> Object:
        body = await read_object(request, kind)
        if body is None:
            raise statuses.bad_request(
                f"the object provided is unrecognized (must be of type {kind}): empty body"
            )
        return body

    def _success(self) -> web.Response:
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "code": 201,
        }
        return web.Response(status=201, text=objects.encode(status), content_type="application/json")
