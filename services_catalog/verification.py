"""How a version says when its rollout is good: checks over HTTP or of metrics, beyond "is ready".

    verification:
      within_seconds: 120
      checks:
        - name: health
          http: {service: "{{release}}", port: http, path: {values: /probes/readinessPath}, status: [200]}
          times: 2
        - name: few errors
          metric: {query: 'error_ratio{namespace="{{namespace}}"}', max: 0.01}

What it becomes for one release is worked out in portal/lifecycle/operations/checks.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from portal.clusters.proxy import why_not_a_path
from portal.core.names import DNS_LABEL
from portal.core.pointers import parse
from services_catalog import schemas
from services_catalog.messages import Problem, problem

WITHIN_SECONDS = 120
PLACEHOLDERS = ("namespace", "release")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_POINTER = {
    "type": "string",
    "pattern": "^(/[^/]+)+$",
    schemas.HINT: "Write a JSON pointer such as /probes/path.",
}


def _object(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _text(length: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": length}


HTTP = _object(
    ["service", "port", "path"],
    {
        "service": _text(80),
        "port": {
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": 65535,
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            "maxLength": 15,
            schemas.HINT: "Write the port's number or name.",
        },
        "path": {
            "type": ["string", "object"],
            "pattern": "^/",
            "maxLength": 500,
            schemas.HINT: "Write a path such as /healthz, or {values: /pointer/to/it}.",
            "required": ["values"],
            "properties": {"values": _POINTER},
            "additionalProperties": False,
        },
        "status": {
            "type": "array",
            "items": {"type": "integer", "minimum": 200, "maximum": 599},
            "minItems": 1,
            "uniqueItems": True,
        },
        "contains": _text(200),
    },
)
METRIC = _object(["query"], {"query": _text(1000), "max": {"type": "number"}, "min": {"type": "number"}})
CHECK = _object(
    ["name"],
    {
        "name": _text(40),
        "http": HTTP,
        "metric": METRIC,
        "times": {"type": "integer", "minimum": 1, "maximum": 10},
    },
)
VERIFICATION = _object(
    ["checks"],
    {
        "within_seconds": {"type": "integer", "minimum": 5, "maximum": 3600},
        "checks": {"type": "array", "minItems": 1, "maxItems": 8, "items": CHECK},
    },
)


def problems(verification: Mapping[str, Any], values_schema: schemas.Schema) -> Iterator[Problem]:
    """What VERIFICATION cannot say: one kind a check, names once, pointers and placeholders that exist."""
    checks = verification.get("checks") or []
    names = [check["name"] for check in checks]
    for index, check in enumerate(checks):
        place = ("verification", "checks", str(index))
        if check["name"] in names[:index]:
            yield problem((*place, "name"), f"There are two checks called {check['name']}.", "twice")
        if ("http" in check) == ("metric" in check):
            yield problem(place, "Give either http or metric.", "kind")
        if "http" in check:
            yield from _http_problems(check["http"], values_schema, (*place, "http"))
        if "metric" in check:
            yield from _metric_problems(check["metric"], (*place, "metric"))


def _http_problems(
    http: Mapping[str, Any], values_schema: schemas.Schema, place: tuple[str, ...]
) -> Iterator[Problem]:
    unknown = list(_unknown_placeholders(http["service"], (*place, "service")))
    yield from unknown
    if not unknown and not DNS_LABEL.fullmatch(filled(http["service"], {"namespace": "a", "release": "a"})):
        yield problem((*place, "service"), "Write a service's name, such as {{release}}.", "name")
    if isinstance(http["path"], str):
        why_not = why_not_a_path(http["path"])
        if why_not:
            yield problem((*place, "path"), why_not, "path")
        return
    pointer = http["path"]["values"]
    found = schemas.at(values_schema, parse(pointer))
    if found is None:
        said = f"The chart's schema knows no {pointer}."
        yield problem((*place, "path", "values"), said, "unknown")
    elif found.get(schemas.SECRET):
        yield problem((*place, "path", "values"), "A path is shown to people; this is a secret.", "secret")


def _metric_problems(metric: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Problem]:
    yield from _unknown_placeholders(metric["query"], (*place, "query"))
    if "max" not in metric and "min" not in metric:
        yield problem(place, "Give max, min or both: the bounds that each value has to keep.", "bounds")
    elif metric.get("min", metric.get("max")) > metric.get("max", metric.get("min")):
        yield problem(place, "min is above max, so that no value is right.", "bounds")


def _unknown_placeholders(text: str, place: tuple[str, ...]) -> Iterator[Problem]:
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            said = f"{{{{{name}}}}} is not known; use {{{{namespace}}}} or {{{{release}}}}."
            yield problem(place, said, "unknown")


def filled(text: str, names: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced. Raises ValueError for what is no DNS label: the names stand
    in addresses and between the quotes of a query."""

    def fill(found: re.Match[str]) -> str:
        value = names.get(found.group(1), "")
        if not DNS_LABEL.fullmatch(value):
            raise ValueError(f"{value[:80]!r} cannot be filled in for {found.group(0)}.")
        return value

    return _PLACEHOLDER.sub(fill, text)
