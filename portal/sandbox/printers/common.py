"""What the columns of several kinds share: ages, selectors, references, and the columns themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.policy.schema.definitions import OBJECT_META, definitions
from portal.sandbox import selectors
from portal.sandbox.objects import Object, dig, seconds_of

NONE = "<none>"
UNKNOWN = "<unknown>"
UNSET = "<unset>"
Cells = Callable[[Object], list[Any]]

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


@dataclass(frozen=True)
class Column:
    """`source` is where its description stands: a definition and a field of it, or the text itself."""

    name: str
    kind: str = "string"
    format: str = ""
    source: tuple[str, str] | str = ""
    priority: int = 0

    def definition(self) -> Object:
        return {
            "name": self.name,
            "type": self.kind,
            "format": self.format,
            "description": _description(self.source),
            "priority": self.priority,
        }


@dataclass(frozen=True)
class Printer:
    """A kind's columns and how to fill them."""

    columns: tuple[Column, ...]
    cells: Cells


def _description(source: tuple[str, str] | str) -> str:
    if isinstance(source, str):
        return source
    definition = definitions().get(source[0]) or {}
    found: str = ((definition.get("properties") or {}).get(source[1]) or {}).get("description") or ""
    return found


NAME = Column("Name", format="name", source=(OBJECT_META, "name"))
AGE = Column("Age", source=(OBJECT_META, "creationTimestamp"))
CREATED_AT = Column("Created At", source=(OBJECT_META, "creationTimestamp"))


def columns(kind: str, *names: str, wide: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """Columns from their names; `Ready:integer` has a type of its own; `wide` ones are shown by `-o wide`."""
    found = [NAME]
    for each in names:
        found.append(_column(kind, each, 0))
    found += [_column(kind, each, 1) for each in wide]
    return tuple(found)


def _column(kind: str, text: str, priority: int) -> Column:
    name, _, declared = text.partition(":")
    if name == "Age":
        return AGE
    if name == "Created At":
        return CREATED_AT
    return Column(name, declared or "string", source=_field(kind, name), priority=priority)


def _field(kind: str, name: str) -> tuple[str, str] | str:
    """The field of the kind's spec, status or own that a column is named after."""
    wanted = name.replace("-", "").replace(" ", "").lower()
    for suffix in ("Spec", "Status", ""):
        definition = definitions().get(f"io.k8s.api.{kind}{suffix}")
        for field in (definition or {}).get("properties") or {}:
            if field.lower() in (wanted, wanted.removesuffix("s")):
                return f"io.k8s.api.{kind}{suffix}", field
    return f"{name} of the object, as kubectl prints it."


def name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def age(obj: Object) -> str:
    return ago(obj["metadata"].get("creationTimestamp"))


def ago(moment: Any) -> str:
    """How long ago, in kubectl's words."""
    if not moment:
        return UNKNOWN
    return human(time.time() - seconds_of(moment))


def human(seconds: float) -> str:
    """`duration.HumanDuration`: at most two units, coarser with age."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    total = max(total, 0)
    if total < 2 * _MINUTE:
        return f"{total}s"
    minutes = total // _MINUTE
    if minutes < 10:
        return _two(minutes, "m", total % _MINUTE, "s")
    if minutes < 3 * 60:
        return f"{minutes}m"
    hours = total // _HOUR
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = total // _DAY
    if hours < 8 * 24:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    years = total // _YEAR
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def _two(major: int, unit: str, minor: int, small: str) -> str:
    return f"{major}{unit}{minor}{small}" if minor else f"{major}{unit}"


def selector(found: Object | None) -> str:
    if not found:
        return NONE
    return selectors.text_of(found) or NONE


def plain_selector(found: Object | None) -> str:
    """Labels that must be equal, as Services keep them."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or NONE


def joined(values: Any) -> str:
    return ",".join(str(each) for each in values or ()) or NONE


def template_containers(obj: Object) -> tuple[str, str]:
    """The names and the images of a workload's containers."""
    containers = dig(obj, "spec", "template", "spec", "containers") or []
    return (
        ",".join(each["name"] for each in containers),
        ",".join(each.get("image", "") for each in containers),
    )
