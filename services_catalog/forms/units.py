"""How numbers with units are written, by what a place is called and how its schema describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
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
# the schema's own words are better
SAYS_IT = frozenset({"enum", "examples", "pattern", HINT})
_NUMERIC_DURATION = re.compile(r"^\d+(ms|[smhdwy])")


def unit_of(path: Path, node: Mapping[str, Any], types: tuple[str, ...], default: Any) -> str:
    """A line of help; "" when there is no unit to speak of, or the schema says itself what to write."""
    if not types or types == ("boolean",) or not SAYS_IT.isdisjoint(node):
        return ""
    name = next((part for part in reversed(path) if not part.isdecimal() and part != ANY), "")
    unit = _unit_of_name(name)
    if not unit:
        return ""
    textual, whole = "string" in types, "integer" in types
    fits = {
        CPU: True,
        MEMORY: textual,
        STORAGE: textual and _is_size(default),
        PERCENT: textual or whole,
        SECONDS: whole,
        PORT: whole,
        DURATION: textual and isinstance(default, str) and bool(_NUMERIC_DURATION.match(default)),
    }
    if not fits[unit]:
        return ""
    return PORT_OR_NAME if unit == PORT and textual else unit


@lru_cache(maxsize=4096)
def _unit_of_name(name: str) -> str:
    if name == "cpu":
        return CPU
    if name in {"memory", "hugepages-2Mi"}:
        return MEMORY
    rules = (
        (_PERCENT, PERCENT),
        (_SECONDS, SECONDS),
        (_STORAGE, STORAGE),
        (_PORT, PORT),
        (_DURATION, DURATION),
    )
    return next((unit for rule, unit in rules if rule.search(name)), "")


def _is_size(default: Any) -> bool:
    return default in ("", None) or bool(re.match(r"^\d+(\.\d+)?([kKMGTP]i?)?$", str(default)))
