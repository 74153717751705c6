"""oneOf and anyOf: a choice of values, of types, or of whole forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from portal.core import pointers
from portal.core.pointers import ABSENT, Path
from services_catalog.forms.fields import Choice, Field, plain
from services_catalog.schemas import Schema
from services_catalog.shapes import holds, merged, shape

if TYPE_CHECKING:
    from services_catalog.forms.build import Form

ALTERNATIVES = ("oneOf", "anyOf")
# without one of these a form says only what goes with what, which is checked and not asked
TELLING = frozenset(
    {
        "type",
        "properties",
        "enum",
        "const",
        "items",
        "additionalProperties",
        "patternProperties",
        *ALTERNATIVES,
    }
)
SCALARS = frozenset({"string", "integer", "number", "boolean"})
WORDS = {
    "string": "Text",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
    "object": "Settings",
    "array": "List",
}
MOST_FORMS = 20


def simplified(node: Schema, root: Schema) -> dict[str, Any]:
    """A shape in which alternatives that differ in nothing but their type have become one."""
    if isinstance(node, dict) and "oneOf" not in node and "anyOf" not in node:
        return node
    result = dict(node)
    for keyword in ALTERNATIVES:
        forms = result.get(keyword)
        if not isinstance(forms, list) or not forms:
            result.pop(keyword, None)
            continue
        shapes = [shape(each, root) for each in forms[:MOST_FORMS]]
        left = [each for each in shapes if each.get("type") != "null"]
        rest = {key: each for key, each in result.items() if key != keyword}
        if not any(TELLING & each.keys() for each in shapes):
            result = rest
        elif len(left) == 1:
            inner = simplified(left[0], root)
            result = _nullable(merged([rest, inner]))
        elif all(_is_scalar(each) for each in left):
            types = [each for one in left for each in _types(one)]
            nullable = ["null"] if len(left) < len(shapes) else []
            result = {**merged([rest, *left]), "type": list(dict.fromkeys([*types, *nullable]))}
    return result


def plain_choice(node: Schema, root: Schema) -> list[Choice]:
    """The values to choose from, when each alternative is one or some of them; [] when not."""
    forms = node.get("oneOf") or node.get("anyOf")
    if not forms:
        return []
    found: list[tuple[Any, str]] = []
    for each in forms:
        inner = shape(each, root)
        values = [inner["const"]] if "const" in inner else inner.get("enum")
        if not isinstance(values, list) or any(isinstance(value, list | Mapping) for value in values):
            return []
        titled = str(inner.get("title") or "") if len(values) == 1 else ""
        found += [(value, titled) for value in values]
    return choices_of(found)


def choices_of(values: list[tuple[Any, str]]) -> list[Choice]:
    """Each with a text of its own; what would read like another is sent as JSON."""
    texts = [plain(value) for value, _ in values]
    return [
        Choice(json.dumps(value), value, label)
        if text == "" or texts.count(text) > 1
        else Choice(text, value, label)
        for (value, label), text in zip(values, texts, strict=True)
    ]


def variant(form: Form, node: Schema, path: Path, facts: dict[str, Any]) -> Field | None:
    """A choice of forms with the fields of the chosen one."""
    keyword = next(each for each in ALTERNATIVES if each in node)
    raw = node[keyword][:MOST_FORMS]
    value = pointers.get(form.complete, path)
    shapes = [shape(each, form.root, value) for each in raw]
    natural = -1 if value is ABSENT else _natural(raw, shapes, form, value)
    chosen = _chosen(form, path, natural, len(raw))
    if chosen is None:
        chosen = 0 if facts["required"] else -1
    rest = {key: each for key, each in node.items() if key not in {keyword, "title", "description"}}
    inner: tuple[Field, ...] = ()
    consts: tuple[tuple[str, Any], ...] = ()
    if chosen >= 0:
        wanted = simplified(merged([shapes[chosen], rest]), form.root)
        moved = form if chosen == natural else _switched(form, wanted, path)
        made = moved.field({**wanted, "title": facts["label"]}, path, required=facts["required"])
        inner = (made,)
        consts = _consts(form, wanted, path) if made.kind == "group" else ()
    labels = [_label(each, number) for number, each in enumerate(shapes)]
    choices = tuple(Choice(str(number), number, label) for number, label in enumerate(labels))
    return Field(
        kind="variant",
        value=str(chosen) if chosen >= 0 else "",
        fields=inner,
        chosen=chosen,
        consts=consts,
        switched=chosen != natural and value is not ABSENT,
        **{**facts, "choices": choices, "secret": False},
    )


def _chosen(form: Form, path: Path, natural: int, count: int) -> int | None:
    """What the browser says, else what the values are of; None when neither says anything."""
    sent = form.data.get(f"variant:{form.name(path)}")
    sent = sent[-1] if isinstance(sent, list) and sent else sent
    if sent == "":
        return -1
    if isinstance(sent, str) and sent.isascii() and sent.isdecimal() and int(sent[:4]) < count:
        return int(sent[:4])
    return natural if natural >= 0 else None


def _natural(raw: list[Any], shapes: list[dict[str, Any]], form: Form, value: Any) -> int:
    """The form that the value is of, or is nearest to."""
    for number, each in enumerate(raw):
        if holds(each, form.root, value):
            return number
    return max(range(len(shapes)), key=lambda number: (_nearness(shapes[number], value), -number))


def _nearness(node: Schema, value: Any) -> int:
    if isinstance(value, Mapping):
        properties = node.get("properties") or {}
        if any(
            "const" in each and value.get(name, each["const"]) != each["const"]
            for name, each in properties.items()
        ):
            return -1
        known = sum(key in properties for key in value)
        return (
            known
            + ("object" in _types(node) or bool(properties))
            - sum(key not in value for key in node.get("required") or ())
        )
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return int(names.get(type(value), "null") in _types(node)) * 10


def _switched(form: Form, node: Schema, path: Path) -> Form:
    """The form without what was given for another of the alternatives."""
    known = node.get("properties") or {}
    documents = []
    for document in (form.values, form.complete):
        given = pointers.get(document, path)
        kept = (
            {key: each for key, each in given.items() if key in known} if isinstance(given, Mapping) else {}
        )
        documents.append(_replaced(document, path, kept or ABSENT))
    return form.given(*documents)


def _replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy along the way to `path`, where ABSENT takes the place of an entry of a list that is none."""
    if not path:
        return value
    inner = _replaced(pointers.get(document, path[:1]), path[1:], value)
    if isinstance(document, list):
        return [inner if index == int(path[0]) else each for index, each in enumerate(document)]
    others = (
        {key: each for key, each in document.items() if key != path[0]}
        if isinstance(document, Mapping)
        else {}
    )
    return others if inner is ABSENT else {**others, path[0]: inner}


