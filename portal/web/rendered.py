"""The objects of a draft as a list: what becomes of each, and its YAML on demand."""

from __future__ import annotations

from dataclasses import dataclass

from portal.core.documents import dump_yaml
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.operations.drafting import Draft

# so much YAML is sent with every answer; what is beyond is sent when it is asked for
INLINE = 48 * 1024


@dataclass(frozen=True)
class Row:
    """`change` is added, changed, same or removed. `text` is None where it was not asked for."""

    key: ObjectKey
    change: str
    text: str | None
    opened: bool = False

    @property
    def name(self) -> str:
        return str(self.key)


def rows_of(draft: Draft, opened: str = "") -> list[Row]:
    """In the order of rendering; `opened` is the one whose YAML was asked for. Secrets are masked already."""
    changes = {str(each.key): each.change for each in draft.diff}
    rows, left = [], INLINE
    for document in draft.objects:
        key = key_of(document)
        name = str(key)
        text = dump_yaml(document) if left > 0 or name == opened else None
        left -= len(text or "")
        rows.append(Row(key, changes.get(name, "added"), text, name == opened))
    return rows
