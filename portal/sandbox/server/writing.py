"""create, update, patch, delete and deletecollection."""

from __future__ import annotations

from aiohttp import web

from portal.sandbox import bodies, patches, protobuf, statuses
from portal.sandbox.cluster import Cluster
from portal.sandbox.contexts import RequestContext
from portal.sandbox.objects import Object, encode, meta
from portal.sandbox.resources import Resource
from portal.sandbox.server import lists, negotiation, requests
from portal.sandbox.server.answers import Answers
from portal.sandbox.server.negotiation import Form
from portal.sandbox.server.requests import Options, Target
from portal.sandbox.statuses import ApiError, bad_request, unsupported_media_type
from portal.sandbox.users import UserInfo

_YAML = ("application/yaml", "text/yaml", "application/x-yaml")
_PATCHES = (patches.JSON, patches.MERGE, patches.STRATEGIC, patches.APPLY)
_WRONG_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


async def read_text(request: web.BaseRequest) -> bytes:
    """The whole body; raises RequestEntityTooLarge."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise bodies.entity_too_large() from error


async def read_object(request: web.BaseRequest, kind: str) -> Object | None:
    """An object in JSON, YAML or protobuf; None for an empty body. Raises BadRequest and
    UnsupportedMediaType."""
    raw = await read_text(request)
    if not raw:
        return None
    media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media == negotiation.PROTOBUF:
        return protobuf.decode(raw)
    if media not in ("", "application/json", *_YAML):
        raise unsupported_media_type()
    return bodies.parse_object(raw.decode("utf-8", "replace"), kind, is_yaml=media in _YAML)


class Writing:
    def __init__(self, cluster: Cluster, answers: Answers) -> None:
        self._cluster = cluster
        self._registry = cluster.registry
        self._answers = answers

    async def serve(
        self, request: web.BaseRequest, user: UserInfo, resource: Resource, found: Target, options: Options
    ) -> web.Response:
        form = negotiation.form(request.headers.get("Accept", ""))
        agent = request.headers.get("User-Agent", "")
        ctx = requests.context(user, options, agent, []).on(found.subresource)
        namespace = found.namespace if resource.namespaced else ""
        if found.verb == "patch":
            return await self._patch(request, resource, namespace, found, ctx, form, options)
        if found.verb == "delete":
            body = await read_object(request, "DeleteOptions")
            ctx = requests.with_delete_options(ctx, options, body)
            gone = self._registry.delete(resource, namespace, found.name, ctx=ctx)
            return self._answers.object(resource, gone, form, options, warnings=ctx.warnings)
        if found.verb == "deletecollection":
            body = await read_object(request, "DeleteOptions")
            ctx = requests.with_delete_options(ctx, options, body)
            return self._delete_collection(resource, namespace, ctx, form, options)
        expected = "Scale" if found.subresource == "scale" else resource.kind
        obj = await read_object(request, expected)
        if obj is None:
            raise bad_request(f"the object provided is unrecognized (must be of type {expected}): empty body")
        self._cluster.decoder.check_metadata(resource, obj)
        _place(resource, obj, namespace, found.name)
        if found.verb == "create":
            if found.name:
                raise statuses.method_not_allowed(resource, "create")
            created = self._registry.create(resource, obj, ctx=ctx)
            return self._answers.object(resource, created, form, options, status=201, warnings=ctx.warnings)
        updated = self._registry.update(resource, obj, ctx=ctx)
        return self._answers.object(resource, updated, form, options, warnings=ctx.warnings)

    async def _patch(
        self,
        request: web.BaseRequest,
        resource: Resource,
        namespace: str,
        found: Target,
        ctx: RequestContext,
        form: Form,
        options: Options,
    ) -> web.Response:
        media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media not in _PATCHES or (media == patches.STRATEGIC and resource.custom):
            raise unsupported_media_type()
        text = (await read_text(request)).decode("utf-8", "replace")
        patch = _parse_patch(text, media, resource)
        if media == patches.APPLY:
            ctx = requests.applying(ctx, options)
        elif options.text("force"):
            error = statuses.field_forbidden("force", "may not be specified for non-apply patch")
            raise statuses.invalid("meta.k8s.io", "PatchOptions", "", [error])
        existed = self._cluster.store.get(resource, namespace, found.name) is not None
        changed = self._registry.patch(resource, namespace, found.name, patch, media, ctx=ctx)
        status = 200 if existed else 201
        return self._answers.object(resource, changed, form, options, status=status, warnings=ctx.warnings)

    def _delete_collection(
        self, resource: Resource, namespace: str, ctx: RequestContext, form: Form, options: Options
    ) -> web.Response:
        selectable = self._cluster.custom_resources.selectable(resource) if resource.custom else ()
        chosen = lists.selection(resource, namespace, "", options, selectable)
        page = lists.page(self._cluster.store, chosen, options)
        for obj in page.items:
            self._delete_one(resource, obj, ctx)
        page.version = self._cluster.store.revision
        return self._answers.text(lists.text(self._cluster.store, chosen, page), form, warnings=ctx.warnings)

    def _delete_one(self, resource: Resource, obj: Object, ctx: RequestContext) -> None:
        metadata = obj["metadata"]
        try:
            self._registry.delete(resource, metadata.get("namespace"), metadata["name"], ctx=ctx)
        except ApiError as refusal:
            if refusal.code != 404:
                raise


def _parse_patch(text: str, media: str, resource: Resource) -> object:
    if media == patches.APPLY:
        return _apply_body(text, resource)
    try:
        value = bodies.parse_json(text)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    bodies.check_depth(value)
    return value


def _apply_body(text: str, resource: Resource) -> Object:
    try:
        value = bodies.parse_yaml_or_json(text)
    except ValueError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    if not isinstance(value, dict):
        raise bad_request(
            f"error decoding YAML: the body is no object of kind {resource.kind}: {encode(value)[:200]}"
        )
    bodies.check_depth(value)
    return value


def _place(resource: Resource, obj: Object, namespace: str, name: str) -> None:
    """An object goes where the path says; a body that says otherwise is refused."""
    metadata = meta(obj)
    if resource.namespaced:
        if metadata.get("namespace") not in (None, "", namespace):
            raise bad_request(_WRONG_NAMESPACE)
        metadata["namespace"] = namespace
    elif metadata.get("namespace"):
        raise bad_request(_WRONG_NAMESPACE)
    if name and metadata.get("name") != name:
        if not metadata.get("name"):
            raise bad_request(
                "the name of the object (based on URL) was undeterminable: name must be provided"
            )
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        )
