"""A document of a built-in kind against its type: what the API server would refuse of its form.

Wrong types are what decoding refuses, unknown fields what strict decoding refuses, items that share a key
what server-side apply refuses, and missing fields what validation refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from portal.core.masking import MASK
from portal.policy.kind_groups import is_built_in
from portal.policy.schema import demands
from portal.policy.schema.definitions import OBJECT_META, PREFIX, definitions, names_by_kind
from portal.policy.schema.places import Link, Place, identity, place_of, shown_key
from portal.policy.schema.problems import Family, SchemaProblem
from portal.policy.schema.types import ANY, Node, built_in
from portal.policy.schema.values import Wrong, json_type, key_text, quoted, why_wrong

MAX_PROBLEMS = 50
MAX_DEPTH = 100
# keys and items in one object: ten times what the greatest public definition holds
MAX_VALUES = 200_000
# what a value of a Secret looks like where people see it
_MASKED = re.compile(rf"{MASK} \([0-9a-f]{{8}}\)")
# values of exactly this type need no closer look
_PLAIN: Mapping[str, type] = {"string": str, "boolean": bool, "intOrString": str}
# kinds that exist only as a part of another resource
_PARTS = frozenset(
    {("autoscaling", "Scale"), ("policy", "Eviction"), ("authentication.k8s.io", "TokenRequest")}
)


def applies_to(document: Mapping[str, Any]) -> bool:
    """Whether the document's group is one whose kinds all come with Kubernetes."""
    api_version = document.get("apiVersion")
    return isinstance(api_version, str) and is_built_in(api_version)


def check(document: Mapping[str, Any]) -> list[SchemaProblem]:
    """All problems of a document of a built-in group; of others nothing is said.

    After MAX_PROBLEMS the last one tells how many more there are.
    """
    if not applies_to(document):
        return []
    api_version, kind = document["apiVersion"], document.get("kind")
    group, _, version = api_version.rpartition("/")
    if not isinstance(kind, str) or not _is_resource(group, version, kind):
        message = f"no matches for kind {quoted(key_text(kind))} in version {quoted(api_version)}"
        return [SchemaProblem("kind", message, "kind")]
    return _Walk(built_in(group, version, kind), document).run()


def _is_resource(group: str, version: str, kind: str) -> bool:
    """Whether the API server serves objects of this kind. Definitions also tell of options and lists."""
    name = names_by_kind().get((group, version, kind))
    if name is None or (group, kind) in _PARTS:
        return False
    metadata = (definitions()[name].get("properties") or {}).get("metadata") or {}
    return bool(metadata.get("$ref") == f"{PREFIX}{OBJECT_META}")


class _EndlessError(Exception):
    """More values than any object needs."""