def _consts(form: Form, node: Schema, path: Path) -> tuple[tuple[str, Any], ...]:
    """What the chosen form fixes, and what of the defaults has no place in it."""
    properties = node.get("properties") or {}
    found = []
    for name, each in properties.items():
        inner = form.shape(each, (*path, name))
        if "const" in inner:
            found.append((name, inner["const"]))
    default = pointers.get(form.base, path)
    if isinstance(default, Mapping) and node.get("additionalProperties") is False:
        found += [(key, None) for key in default if key not in properties]
    return tuple((form.name((*path, name)), value) for name, value in found)


def _label(node: Schema, number: int) -> str:
    if node.get("title"):
        return str(node["title"])
    for name, each in (node.get("properties") or {}).items():
        if isinstance(each, Mapping) and ("const" in each or len(each.get("enum") or ()) == 1):
            return plain(each["const"] if "const" in each else each["enum"][0]) or name
    types = _types(node)
    needed = node.get("required") or ()
    if needed:
        return ", ".join(needed)
    words = [WORDS[each] for each in types if each in WORDS]
    return " or ".join(words) if words else f"Form {number + 1}"


def _types(node: Schema) -> list[str]:
    types = node.get("type")
    return [types] if isinstance(types, str) else list(types or ())


def _is_scalar(node: Schema) -> bool:
    types = set(_types(node)) - {"null"}
    return bool(types) and types <= SCALARS and not {"enum", "const"} & node.keys()


def _nullable(node: dict[str, Any]) -> dict[str, Any]:
    types = _types(node)
    return {**node, "type": [*types, "null"]} if types and "null" not in types else node
