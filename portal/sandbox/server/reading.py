"""get, list and watch."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from portal.sandbox import conversions, scale
from portal.sandbox.cluster import Cluster
from portal.sandbox.objects import Object, encode
from portal.sandbox.printers import partial_metadata
from portal.sandbox.resources import Resource
from portal.sandbox.server import lists, negotiation
from portal.sandbox.server.answers import Answers
from portal.sandbox.server.lists import Page, Selection
from portal.sandbox.server.negotiation import Form
from portal.sandbox.server.requests import Options, Target
from portal.sandbox.server.watches import Watch


class Reading:
    def __init__(self, cluster: Cluster, answers: Answers) -> None:
        self._cluster = cluster
        self._answers = answers

    async def serve(
        self, request: web.BaseRequest, resource: Resource, found: Target, options: Options
    ) -> web.StreamResponse:
        form = negotiation.form(request.headers.get("Accept", ""))
        if found.verb == "get":
            return self._get(resource, found, form, options)
        chosen = self.selection(resource, found, options)
        if found.verb == "watch":
            return await self._watch(request, chosen, form, options)
        page = lists.page(self._cluster.store, chosen, options)
        if form.kind:
            return self._shaped(chosen, page, form, options)
        return self._answers.text(lists.text(self._cluster.store, chosen, page), form)

    def selection(self, resource: Resource, found: Target, options: Options) -> Selection:
        namespace = found.namespace if resource.namespaced else ""
        selectable = self._cluster.custom_resources.selectable(resource) if resource.custom else ()
        return lists.selection(resource, namespace, found.name, options, selectable)

    def _get(self, resource: Resource, found: Target, form: Form, options: Options) -> web.Response:
        namespace = found.namespace if resource.namespaced else ""
        lists.check_version(self._cluster.store, options)
        obj = self._cluster.registry.get(resource, namespace, found.name)
        if found.subresource == "scale":
            return self._answers.object(resource, scale.of(resource, obj), form, options)
        return self._answers.stored(resource, obj, form, options)

    def _shaped(self, chosen: Selection, page: Page, form: Form, options: Options) -> web.Response:
        """A list as a Table, or of metadata only."""
        metadata: Object = {"resourceVersion": str(page.version)}
        if page.token:
            metadata["continue"] = page.token
        if page.remaining:
            metadata["remainingItemCount"] = page.remaining
        objects = [conversions.from_storage(chosen.resource, obj) for obj in page.items]
        if form.kind == "Table":
            body = self._answers.tables.table(
                chosen.resource, objects, metadata, options.text("includeObject")
            )
        else:
            body = {
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "items": [partial_metadata(obj) for obj in objects],
            }
        return self._answers.text(encode(body), form)

    async def _watch(
        self, request: web.BaseRequest, chosen: Selection, form: Form, options: Options
    ) -> web.StreamResponse:
        watch = Watch(self._cluster.store, chosen, options, self._shape(chosen.resource, form, options))
        watch.check()
        headers = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
        response = web.StreamResponse(headers=headers)
        response.enable_chunked_encoding()
        await response.prepare(request)
        async for batch in watch.lines():
            if batch:
                await response.write(batch.encode("utf-8", "replace"))
        await response.write_eof()
        return response

    def _shape(self, resource: Resource, form: Form, options: Options) -> Callable[[Object], Object] | None:
        if not form.kind:
            return None
        if form.kind != "Table":
            return partial_metadata
        include = options.text("includeObject")
        told: list[bool] = []

        def shaped(obj: Object) -> Object:
            version = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            rows = [obj] if "uid" in obj["metadata"] else []
            table = self._answers.tables.table(resource, rows, version, include)
            if told:
                # the columns are said once
                table["columnDefinitions"] = []
            told.append(True)
            return table

        return shaped
