"""What would change against what is live, grouped by object: only what somebody looks at is written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from portal.core.objects import ObjectKey
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.operations import diffing
from portal.lifecycle.operations.diffing import FieldDiff

# So many changed objects are written out at once; the others when they are unfolded.
WRITTEN_OUT = 10
LONGEST = 400  # lines of one object
OPEN_UP_TO = 24  # lines; what is longer stays folded
MOST_FIELDS = 40


class Compared(Protocol):
    """One object on both sides, as ObjectDiff has it."""

    @property
    def key(self) -> ObjectKey: ...
    @property
    def change(self) -> Any: ...
    @property
    def fields(self) -> tuple[FieldDiff, ...]: ...
    @property
    def lines(self) -> list[tuple[str, str]]: ...


@dataclass(frozen=True)
class Gathered:
    """One object as the evidence keeps it."""

    key: ObjectKey
    change: str
    fields: tuple[FieldDiff, ...]
    text: str = field(repr=False)
    refusal: str = ""
    note: str = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line[:1] or " ", line[1:] if line[:1] in "+- " else line) for line in self.text.splitlines()]


@dataclass(frozen=True)
class Part:
    """One object that changes, as the page shows it. `written` says whether now, or once it is unfolded."""

    compared: Compared
    written: bool
    whole: bool = False

    @property
    def key(self) -> ObjectKey:
        return self.compared.key

    @property
    def change(self) -> str:
        return str(self.compared.change)

    @property
    def refusal(self) -> str:
        """What the cluster said when it was asked."""
        return getattr(self.compared, "refusal", "")

    @property
    def note(self) -> str:
        return getattr(self.compared, "note", "")

    @property
    def token(self) -> str:
        """Its name in an address."""
        return token_of(self.key)

    @property
    def fields(self) -> tuple[FieldDiff, ...]:
        return self.compared.fields if self.whole else self.compared.fields[:MOST_FIELDS]

    @property
    def only_labels(self) -> bool:
        """What every object of an upgrade has, which would hide the others."""
        return diffing.only_labels(self.compared.fields)

    @property
    def more_fields(self) -> int:
        return len(self.compared.fields) - len(self.fields)

    @cached_property
    def all_lines(self) -> list[tuple[str, str]]:
        return self.compared.lines

    @property
    def lines(self) -> list[tuple[str, str]]:
        return self.all_lines if self.whole else self.all_lines[:LONGEST]

    @property
    def more_lines(self) -> int:
        return len(self.all_lines) - len(self.lines)

    @property
    def is_open(self) -> bool:
        """What differs by fields is short; what is wholly new or gone may be long."""
        if not self.written or self.only_labels:
            return False
        return bool(self.fields) or len(self.all_lines) <= OPEN_UP_TO


@dataclass(frozen=True)
class AgainstLive:
    """All objects of both sides. `at`: when it was compared with what is live; None: with what was sealed."""

    parts: list[Part]
    same: list[ObjectKey]
    counts: Mapping[str, int]
    source: str = ""
    at: datetime | None = None
    left_off: int = 0

    @property
    def version(self) -> str:
        """Moves when it was compared anew: what was unfolded before is no longer shown."""
        return self.at.isoformat() if self.at else "sealed"


def of_change(change: ChangeRequest, rows: Iterable[Evidence]) -> AgainstLive | None:
    """Against what is live where that was gathered for exactly this release; else against what was sealed
    last. None: a denied request has nothing to compare."""
    if change.release is None and change.kind != "retire":
        return None
    row = next((row for row in rows if _is_usable(row, change)), None)
    if row is None:
        return _of(diffing.of_change(change))
    found = [_read(each) for each in row.detail["objects"]]
    left_off = int(row.detail.get("left_off") or 0)
    return _of(found, source=row.source, at=row.observed_at, left_off=left_off)


def part(against: AgainstLive, token: str) -> Part | None:
    """The object of this name, written out as a whole."""
    found = next((each for each in against.parts if each.token == token), None)
    return Part(found.compared, written=True, whole=True) if found else None


def token_of(key: ObjectKey) -> str:
    return ",".join((key.api_version, key.kind, key.namespace, key.name))


def _is_usable(row: Evidence, change: ChangeRequest) -> bool:
    live = change.is_active and row.kind == "diff" and row.digest == change.seal
    return live and row.status != Evidence.Status.UNKNOWN and isinstance(row.detail.get("objects"), list)


def _of(found: Iterable[Compared], **about: Any) -> AgainstLive:
    rows = list(found)
    counts = {
        name: sum(1 for each in rows if each.change == name)
        for name in ("changed", "added", "removed", "same")
    }
    differing = sorted(
        (each for each in rows if each.change != "same"), key=lambda each: diffing.only_labels(each.fields)
    )
    return AgainstLive(
        parts=[Part(each, written=number < WRITTEN_OUT) for number, each in enumerate(differing)],
        same=[each.key for each in rows if each.change == "same"],
        counts={**counts, "only_labels": sum(diffing.only_labels(each.fields) for each in differing)},
        **about,
    )


def _read(each: Mapping[str, Any]) -> Gathered:
    key = each["key"]
    return Gathered(
        key=ObjectKey(
            str(key.get("api_version") or key.get("apiVersion") or ""),
            str(key.get("kind") or ""),
            str(key.get("namespace") or ""),
            str(key.get("name") or ""),
        ),
        change=str(each["change"]),
        fields=tuple(_field(one) for one in each.get("fields") or ()),
        text=str(each.get("text") or ""),
        refusal=str(each.get("refusal") or ""),
        note=str(each.get("note") or ""),
    )


def _field(one: Mapping[str, Any]) -> FieldDiff:
    old, new = one.get("old"), one.get("new")
    return FieldDiff(str(one["path"]), old, new, had=old is not None, has=new is not None)
