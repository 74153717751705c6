"""Two documents written alike, so that their texts differ only where they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.lifecycle.operations.diffing import IDENTITY_FIELDS


def in_order_of(old: Any, new: Any) -> Any:
    """`new` with the fields of its objects in the order that they have in `old`; lists keep their own."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = [*(name for name in old if name in new), *(name for name in new if name not in old)]
        return {name: in_order_of(old.get(name), new[name]) for name in names}
    if isinstance(old, list) and isinstance(new, list):
        return [in_order_of(_counterpart(item, index, old), item) for index, item in enumerate(new)]
    return new


def _counterpart(item: Any, index: int, old: list[Any]) -> Any:
    """The member of the same name, else the one at the same place."""
    if isinstance(item, Mapping):
        for name in IDENTITY_FIELDS:
            if isinstance(item.get(name), str | int):
                same = [one for one in old if isinstance(one, Mapping) and one.get(name) == item[name]]
                if len(same) == 1:
                    return same[0]
    return old[index] if index < len(old) else None
