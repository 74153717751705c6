"""Answers: objects, lists and refusals in the form that the client asked for, with their warnings."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from aiohttp import web

from portal.sandbox.cluster import Cluster
from portal.sandbox.objects import Object, encode
from portal.sandbox.printers import Tables, partial_metadata
from portal.sandbox.resources import Resource
from portal.sandbox.server.negotiation import YAML, Form
from portal.sandbox.server.requests import Options
from portal.sandbox.statuses import ApiError

_UNPRINTABLE = {ord(each): " " for each in "\r\n\t"}


class Answers:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.tables = Tables(cluster.custom_resources)

    def object(
        self,
        resource: Resource,
        obj: Object,
        form: Form,
        options: Options,
        *,
        status: int = 200,
        warnings: Iterable[str] = (),
    ) -> web.Response:
        """One object, as itself, as a Table or as its metadata."""
        if obj.get("kind") == "Status" or not form.kind:
            text = encode(obj)
        elif form.kind == "Table":
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            text = encode(self.tables.table(resource, [obj], metadata, options.text("includeObject")))
        else:
            text = encode(partial_metadata(obj))
        return self.text(text, form, status=status, warnings=warnings)

    def stored(self, resource: Resource, obj: Object, form: Form, options: Options) -> web.Response:
        """A stored object; its kept encoding serves again."""
        if form.kind or obj.get("apiVersion") != resource.group_version:
            return self.object(resource, obj, form, options)
        return self.text(self._cluster.store.encoded(resource, obj), form)

    def text(self, text: str, form: Form, *, status: int = 200, warnings: Iterable[str] = ()) -> web.Response:
        """JSON text, turned into YAML for those who asked for it."""
        if form.media == YAML:
            text = yaml.dump(
                yaml.load(text, Loader=yaml.CSafeLoader), Dumper=yaml.CSafeDumper, sort_keys=False
            )
        response = web.Response(status=status, body=_bytes(text), headers={"Content-Type": form.content_type})
        for warning in dict.fromkeys(warnings):
            response.headers.add("Warning", _warning(warning))
        return response

    def refusal(self, refusal: ApiError) -> web.Response:
        if not refusal.reason and refusal.code == 404:
            return web.Response(
                status=404, text=refusal.message, content_type="text/plain", charset="utf-8",
                headers={"X-Content-Type-Options": "nosniff"},
            )  # fmt: skip
        return web.Response(
            status=refusal.code,
            body=_bytes(encode(refusal.status())),
            headers={"Content-Type": "application/json", **refusal.headers},
        )


def _bytes(text: str) -> bytes:
    """UTF-8; halves of surrogate pairs, which Go would have replaced when reading, are replaced here."""
    return text.encode("utf-8", "replace")


def _warning(text: str) -> str:
    """RFC 7234's form: `299 - "text"`."""
    quoted = text.translate(_UNPRINTABLE).replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'
