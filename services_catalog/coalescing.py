"""Values laid over values as Helm does it: mappings merge, all else replaces, null takes a default away."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from portal.core.pointers import ABSENT


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of `base` with `over` laid on top. A null stays, for Helm to see it."""
    result = copy.deepcopy(dict(base))
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    """As merge(), to be read only: parts of both are shared, nothing is copied."""
    if not over:
        return base
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = overlaid(below, value)
        result[key] = value
    return result


def coalesced(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What templates and Helm's own check get to see of `values` over a chart's defaults: a null where the
    chart has a default removes it (coalesceValues in helm's pkg/chart/common/util/coalesce.go)."""
    result = dict(values)
    for key, default in defaults.items():
        if key not in result:
            result[key] = default
        elif result[key] is None:
            del result[key]
        elif isinstance(result[key], Mapping) and isinstance(default, Mapping):
            result[key] = coalesced(default, result[key])
    return result


def without_idle_nulls(defaults: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """`values` without the nulls that are the chart's own: said again they would remove the key."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults.get(key, ABSENT)
        if value is None and default is None:
            continue
        nested = isinstance(value, dict) and isinstance(default, Mapping)
        result[key] = without_idle_nulls(default, value) if nested else value
    return result


def alike(one: Any, other: Any) -> bool:
    """Equal as JSON is: true is not 1, while 1 and 1.0 are the same number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)
