"""From a schema to fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from portal.core import pointers
from portal.core.masking import MASK
from portal.core.pointers import ABSENT, Path, pointer
from services_catalog import schemas
from services_catalog.coalescing import overlaid
from services_catalog.forms import lists, variants
from services_catalog.forms.facts import facts_of, is_required
from services_catalog.forms.fields import ROWS, Field, Kind, flat
from services_catalog.forms.kinds import Kinds, fits
from services_catalog.forms.parse import reads_back
from services_catalog.forms.variants import simplified
from services_catalog.models import OfferingVersion, Plan
from services_catalog.schemas import Schema
from services_catalog.shapes import REFS, shape

# What recurs, or lies deeper, or is more than anybody can read, is asked for as YAML.
MAX_DEPTH = 12
MAX_TURNS = 2
MOST_FIELDS = 6000
# A form with more fields than this folds its groups; inside of a folded one, those with more than the second
MOST_OPEN = 60
MOST_INSIDE = 12


def form_fields(
    version: OfferingVersion,
    plan: Plan | None,
    values: Mapping[str, Any] | None = None,
    *,
    saved: Mapping[str, Any] | None = None,
    running: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> tuple[Field, ...]:
    """The whole form as an ordered tree. What the portal fills in itself is left out.

    `values` is what to show: what was just typed, or what is saved. `saved` is what a person gave for the
    instance's last release; with it, fields that may not change after creation are locked, and saved secrets
    are noted as set without being shown. `running` is that release's complete values: locked fields show it.
    `data` is what the browser sent, if it did: which of several forms was chosen is said there alone.
    """
    base = overlaid(version.default_values, plan.values if plan else {})
    form = Form(
        root=version.values_schema,
        base=base,
        locked=version.locked_values,
        values=values or {},
        saved=saved,
        running=running,
        complete=overlaid(overlaid(base, values or {}), version.locked_values),
        short=frozenset(version.short_form),
        data=data or {},
        kinds=Kinds(version.values_schema),
    )
    root = shape(version.values_schema, version.values_schema, form.complete)
    fields = sectioned(root, form.children(root, (), asked=True))
    return folded(fields) if sum(1 for _ in flat(fields)) > MOST_OPEN else fields


@dataclass
class Budget:
    left: int = MOST_FIELDS


@dataclass(frozen=True)
class Form:
    """One walk over a schema beside the values that it describes."""

    root: Schema
    base: Mapping[str, Any]
    locked: Mapping[str, Any]
    values: Mapping[str, Any]
    saved: Mapping[str, Any] | None
    running: Mapping[str, Any] | None
    complete: Mapping[str, Any]
    short: frozenset[str]
    data: Mapping[str, Any]
    # inside of how many empty rows this is
    spare: int = 0
    in_list: bool = False
    # a path in the values, and what stands for it in the names of inputs
    moved: tuple[Path, Path] = ((), ())
    seen: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)
    kinds: Kinds = field(default_factory=lambda: Kinds({}))

    def name(self, path: Path) -> str:
        before, after = self.moved
        return pointer((*after, *path[len(before) :]))

    def given(self, values: Mapping[str, Any], complete: Mapping[str, Any]) -> Form:
        """The same walk with other values."""
        return replace(self, values=values, complete=complete)

    def shape(self, node: Any, path: Path) -> dict[str, Any]:
        return shape(node, self.root, pointers.get(self.complete, path))

    def children(self, node: Schema, path: Path, *, asked: bool, locked_by: str = "") -> tuple[Field, ...]:
        """`asked` is false inside of what may be left out altogether: nothing in there is required."""
        required = node.get("required") or ()
        fields = []
        for name in schemas.property_names(node):
            inner = self.shape(node["properties"][name], (*path, name))
            if not is_asked(inner):
                continue
            needed = asked and name in required
            made = self.field(inner, (*path, name), required=needed, locked_by=locked_by)
            if made.kind != "group" or made.fields:
                fields.append(made)
        return (*fields, *self._unknown(node, path))

    def _unknown(self, node: Schema, path: Path) -> Iterator[Field]:
        """What was typed where the schema asks for nothing: shown, so as not to be lost, nor kept unseen."""
        given = pointers.get(self.values, path)
        properties = node.get("properties") or {}
        for name, value in given.items() if isinstance(given, Mapping) else ():
            inner = self.shape(properties.get(name, {}), (*path, name))
            if name in properties and (is_asked(inner) or inner.get("const", ABSENT) == value):
                continue
            yield Field(kind="yaml", path=self.name((*path, name)), label=name, value=value, wish=value)

    def field(self, node: Schema, path: Path, *, required: bool = False, locked_by: str = "") -> Field:
        """`node` is the place's shape."""
        self.budget.left -= 1
        node = simplified(node, self.root)
        locked_by = locked_by or self._locked_by(node, path)
        default, given = pointers.get(self.base, path), pointers.get(self.values, path)
        refs = tuple(node.get(REFS, ()))
        form = replace(self, seen=(*self.seen, *refs)) if refs else self
        kind = form.kind(node, path)
        place = pointer(path)
        facts = {
            **facts_of(node, path, self.root, default),
            "path": self.name(path) if self.moved[0] else place,
            "required": required and is_required(kind, node, default),
            "short": place in self.short,
            "locked_by": locked_by,
            "wish": given,
            "default": "" if default is ABSENT else default,
            "has_default": default is not ABSENT,
        }
        if given is not ABSENT and not fits(kind, given, default, in_list=self.in_list):
            kind = "yaml"
        made = form._made(kind, node, path, facts)
        return made if made is not None else self._leaf("yaml", node, path, facts)

    def kind(self, node: Schema, path: Path) -> Kind:
        recurs = any(self.seen.count(each) > MAX_TURNS for each in set(self.seen))
        kind = self.kinds.of(node)
        if kind in ROWS | {"group", "variant"} and (
            recurs or len(path) > MAX_DEPTH or self.budget.left < 0 or (self.spare > 1 and kind in ROWS)
        ):
            return "yaml"
        return kind

    def _made(self, kind: Kind, node: Schema, path: Path, facts: dict[str, Any]) -> Field | None:
        """None when a field of this kind cannot show what is given without losing a part of it."""
        locked_by = facts["locked_by"]
        if locked_by and kind in ROWS | {"variant"}:
            kind = "yaml"
        if kind == "group":
            asked = facts["required"] or (not self.in_list and isinstance(facts["default"], Mapping))
            fields = self.children(node, path, asked=asked, locked_by=locked_by)
            return Field(kind=kind, fields=fields, **facts)
        if kind == "variant":
            return variants.variant(self, node, path, facts)
        if kind in ROWS:
            return lists.field_of_rows(self, kind, node, path, facts)
        made = self._leaf(kind, node, path, facts)
        if kind == "yaml" or made.locked_by or reads_back(made):
            return made
        if kind in {"text", "scalar"}:
            made = self._leaf("multiline", node, path, facts)
            return made if isinstance(made.value, str) and reads_back(made) else None
        return None

    def _leaf(self, kind: Kind, node: Schema, path: Path, facts: dict[str, Any]) -> Field:
        facts = dict(facts)
        shown = self.shown(path, facts["locked_by"])
        if facts["locked_by"] == "creation":
            facts["held"] = pointers.get(self.saved, path)
            shown = pointers.get(self.running or self.saved, path)
            shown = "" if shown is ABSENT else shown
        if facts["secret"] and kind == "yaml" and facts["wish"] is ABSENT:
            shown = ""
        elif facts["secret"] and kind != "yaml":
            known = pointers.get(self.saved or {}, path)
            facts["is_set"] = known not in (ABSENT, None, "")
            facts["has_preset"] = facts["default"] not in ("", None)
            facts["default"] = ""
            shown = "" if facts["wish"] is ABSENT or shown in (MASK, known) else shown
        optional = kind == "boolean" and not isinstance(facts["default"], bool)
        return Field(kind=kind, value=shown, optional=optional, **facts)

    def shown(self, path: Path, locked_by: str = "") -> Any:
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


def folded(fields: tuple[Field, ...], least: int = 1) -> tuple[Field, ...]:
    """The groups of a long form are folded, and so are the larger ones in them."""
    return tuple(
        replace(each, folds=True, fields=folded(each.fields, MOST_INSIDE))
        if each.kind == "group" and each.count >= least
        else each
        for each in fields
    )


def is_asked(node: Schema) -> bool:
    """Not what the portal fills in, nor what can have one value only, nor what may not be there."""
    return schemas.CONTEXT not in node and "const" not in node and node.get("not") != {}


def sectioned(node: Schema, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields of the first level under the headings that their schema gives them."""
    properties = node.get("properties") or {}
    headings = {pointer((name,)): each.get(schemas.SECTION, "") for name, each in properties.items()}
    if len(set(headings.values())) < 2 or not any(headings.values()):
        return fields
    groups: dict[str, list[Field]] = {}
    for made in fields:
        groups.setdefault(headings.get(made.path, ""), []).append(made)
    found: list[Field] = groups.pop("", [])
    for heading, inner in groups.items():
        found.append(Field(path="", kind="group", label=heading, fields=tuple(inner)))
    return tuple(found)