class _Walk:
    """One pass over a document."""

    def __init__(self, root: Node, document: Mapping[str, Any]) -> None:
        self._root = root
        self._document = document
        self._problems: list[SchemaProblem] = []
        self._more = 0
        self._left = MAX_VALUES
        # the status is written by controllers, who leave out and repeat what authors may not
        self._authored = True
        # types that read themselves are lenient about what they do not know
        self._strict = True

    def run(self) -> list[SchemaProblem]:
        document = self._document
        status = document.get("status") if "status" in self._root.fields else None
        try:
            if status is not None:
                self._authored = False
                self._value(self._root.fields["status"], status, (None, "status"), 1)
                self._authored = True
                document = {key: each for key, each in document.items() if key != "status"}
            self._map(self._root, document, None, 0)
        except _EndlessError:
            message = f"the object is too large: it holds more than {MAX_VALUES:,} values"
            self._problems.append(SchemaProblem("", message, "size"))
        if self._more:
            self._problems.append(SchemaProblem("", f"and {self._more:,} more", "size"))
        return self._problems

    def _value(self, node: Node, value: Any, link: Link, depth: int) -> None:
        """Anything but null, which Go takes for absent."""
        kind = node.kind
        if kind == "map":
            if isinstance(value, Mapping):
                self._map(node, value, link, depth)
            else:
                self._wrong(Wrong(json=json_type(value), go=node.go_type), link)
        elif kind == "list":
            if isinstance(value, list | tuple):
                self._list(node, value, link, depth)
            else:
                self._wrong(Wrong(json=json_type(value), go=node.go_type), link)
        elif kind == "scalar":
            self._scalar(node, value, link)
        elif node.union is not None:
            self._union(node, node.union, value, link, depth)

    def _map(self, node: Node, value: Mapping[Any, Any], link: Link, depth: int) -> None:
        if not self._enter(value, link, depth):
            return
        fields, element = node.fields, node.element
        for key, each in value.items():
            child = fields.get(key) or element
            if child is None:
                self._unknown((link, key))
            elif each is not None and type(each) is not _PLAIN.get(child.format):
                self._value(child, each, (link, key), depth + 1)
        if self._authored:
            for name in demands.of(node):
                if value.get(name) is None:
                    self._missing(node.fields[name], (link, name))

    def _list(self, node: Node, value: Sequence[Any], link: Link, depth: int) -> None:
        if not self._enter(value, link, depth):
            return
        element = node.element or ANY
        plain = _PLAIN.get(element.format)
        for index, each in enumerate(value):
            if each is None:
                # Go makes an empty item of it
                if self._authored and demands.of(element):
                    self._missing(element, (link, index))
            elif type(each) is not plain:
                self._value(element, each, (link, index), depth + 1)
        if node.is_associative and self._authored and self._strict:
            self._duplicates(node, value, link)

    def _scalar(self, node: Node, value: Any, link: Link) -> None:
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
            # YAML's 1.0 and 1e3 become 1 and 1000 on their way to the server
            value = int(value)
        wrong = why_wrong(node, value)
        if wrong is None or (node.format == "byte" and isinstance(value, str) and _MASKED.fullmatch(value)):
            return
        self._wrong(wrong, link)

    def _union(self, node: Node, schema: Node, value: Any, link: Link, depth: int) -> None:
        """A schema, or an array or a boolean in its place."""
        strict, self._strict = self._strict, False
        if isinstance(value, Mapping):
            self._map(schema, value, link, depth)
        elif isinstance(value, list | tuple) and self._enter(value, link, depth):
            for index, each in enumerate(value):
                if isinstance(each, Mapping):
                    self._map(schema, each, (link, index), depth + 1)
        elif node.definition.endswith("OrBool") and not isinstance(value, bool):
            self._wrong(Wrong("boolean or JSON schema expected"), link)
        self._strict = strict

    def _duplicates(self, node: Node, value: Sequence[Any], link: Link) -> None:
        seen = set()
        for each in value:
            found = identity(node, each)
            if found is None:
                continue
            if found in seen:
                self._report("apply", link, partial(_duplicate, node, each))
            seen.add(found)

    def _missing(self, node: Node, link: Link) -> None:
        """The server names the innermost fields that are missing."""
        inner = demands.of(node) if node.kind == "map" else ()
        for name in inner:
            self._missing(node.fields[name], (link, name))
        if not inner:
            self._report("missing", link, lambda place: f"{place.path}: Required value")

    def _enter(self, value: Any, link: Link, depth: int) -> bool:
        self._left -= len(value)
        if self._left < 0:
            raise _EndlessError
        if depth > MAX_DEPTH:
            self._report("size", link, lambda _: f"nested too deeply: more than {MAX_DEPTH} levels")
        return depth <= MAX_DEPTH

    def _unknown(self, link: Link) -> None:
        if self._strict:
            self._report("strict", link, lambda place: f"unknown field {quoted(place.path)}")

    def _wrong(self, wrong: Wrong, link: Link) -> None:
        self._report("type", link, lambda place: wrong.said(place.struct, place.fields))

    def _report(self, family: Family, link: Link, say: Callable[[Place], str]) -> None:
        """Words are found for those only that are told."""
        if len(self._problems) >= MAX_PROBLEMS:
            self._more += 1
            return
        place = place_of(self._root, self._document, link)
        self._problems.append(SchemaProblem(place.path, say(place), family))


def _duplicate(node: Node, item: Any, place: Place) -> str:
    return f"{place.typed}: duplicate entries for key {shown_key(node, item)}"
