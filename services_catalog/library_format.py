"""What a file of the library may hold, as a JSON Schema. Field names are those of the models."""

from __future__ import annotations

from typing import Any

from services_catalog import marks, schemas, verification

SLUG = {
    "type": "string",
    "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$",
    "maxLength": 60,
    schemas.HINT: "Use lower case letters, digits and '-', starting with a letter.",
}
POINTER = {
    "type": "string",
    "pattern": "^(/[^/]+)+$",
    schemas.HINT: "Write a JSON pointer such as /image/tag.",
}


def _object(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _text(length: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": length}


PLAN = _object(
    ["slug", "name", "description", "price_cents_per_month"],
    {
        "slug": {**SLUG, "maxLength": 40},
        "name": _text(60),
        "description": _text(300),
        "price_cents_per_month": {"type": "integer", "minimum": 0, "maximum": 2_000_000_000},
        "default": {"type": "boolean"},
        "values": {"type": "object"},
    },
)
DAY = {
    "type": "string",
    "format": "date",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    schemas.HINT: "Write a day such as 2030-01-31.",
}
DEPRECATION = _object(
    ["message"],
    {"message": _text(500), "since": DAY, "retires_on": DAY, "successor": _text(64)},
)
VERSION = _object(
    ["version", "status", "chart", "plans"],
    {
        "version": _text(64),
        "status": {"enum": ["draft", "active", "deprecated", "retired"]},
        "chart": {
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*$",
            schemas.HINT: "Write the chart's folder under charts/, such as web-service/1.1.0.",
        },
        "deprecation": DEPRECATION,
        "ready_timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 86400},
        "notes": {"type": "string"},
        "marks": marks.MARKS,
        "example": {"type": "object"},
        "short_form": {"type": "array", "items": POINTER, "uniqueItems": True},
        "locked_values": {"type": "object"},
        "overlays": {"type": "array", "items": POINTER, "uniqueItems": True},
        "verification": verification.VERIFICATION,
        "values_of": {
            "type": "array",
            "items": {
                **_object(
                    ["kind", "path", "values"],
                    {"kind": _text(63), "path": POINTER, "values": POINTER, "as": {"enum": ["image"]}},
                )
            },
        },
        "plans": {"type": "array", "minItems": 1, "items": PLAN},
    },
)
LIBRARY_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        ["offering", "name", "summary", "description", "when_not_to_use", "category", "owner", "versions"],
        {
            "offering": SLUG,
            "name": _text(80),
            "summary": _text(200),
            "description": _text(20_000),
            "when_not_to_use": _text(20_000),
            "category": _text(40),
            "tags": {"type": "array", "items": SLUG, "uniqueItems": True},
            "icon": _text(40),
            "owner": _text(80),
            "lifecycle": {"enum": ["active", "deprecated", "retired"]},
            "deprecation": DEPRECATION,
            "cluster_scoped": {"type": "boolean"},
            "role": {"enum": ["service", "namespace"]},
            "provides": _object(
                [],
                {
                    "endpoints": {
                        "type": "array",
                        "items": _object(
                            ["name", "address", "description"],
                            {"name": _text(60), "address": _text(200), "description": _text(300)},
                        ),
                    },
                    "secrets": {
                        "type": "array",
                        "items": _object(
                            ["name", "keys", "description"],
                            {
                                "name": _text(200),
                                "keys": {"type": "array", "items": _text(100), "minItems": 1},
                                "description": _text(300),
                            },
                        ),
                    },
                },
            ),
            "environments": {"type": "array", "items": SLUG, "uniqueItems": True},
            "teams": {"type": "array", "items": SLUG, "uniqueItems": True},
            "versions": {"type": "array", "minItems": 1, "items": VERSION},
        },
    ),
}
