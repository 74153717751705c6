"""A schema with everything that a form has to cope with, in the words of several drafts."""

from __future__ import annotations

from typing import Any

from services_catalog.models import OfferingVersion

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "$defs": {
        "port": {"type": ["integer", "string"], "title": "Port"},
        "probe": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"path": {"type": "string"}, "periodSeconds": {"type": "integer", "minimum": 1}},
        },
        "named": {"type": "object", "properties": {"name": {"type": "string", "minLength": 1}}},
        "tree": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "label": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
            },
        },
        "a/b~c": {"$anchor": "odd", "type": "boolean"},
    },
    "properties": {
        "port": {"$ref": "#/$defs/port"},
        "odd": {"$ref": "#odd"},
        "odder": {"$ref": "#/$defs/a~1b~0c"},
        "maybe": {"type": ["string", "null"]},
        "count": {"type": ["integer", "null"], "minimum": 0},
        "ratio": {"type": "number"},
        "level": {"oneOf": [{"const": "low", "title": "Low"}, {"const": 1, "title": "One"}, {"const": "1"}]},
        "mode": {"enum": ["a", "", None, 1, True]},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "text": {"type": "string", "contentMediaType": "text/plain"},
        "password": {"type": "string", "x-slipway-secret": True},
        "args": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "items": {"$ref": "#/$defs/port"}},
        "free": {"type": "object"},
        "any": {},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "limits": {"type": "object", "patternProperties": {"^[a-z]+$": {"type": ["integer", "string"]}}},
        "hosts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "host": {"type": "string"},
                    "weight": {"type": "integer"},
                    "tls": {"type": "boolean"},
                },
            },
        },
        "containers": {
            "type": "array",
            "items": {
                "allOf": [
                    {"$ref": "#/$defs/named"},
                    {
                        "properties": {
                            "probe": {"$ref": "#/$defs/probe"},
                            "args": {"type": "array", "items": {"type": "string"}},
                            "env": {"type": "object", "additionalProperties": {"type": "string"}},
                            "mounts": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {"path": {"type": "string"}, "ro": {"type": "boolean"}},
                                },
                            },
                        }
                    },
                ]
            },
        },
        "queues": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z][a-z/.~-]*$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "durable": {"type": "boolean"},
                    "probe": {"$ref": "#/$defs/probe"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "storage": {
            "title": "Storage",
            "oneOf": [
                {
                    "title": "Object store",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["kind", "bucket"],
                    "properties": {"kind": {"const": "s3"}, "bucket": {"type": "string", "minLength": 3}},
                },
                {
                    "title": "Disk",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["kind"],
                    "properties": {"kind": {"const": "disk"}, "size": {"type": "string"}},
                },
                {"title": "A name", "type": "string"},
            ],
        },
        "sources": {
            "type": "array",
            "items": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["git"],
                        "additionalProperties": False,
                        "properties": {"git": {"type": "string"}},
                    },
                    {
                        "type": "object",
                        "required": ["http"],
                        "additionalProperties": False,
                        "properties": {"http": {"type": "string"}, "port": {"type": "integer"}},
                    },
                ]
            },
        },
        "exposed": {
            "type": "object",
            "properties": {"enabled": {"type": "boolean"}, "how": {"enum": ["ingress", "gateway"]}},
            "if": {"properties": {"enabled": {"const": True}}, "required": ["enabled"]},
            "then": {
                "required": ["host"],
                "properties": {"host": {"type": "string", "title": "Host", "minLength": 1}},
            },
            "dependentSchemas": {"how": {"properties": {"class": {"type": "string"}}}},
        },
        "tree": {"$ref": "#/$defs/tree"},
    },
}
DEFAULTS: dict[str, Any] = {
    "port": 8080,
    "maybe": "x",
    "count": 3,
    "text": "one\ntwo\n",
    "args": ["--a"],
    "labels": {"kept": "yes", "gone": "soon"},
    "limits": {"cpu": 1},
    "hosts": [{"host": "a.example.com", "tls": True}],
    "containers": [{"name": "main", "env": {"A": "1"}}],
    "queues": {"first": {"durable": True}},
    "storage": {"kind": "disk", "size": "1Gi"},
    "exposed": {"enabled": False},
    "ratio": 0.5,
}


def version(defaults: dict[str, Any] | None = None) -> OfferingVersion:
    return OfferingVersion(values_schema=SCHEMA, default_values=DEFAULTS if defaults is None else defaults)
