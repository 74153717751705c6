"""What a value seems to be, from its name and its default. A guess says how it is asked for first, and
accepts whatever else charts are known to take there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portal.core.masking import is_secret_key

SCALAR = ["string", "number", "boolean"]
ANYTHING = ["string", "number", "boolean", "object", "array"]

LABELS = re.compile(r"(labels|annotations|selector|headers)$", re.IGNORECASE)
# whole numbers by default, for which charts take texts too: ports, percentages, durations, quantities
TEXT_TOO = re.compile(
    r"port|timeout|interval|period|surge|unavailable|cpu|memory|storage|size|level|version|tag|age|retention|ttl",
    re.IGNORECASE,
)
# speaks of a Secret's name or of one of its keys, not of what is in it
NAMES_A_SECRET = re.compile(
    r"\bexisting\b|\bname of (the|an?|your)\b|\bsecrets? name\b|\breference\b"
    r"|\bkey (in|inside|of|within|from)\b",
    re.IGNORECASE,
)
IS_A_NAME = re.compile(
    r"existing|name$|ref$|keys?ref|mount|path$|file$|(token|password)keys?$"
    r"|(vars|scripts|certificates?|credentials?)secrets?$|(token|id|cluster|user|username|password)secretkey$",
    re.IGNORECASE,
)

CHOICES = {
    "pullpolicy": ["Always", "IfNotPresent", "Never"],
    "imagepullpolicy": ["Always", "IfNotPresent", "Never"],
    "externaltrafficpolicy": ["Cluster", "Local"],
    "sessionaffinity": ["None", "ClientIP"],
    "podmanagementpolicy": ["OrderedReady", "Parallel"],
}
SERVICE_TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]


def scalar(name: str, parent: str, default: Any) -> dict[str, Any]:
    """The schema of a plain value; `name` is its key, `parent` the key above."""
    match default:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": ["integer", "string"] if TEXT_TOO.search(name) else "integer"}
        case float():
            return {"type": ["number", "string"]}
        case str() if choices := _choices(name, parent, default):
            return {"type": "string", "enum": choices}
        case "":
            return {"type": ANYTHING}
        case str():
            return {"type": SCALAR}
    return {}


def empty(name: str, default: Any) -> dict[str, Any]:
    """The schema of `{}` and `[]`, which say little."""
    if isinstance(default, Mapping) and LABELS.search(name):
        return {"type": ["object", "string"], "additionalProperties": {"type": SCALAR}}
    return {
        "type": ["object", "array", "string"]
        if isinstance(default, Mapping)
        else ["array", "object", "string"]
    }


def entries(values: list[Any]) -> dict[str, Any]:
    """The schema of a list's entries."""
    if all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in values):
        whole = all(isinstance(each, int) for each in values)
        return {"type": ["integer", "string"] if whole else SCALAR}
    return {}


def is_secret(name: str, default: Any, description: str) -> bool:
    """Whether it looks like a secret itself, and not like the name of a place where one is kept."""
    if not (default is None or isinstance(default, str)) or not is_secret_key(name):
        return False
    return not IS_A_NAME.search(name) and not NAMES_A_SECRET.search(description)


def _choices(name: str, parent: str, default: str) -> list[str]:
    found = (
        SERVICE_TYPES
        if name == "type" and parent.lower().endswith("service")
        else CHOICES.get(name.lower(), [])
    )
    if default in found:
        return found
    return ["", *found] if found and default == "" else []
