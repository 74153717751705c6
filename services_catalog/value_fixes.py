"""From a fix of a rendered object to the values that bring it about, where an offering says which."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core import pointers
from services_catalog import schemas
from services_catalog.models import OfferingVersion

# [registry[:port]/]repository[:tag][@digest], as container runtimes read it
IMAGE = re.compile(r"^(?P<repository>[^@]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>\w+:[0-9a-f]+))?$")
IMAGE_PARTS = ("repository", "tag", "digest")


@dataclass(frozen=True)
class Setting:
    """One value to set; `path` is a JSON pointer into the values. `absent`: to be left to the chart."""

    path: str
    value: Any = None
    absent: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"path": self.path} if self.absent else {"path": self.path, "value": self.value}


def settings_for(version: OfferingVersion, kind: str, patch: Sequence[Mapping[str, Any]]) -> list[Setting]:
    """What to set so that objects of `kind` come out as `patch` (a JSON Patch) would have them.

    [] when the offering does not say it of every operation, or one of the values is not the requester's to
    set: half a fix is none.
    """
    found: list[Setting] = []
    for operation in patch:
        settings = _settings(version, kind, operation)
        if not settings:
            return []
        found += settings
    return [] if any(_is_locked(version, setting) for setting in found) else found


def put(values: dict[str, Any], settings: Sequence[Setting]) -> None:
    """Set them in `values`; what cannot hold the rest of a path is replaced by a mapping."""
    for setting in settings:
        path = pointers.parse(setting.path)
        if not setting.absent:
            pointers.put(values, path, setting.value)
        elif isinstance(parent := pointers.get(values, path[:-1]), dict):
            parent.pop(path[-1], None)


def _is_locked(version: OfferingVersion, setting: Setting) -> bool:
    """Whether the platform or the plan alone sets this value."""
    path = pointers.parse(setting.path)
    if pointers.get(version.locked_values, path) is not pointers.ABSENT:
        return True
    nodes = (schemas.at(version.values_schema, path[:length]) for length in range(1, len(path) + 1))
    return any(node is not None and node.get(schemas.PLAN) for node in nodes)


def _settings(version: OfferingVersion, kind: str, operation: Mapping[str, Any]) -> list[Setting]:
    path = str(operation["path"])
    entries = [
        entry
        for entry in version.values_of
        if entry["kind"] == kind and (path == entry["path"] or path.startswith(entry["path"] + "/"))
    ]
    entry = max(entries, key=lambda each: len(each["path"]), default=None)
    if entry is None:
        return []
    target = entry["values"] + path.removeprefix(entry["path"])
    if operation["op"] == "remove":
        return [Setting(target, absent=True)]
    if entry.get("as") == "image":
        return _image(target, operation["value"])
    return [Setting(target, operation["value"])]


def _image(target: str, value: Any) -> list[Setting]:
    """An image reference in the three values that charts make it of."""
    parts = IMAGE.match(value) if isinstance(value, str) else None
    if parts is None:
        return []
    return [Setting(f"{target}/{part}", parts[part] or "") for part in IMAGE_PARTS]
