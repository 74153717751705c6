"""What a round trip through the API server's Go structs leaves of a built-in object: nothing empty."""

from __future__ import annotations

from typing import Any

from portal.policy.quantities import canonical_quantity

# maps with the user's own keys: dropped when empty, their values left alone
FREE_MAPS = frozenset(
    {"labels", "annotations", "data", "stringData", "binaryData", "matchLabels", "nodeSelector"}
)
QUANTITY_MAPS = frozenset(
    {"limits", "requests", "hard", "capacity", "overhead", "default", "defaultRequest", "max", "min"}
    | {"maxLimitRequestRatio"}
)
# optional booleans that are no pointers in Go: false is as good as absent
PLAIN_BOOLEANS = frozenset(
    {"hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly", "paused"}
    | {"publishNotReadyAddresses"}
)
# strings that are pointers in Go: empty and absent differ
POINTER_STRINGS = frozenset(
    {"storageClassName", "ingressClassName", "service", "procMount", "volumeAttributesClassName"}
    | {"runtimeClassName", "preemptionPolicy", "name", "apiGroup", "type"}
)
# lists without omitempty: kept when empty
KEPT_LISTS = frozenset({"containers", "rules"})


def normalise(value: Any) -> Any:
    """A deep copy of a built-in object without what the server would not write back."""
    if isinstance(value, dict):
        return {key: new for key, old in value.items() if (new := _field(key, old)) is not None}
    if isinstance(value, list):
        return [normalise(item) for item in value]
    return value


def _field(key: Any, value: Any) -> Any:
    if isinstance(value, dict):
        if key in FREE_MAPS:
            return {name: normalise(content) for name, content in value.items()} or None
        if key in QUANTITY_MAPS:
            return {name: canonical_quantity(amount) for name, amount in value.items()} or None
        return normalise(value)
    if isinstance(value, list):
        return [normalise(item) for item in value] or ([] if key in KEPT_LISTS else None)
    if value == "" and isinstance(value, str):
        return value if key in POINTER_STRINGS else None
    if value is False and key in PLAIN_BOOLEANS:
        return None
    return value
