"""From a schema to fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.core import pointers
from portal.core.documents import dump_yaml, load_yaml
from portal.core.errors import InvalidInput
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, Path, pointer
from services_catalog import schemas
from services_catalog.forms.fields import Choice, Field, Kind, Row
from services_catalog.models import OfferingVersion, Plan
from services_catalog.schemas import ANY, Schema
from services_catalog.values import base_values

# Empty rows at the end of a list or map, so that the form works without JavaScript.
SPARE_ROWS = 3
TEXT_RULES = ("minLength", "pattern", "format")
SCALARS = {"string", "integer", "number", "boolean"}


def form_fields(
    version: OfferingVersion,
    plan: Plan | None,
    values: Mapping[str, Any] | None = None,
    *,
    saved: Mapping[str, Any] | None = None,
    running: Mapping[str, Any] | None = None,
) -> tuple[Field, ...]:
    """The whole form as an ordered tree. What the portal fills in itself is left out.

    `values` is what to show: what was just typed, or what is saved. `saved` is what a person gave for the
    instance's last release; with it, fields that may not change after creation are locked, and saved secrets
    are noted as set without being shown. `running` is that release's complete values: locked fields show it.
    """
    form = _Form(
        version.values_schema,
        base_values(version, plan),
        version.locked_values,
        values or {},
        saved,
        running,
        frozenset(version.short_form),
    )
    root = schemas.resolve(version.values_schema, version.values_schema)
    return form.children(root, (), asked=True)


@dataclass(frozen=True)
class _Form:
    root: Schema
    base: Mapping[str, Any]
    locked: Mapping[str, Any]
    values: Mapping[str, Any]
    saved: Mapping[str, Any] | None
    running: Mapping[str, Any] | None
    short: frozenset[str]

    def children(self, node: Schema, path: Path, *, asked: bool, locked_by: str = "") -> tuple[Field, ...]:
        """`asked` is false inside of what may be left out altogether: nothing in there is required."""
        required = node.get("required") or ()
        fields = []
        for name in schemas.property_names(node):
            inner = schemas.resolve(node["properties"][name], self.root)
            if schemas.CONTEXT in inner or "const" in inner:
                continue
            needed = asked and name in required
            field = self.field(inner, (*path, name), required=needed, locked_by=locked_by)
            if field.kind != "group" or field.fields:
                fields.append(field)
        return (*fields, *self._unknown(node, path))

    def _unknown(self, node: Schema, path: Path) -> Iterator[Field]:
        """What was typed where the schema asks for nothing: shown, so as not to be lost, nor kept unseen."""
        given = pointers.get(self.values, path)
        for name, value in given.items() if isinstance(given, Mapping) else ():
            inner = schemas.resolve((node.get("properties") or {}).get(name) or {}, self.root)
            asked = (
                name in (node.get("properties") or {})
                and schemas.CONTEXT not in inner
                and "const" not in inner
            )
            if asked or inner.get("const", ABSENT) == value:
                continue
            place = (*path, name)
            yield Field(kind="yaml", path=pointer(place), label=name, value=_as_yaml(value), given=True)

    def field(self, node: Schema, path: Path, *, required: bool = False, locked_by: str = "") -> Field:
        locked_by = locked_by or self._locked_by(node, path)
        default, given = pointers.get(self.base, path), pointers.get(self.values, path)
        kind = kind_of(node, self.root)
        if given is not ABSENT and not fits(kind, given, node, self.root):
            kind = "yaml"
        facts: dict[str, Any] = {
            **_facts(node, path),
            "required": required and default in (ABSENT, "") and must_be_given(kind, node),
            "short": pointer(path) in self.short,
            "locked_by": locked_by,
            "given": given is not ABSENT,
            "default": "" if default is ABSENT else default,
            "has_default": default is not ABSENT,
        }
        if kind == "group":
            asked = required or isinstance(default, Mapping)
            fields = self.children(node, path, asked=asked, locked_by=locked_by)
            return Field(kind=kind, fields=fields, **facts)
        shown = self._shown(path, locked_by)
        if locked_by == "creation":
            facts["held"] = pointers.get(self.saved, path)
            shown = pointers.get(self.running or self.saved, path)
            shown = "" if shown is ABSENT else shown
        if kind in {"rows", "map"}:
            return Field(kind=kind, rows=self._rows(kind, node, path, shown), value=shown, **facts)
        if facts["secret"]:
            known = pointers.get(self.saved or {}, path)
            facts["is_set"] = known not in (ABSENT, None, "")
            facts["default"] = ""
            shown = "" if shown in (MASK, known) else shown
        if kind == "yaml" and (shown != "" or facts["given"]):
            shown = _as_yaml(shown)
        return Field(kind=kind, value=shown, optional=kind == "boolean" and default is ABSENT, **facts)

    def _shown(self, path: Path, locked_by: str) -> Any:
        """Locked, typed, or else what applies anyway."""
        for source in (self.locked,) if locked_by == "platform" else (self.values, self.base):
            value = pointers.get(source, path)
            if value is not ABSENT:
                return value
        return ""

    def _locked_by(self, node: Schema, path: Path) -> Literal["", "plan", "platform", "creation"]:
        locked = pointers.get(self.locked, path)
        if locked is not ABSENT and not isinstance(locked, Mapping):
            return "platform"
        if node.get(schemas.PLAN):
            return "plan"
        return "creation" if self.saved is not None and node.get(schemas.IMMUTABLE) else ""

    def _rows(self, kind: Kind, node: Schema, path: Path, shown: Any) -> tuple[Row, ...]:
        if kind == "rows":
            item = schemas.resolve(node["items"], self.root)
            count = len(shown or ()) + SPARE_ROWS
            return tuple(
                Row(index, self.children(item, (*path, str(index)), asked=False)) for index in range(count)
            )
        names = [*(shown or {}), *[""] * SPARE_ROWS]
        return tuple(Row(index, self._map_row(node, path, index, name)) for index, name in enumerate(names))

    def _map_row(self, node: Schema, path: Path, index: int, name: str) -> tuple[Field, Field]:
        place = (*path, str(index))
        names = schemas.resolve(node.get("propertyNames") or {}, self.root)
        key = Field(**{**_facts(names, (*place, "key")), "label": "Name"}, kind="text", value=name)
        inner = schemas.resolve(node["additionalProperties"], self.root)
        value = (
            self.field(inner, (*path, name))
            if name
            else Field(kind=kind_of(inner, self.root), **_facts(inner, path))
        )
        return key, _moved(value, (*place, "value"))


def _moved(field: Field, path: Path) -> Field:
    facts = {**field.__dict__, "path": pointer(path), "label": "Value"}
    return Field(**facts)


def fits(kind: Kind, value: Any, node: Schema, root: Schema) -> bool:
    """Whether a field of this kind can show `value` without losing part of it."""
    match kind:
        case "group":
            return isinstance(value, Mapping)
        case "map":
            return isinstance(value, Mapping) and not any(_is_nested(each) for each in value.values())
        case "lines":
            return isinstance(value, list) and not any(_is_nested(each) for each in value)
        case "rows":
            columns = set(schemas.resolve(node["items"], root)["properties"])
            return isinstance(value, list) and all(
                isinstance(row, Mapping)
                and set(row) <= columns
                and not any(_is_nested(each) for each in row.values())
                for row in value
            )
    return kind == "yaml" or not _is_nested(value)


def must_be_given(kind: Kind, node: Schema) -> bool:
    """Whether leaving its input empty is an error."""
    if kind in {"group", "rows", "map", "lines", "boolean"} or node.get(schemas.GENERATE):
        return False
    return kind != "text" or not schemas.validator(
        {key: node[key] for key in TEXT_RULES if key in node}
    ).is_valid("")


def kind_of(node: Schema, root: Schema) -> Kind:
    """How a place is asked for. What no form field fits is asked for as YAML."""
    types = node.get("type")
    if isinstance(node.get("enum"), list) and types not in ("object", "array"):
        return "choice"
    match types:
        case "boolean":
            return "boolean"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "string":
            return (
                "multiline"
                if node.get("contentMediaType") or (node.get("maxLength") or 0) > 100_000
                else "text"
            )
        case "object" if isinstance(node.get("properties"), Mapping):
            return "group"
        case "object" if _type(node.get("additionalProperties"), root) in SCALARS:
            return "map"
        case "array" if _type(node.get("items"), root) in SCALARS:
            return "lines"
        case "array" if _is_flat(node.get("items"), root):
            return "rows"
    return "yaml"


def _type(node: Any, root: Schema) -> Any:
    return schemas.resolve(node, root).get("type") if isinstance(node, Mapping) else None


def _is_flat(node: Any, root: Schema) -> bool:
    properties = schemas.resolve(node, root).get("properties") if isinstance(node, Mapping) else None
    return isinstance(properties, Mapping) and all(
        _type(each, root) in SCALARS for each in properties.values()
    )


def _facts(node: Schema, path: Path) -> dict[str, Any]:
    examples = node.get("examples")
    name = next((part for part in reversed(path) if part != ANY), "")
    return {
        "path": pointer(path),
        "label": node.get("title") or name,
        "description": node.get("description", ""),
        "secret": bool(node.get(schemas.SECRET)),
        "generated": bool(node.get(schemas.GENERATE)),
        "choices": tuple(Choice(_text(each), each) for each in node.get("enum") or ()),
        "minimum": node.get("minimum"),
        "maximum": node.get("maximum"),
        "min_length": node.get("minLength"),
        "max_length": node.get("maxLength"),
        "pattern": node.get("pattern", ""),
        "hint": node.get(schemas.HINT, ""),
        "example": _text(examples[0]) if isinstance(examples, list) and examples else "",
        "item_type": _item_type(node),
    }


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | Mapping)


def _as_yaml(value: Any) -> str:
    """YAML that reads as `value`, without an end mark; what was typed and is no YAML stays as it is."""
    if isinstance(value, str):
        try:
            load_yaml(value)
        except InvalidInput:
            return value
    return dump_yaml(value).removesuffix("...\n")


def _item_type(node: Schema) -> str:
    items = node.get("items")
    found = items.get("type") if isinstance(items, Mapping) else None
    return found if isinstance(found, str) else "string"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)
