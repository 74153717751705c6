"""What a schema says of a field: its words, bounds and choices."""

from __future__ import annotations

from typing import Any

from portal.core.pointers import ABSENT, Path
from services_catalog import schemas
from services_catalog.forms.fields import Kind, plain
from services_catalog.forms.kinds import types_of
from services_catalog.forms.units import unit_of
from services_catalog.forms.variants import choices_of, plain_choice
from services_catalog.schemas import ANY, Schema
from services_catalog.shapes import shape

TEXT_RULES = ("minLength", "pattern", "format")


def facts_of(node: Schema, path: Path, root: Schema, default: Any) -> dict[str, Any]:
    examples = node.get("examples")
    name = next((part for part in reversed(path) if part != ANY and not part.isdecimal()), "")
    types = types_of(node)
    kinds = _item_types(node, root) if "items" in node else types or ("string",)
    return {
        "label": str(node.get("title") or name),
        "description": str(node.get("description") or ""),
        "secret": bool(node.get(schemas.SECRET)),
        "generated": bool(node.get(schemas.GENERATE)),
        "choices": tuple(_choices(node, root)),
        "minimum": _number(node.get("minimum")),
        "maximum": _number(node.get("maximum")),
        "min_length": node.get("minLength"),
        "max_length": node.get("maxLength"),
        "pattern": str(node.get("pattern") or ""),
        "hint": str(node.get(schemas.HINT) or ""),
        "unit": unit_of(path, node, types, default),
        "example": _told(examples[0]) if isinstance(examples, list) and examples else "",
        "types": kinds,
        "as_text": bool(root.get(schemas.INFERRED)) and kinds[0] == "string",
        "nullable": isinstance(node.get("type"), list) and "null" in node["type"],
    }


def is_required(kind: Kind, node: Schema, default: Any) -> bool:
    """Whether leaving its input empty is an error."""
    if default is not ABSENT and default != "":
        return False
    if kind in {"group", "variant"}:
        return True
    if kind in {"rows", "items", "map", "entries", "lines", "boolean"} or node.get(schemas.GENERATE):
        return False
    if kind not in {"text", "multiline"}:
        return True
    return not schemas.validator({key: node[key] for key in TEXT_RULES if key in node}).is_valid("")


def _choices(node: Schema, root: Schema) -> list[Any]:
    listed = node.get("enum")
    if isinstance(listed, list):
        return choices_of([(each, "") for each in listed])
    return plain_choice(node, root)


def _item_types(node: Schema, root: Schema) -> tuple[str, ...]:
    items = node["items"]
    return types_of(shape(items, root)) or ("string",) if isinstance(items, dict) else ("string",)


def _number(value: Any) -> Any:
    return None if isinstance(value, bool) else value


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return plain(value)
