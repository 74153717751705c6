"""What a template needs to know of a field. Everything is plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from portal.core.documents import dump_yaml, load_yaml
from portal.core.errors import InvalidInput
from portal.core.pointers import ABSENT

Kind = Literal[
    "text",  # one line; a password input when `secret`
    "multiline",  # text of several lines
    "integer",
    "number",
    "scalar",  # one line that is read as whichever of `types` fits
    "boolean",  # a checkbox after a hidden "false"; with `optional`, a choice of "", "true", "false"
    "choice",  # one of `choices`
    "lines",  # a list of plain values, one a line
    "rows",  # a list of mappings as a table: `rows`, each with the same columns
    "items",  # a list of anything, one box each: `rows`, each with fields of its own
    "map",  # names and plain values: `rows` of two columns, key and value
    "entries",  # names and anything: `rows`, each the key and then fields of its own
    "group",  # `fields` under a heading; without a path, a heading alone
    "variant",  # a choice of forms: `choices`, and in `fields` the one field of the form that is `chosen`
    "yaml",  # anything else, as YAML
]
LEAVES = frozenset({"text", "multiline", "integer", "number", "scalar", "boolean", "choice", "lines", "yaml"})
ROWS = frozenset({"rows", "items", "map", "entries"})


@dataclass(frozen=True)
class Choice:
    """`text` is sent, `label` is read."""

    text: str
    value: Any
    label: str = ""

    @property
    def shown(self) -> str:
        return self.label or self.text


@dataclass(frozen=True)
class Row:
    """One entry; the last ones are `spare`: empty, to be filled. Of a map, the first field is the key."""

    index: int
    fields: tuple[Field, ...]
    spare: bool = False
    # the name of the checkbox that takes it away
    remove: str = ""

    @property
    def key(self) -> Field:
        return self.fields[0]

    @property
    def inner(self) -> tuple[Field, ...]:
        return self.fields[1:]


@dataclass(frozen=True)
class Field:
    """One place of the values. `path` is its JSON pointer and the name of its input.

    Inside of a map the pointer has the row's number and "key" or "value" in the place of the key.
    """

    path: str
    kind: Kind
    label: str
    description: str = ""
    # what is shown: what was typed, else what is saved, else the default; never a saved secret
    value: Any = ""
    # what applies when nothing is given: the chart's default under the plan's
    default: Any = ""
    has_default: bool = False
    # what a person gave here, ABSENT for nothing
    wish: Any = ABSENT
    # a person must give it: there is no default, and empty is refused
    required: bool = False
    # a boolean that may also be left open
    optional: bool = False
    # may be null, which is what leaving it empty then means where a default is to be taken away
    nullable: bool = False
    # on the short form
    short: bool = False
    secret: bool = False
    # a saved secret that stays when the input is left empty
    is_set: bool = False
    # the chart or the plan has one, which is not shown
    has_preset: bool = False
    # made by the portal when left empty
    generated: bool = False
    # who decides instead: "plan", "platform", or "creation" when it can no longer change; show it, do not ask
    locked_by: Literal["", "plan", "platform", "creation"] = ""
    # what a person gave at creation, where it can no longer change: sent on as it is
    held: Any = ABSENT
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    hint: str = ""
    # how a number with a unit is written, when the schema does not say
    unit: str = ""
    example: str = ""
    fields: tuple[Field, ...] = ()
    rows: tuple[Row, ...] = ()
    # JSON Schema types of a `scalar`, or of a `lines` field's entries, the first being preferred
    types: tuple[str, ...] = ("string",)
    # what is typed stays text, whatever it looks like
    as_text: bool = False
    # the number of the form of a `variant`; -1 for none
    chosen: int = -1
    # a group that is shown folded, since there is much beside it
    folds: bool = False
    # fixed values of the chosen form, by pointer
    consts: tuple[tuple[str, Any], ...] = ()
    # the chosen form is not the one that the values are of
    switched: bool = False

    @property
    def given(self) -> bool:
        """`value` is what a person gave, not what applies anyway."""
        return self.wish is not ABSENT

    @property
    def name(self) -> str:
        """Of its input."""
        return f"variant:{self.path}" if self.kind == "variant" else self.path

    @property
    def input_id(self) -> str:
        """Fit for an HTML id, and for the label's `for`."""
        head = "variant" if self.kind == "variant" else "value"
        return head + self.path.replace("/", "-").replace("~", "_")

    @property
    def readonly(self) -> bool:
        return bool(self.locked_by)

    @property
    def spares(self) -> int:
        return sum(row.spare for row in self.rows)

    @property
    def count(self) -> int:
        """How many values stand in a group."""
        return sum(1 for _ in flat(self.fields))

    @property
    def is_touched(self) -> bool:
        """A person gave something here, or inside."""
        return self.given or any(field.is_touched for field in self.fields)

    @property
    def text(self) -> str:
        """`value` as an input shows it, and sends it when it is left alone."""
        if self.kind == "yaml":
            return as_yaml(self.value) if self.given or self.value != "" else ""
        if self.kind == "lines" and isinstance(self.value, list):
            return "\n".join(plain(each) for each in self.value)
        if self.kind == "choice" and (self.given or self.has_default):
            return next(
                (each.text for each in self.choices if _same(each.value, self.value)), plain(self.value)
            )
        return plain(self.value)


def plain(value: Any) -> str:
    """A scalar as one types it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def as_yaml(value: Any) -> str:
    """YAML that reads as `value`, without an end mark; what was typed and is no YAML stays as it is."""
    if isinstance(value, str):
        try:
            load_yaml(value)
        except InvalidInput:
            return value
    return dump_yaml(value).removesuffix("...\n")


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def flat(fields: Iterable[Field]) -> Iterator[Field]:
    """Every field that has a value of its own (no groups), rows' columns included, in order."""
    for field in fields:
        if field.kind == "variant":
            if all(inner.kind == "group" for inner in field.fields):
                yield field
        elif field.kind != "group":
            yield field
        yield from flat(field.fields)
        for row in field.rows:
            yield from flat(row.fields)


def short_fields(fields: Iterable[Field], order: Iterable[str]) -> list[Field]:
    """The fields of the short form, in the order of `order` (OfferingVersion.short_form)."""
    known: dict[str, Field] = {}
    for field in _all(fields):
        if field.path:
            known.setdefault(field.path, field)
    return [known[path] for path in order if path in known]


def _all(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from _all(field.fields)


def outline(fields: Iterable[Field]) -> tuple[tuple[str, str, int], ...]:
    """Which places are asked for and how; two forms of the same outline look the same but for what is
    filled in. The rows of lists and maps do not count: those have spare ones."""
    found: list[tuple[str, str, int]] = []
    for field in fields:
        found.append((field.path, field.kind, field.chosen))
        found += outline(field.fields)
    return tuple(found)
