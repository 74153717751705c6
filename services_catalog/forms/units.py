"""How numbers with units are written, by what a place is called and how its schema describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portal.core.pointers import Path
from services_catalog.schemas import ANY, HINT

CPU = "CPU cores, such as 500m (half a core) or 2."
MEMORY = "Memory, such as 256Mi or 2Gi."
STORAGE = "Size, such as 10Gi or 500Mi."
DURATION = "A duration, such as 30s, 5m or 1h30m."
SECONDS = "In seconds."
PORT = "A port, 1 to 65535."
PORT_OR_NAME = "A port, 1 to 65535, or its name."
PERCENT = "A count, or a percentage such as 25%."

_PORT = re.compile(r"(^|[a-z])ports?$|^(node|host|container|target)Port", re.IGNORECASE)
_SECONDS = re.compile(r"Seconds$")
_DURATION = re.compile(r"(timeout|interval|duration|period|ttl|delay|retention|expir\w*)$", re.IGNORECASE)
_PERCENT = re.compile(r"^max(Surge|Unavailable)$|^minAvailable$")
_STORAGE = re.compile(r"(^size|Size|storage|^sizeLimit)$")
_NUMERIC_DURATION = re.compile(r"^\d+(ms|[smhdwy])")


def unit_of(path: Path, node: Mapping[str, Any], types: tuple[str, ...], default: Any) -> str:
    """A line of help; "" when there is no unit to speak of, or the schema says itself what to write."""
    if node.get("enum") or node.get(HINT) or node.get("examples") or node.get("pattern"):
        return ""
    name = next((part for part in reversed(path) if not part.isdecimal() and part != ANY), "")
    textual, whole = "string" in types, "integer" in types
    if name == "cpu" and types != ("boolean",):
        return CPU
    if name in {"memory", "hugepages-2Mi"} and textual:
        return MEMORY
    if textual and (name == "ephemeral-storage" or _STORAGE.search(name)) and _is_size(default):
        return STORAGE
    if _PERCENT.match(name) and (textual or whole):
        return PERCENT
    if _SECONDS.search(name) and whole:
        return SECONDS
    if _PORT.search(name) and whole:
        return PORT_OR_NAME if textual else PORT
    if textual and _DURATION.search(name) and isinstance(default, str) and _NUMERIC_DURATION.match(default):
        return DURATION
    return ""


def _is_size(default: Any) -> bool:
    return default in ("", None) or bool(re.match(r"^\d+(\.\d+)?([kKMGTP]i?)?$", str(default)))
