"""What a template needs to know of a field. Everything is plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from portal.core.pointers import ABSENT

Kind = Literal[
    "text",  # one line; a password input when `secret`
    "multiline",  # text of several lines
    "integer",
    "number",
    "boolean",  # a checkbox after a hidden "false"; with `optional`, a choice of "", "true", "false"
    "choice",  # one of `choices`
    "lines",  # a list of plain values, one a line
    "rows",  # a list of mappings: `rows`, each with the same columns
    "map",  # names and values: `rows` of two columns, key and value
    "group",  # `fields` under a heading
    "yaml",  # anything else, as YAML
]


@dataclass(frozen=True)
class Choice:
    text: str
    value: Any


@dataclass(frozen=True)
class Row:
    """One line of a `rows` or `map` field; the last ones are empty, to be filled."""

    index: int
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Field:
    """One place of the values. `path` is its JSON pointer and the name of its input."""

    path: str
    kind: Kind
    label: str
    description: str = ""
    # what is shown: what was typed, else what is saved, else the default; never a saved secret
    value: Any = ""
    # what applies when nothing is given: the chart's default under the plan's
    default: Any = ""
    has_default: bool = False
    # `value` is what a person gave, not what applies anyway
    given: bool = False
    # a person must give it: there is no default, and empty is refused
    required: bool = False
    # a boolean that may also be left open
    optional: bool = False
    # on the short form
    short: bool = False
    secret: bool = False
    # a saved secret that stays when the input is left empty
    is_set: bool = False
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
    example: str = ""
    fields: tuple[Field, ...] = ()
    rows: tuple[Row, ...] = ()
    # JSON Schema type of a `lines` field's entries
    item_type: str = "string"

    @property
    def input_id(self) -> str:
        """Fit for an HTML id, and for the label's `for`."""
        return "value" + self.path.replace("/", "-").replace("~", "_")

    @property
    def readonly(self) -> bool:
        return bool(self.locked_by)

    @property
    def text(self) -> str:
        """`value` as an input shows it."""
        if self.kind == "lines" and isinstance(self.value, list):
            return "\n".join(str(each) for each in self.value)
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return "" if self.value is None else str(self.value)


def flat(fields: Iterable[Field]) -> Iterator[Field]:
    """Every field that has a value of its own (no groups), rows' columns included, in order."""
    for field in fields:
        if field.kind != "group":
            yield field
        yield from flat(field.fields)
        for row in field.rows:
            yield from flat(row.fields)


def short_fields(fields: Iterable[Field], order: Iterable[str]) -> list[Field]:
    """The fields of the short form, in the order of `order` (OfferingVersion.short_form)."""
    known = {field.path: field for field in _all(fields)}
    return [known[path] for path in order if path in known]


def _all(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from _all(field.fields)
