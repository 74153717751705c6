"""Schemas of every draft, of every author, and of those who mean harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services_catalog import schemas, values
from services_catalog.forms import flat, form_fields
from services_catalog.models import OfferingVersion
from services_catalog.shapes import shape

DRAFTS = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@contextmanager
def bounded(seconds: float = 10) -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds


def kinds(schema: dict[str, Any], given: dict[str, Any] | None = None) -> dict[str, str]:
    version = OfferingVersion(values_schema=schema, default_values={})
    return {field.path: field.kind for field in flat(form_fields(version, None, given or {}))}


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_draft_makes_a_form_and_checks(draft):
    definitions = "definitions" if draft in {"4", "6", "7"} else "$defs"
    schema = {
        "$schema": DRAFTS[draft],
        definitions: {"port": {"type": "integer", "minimum": 1, "maximum": 65535}},
        "type": "object",
        "properties": {
            "port": {"$ref": f"#/{definitions}/port"},
            "image": {"allOf": [{"type": "object", "properties": {"tag": {"type": "string"}}}]},
        },
    }
    assert kinds(schema) == {"/port": "integer", "/image/tag": "text"}
    assert [error["path"] for error in values.check(schema, {"port": 0, "image": {"tag": 1}})] == [
        "/port",
        "/image/tag",
    ]


def test_bounds_of_draft_4_are_flags():
    old = {
        "$schema": DRAFTS["4"],
        "properties": {"n": {"type": "number", "minimum": 1, "exclusiveMinimum": True}},
    }
    version = OfferingVersion(values_schema=old, default_values={})
    assert form_fields(version, None)[0].minimum == 1
    assert values.check(old, {"n": 1})[0]["path"] == "/n"


def test_allof_is_merged_to_the_stricter_rule_and_the_first_words():
    node = shape(
        {
            "title": "Outer",
            "allOf": [
                {"type": ["string", "integer"], "title": "Inner", "minLength": 2, "maxLength": 9},
                {"type": ["integer", "string", "null"], "minLength": 4, "maxLength": 20},
            ],
        },
        {},
    )
    assert node == {"title": "Outer", "type": ["string", "integer"], "minLength": 4, "maxLength": 9}


def test_properties_of_allof_keep_the_authors_order():
    node = shape(
        {"allOf": [{"properties": {"b": {}, "a": {}}}, {"properties": {"c": {}, "a": {"type": "string"}}}]},
        {},
    )
    assert list(node["properties"]) == ["b", "a", "c"]


@pytest.mark.parametrize("keyword", ["dependencies", "dependentSchemas"])
def test_what_depends_on_a_key_counts_when_the_key_is_there(keyword):
    schema = {
        "properties": {"tls": {"type": "boolean"}},
        keyword: {"tls": {"properties": {"cert": {"type": "string"}}, "required": ["cert"]}},
    }
    assert set(kinds(schema)) == {"/tls"}
    assert set(kinds(schema, {"tls": True})) == {"/tls", "/cert"}


@pytest.mark.parametrize("keyword", ["dependencies", "dependentRequired"])
def test_a_key_that_another_needs_is_needed(keyword):
    schema = {
        "properties": {"tls": {"type": "boolean"}, "cert": {"type": "string", "minLength": 1}},
        keyword: {"tls": ["cert"]},
    }
    version = OfferingVersion(values_schema=schema, default_values={})
    assert [field.required for field in form_fields(version, None, {"tls": True})] == [False, True]
    assert [field.required for field in form_fields(version, None)] == [False, False]


def test_conditions_see_defaults_too_and_else_is_a_part():
    schema = {
        "properties": {"mode": {"enum": ["a", "b"]}},
        "if": {"properties": {"mode": {"const": "a"}}},
        "then": {"properties": {"one": {"type": "string"}}},
        "else": {"properties": {"two": {"type": "string"}}},
    }
    version = OfferingVersion(values_schema=schema, default_values={"mode": "b"})
    assert {field.path for field in flat(form_fields(version, None))} == {"/mode", "/two"}
    assert {field.path for field in flat(form_fields(version, None, {"mode": "a"}))} == {"/mode", "/one"}


def test_references_by_id_and_anchor_are_local():
    schema = {
        "$id": "https://example.com/values.json",
        "$defs": {
            "a": {"$anchor": "here", "type": "boolean"},
            "b": {"$id": "other.json", "type": "integer"},
        },
        "properties": {
            "anchor": {"$ref": "#here"},
            "whole": {"$ref": "values.json#/$defs/a"},
            "other": {"$ref": "https://example.com/other.json"},
        },
    }
    assert kinds(schema) == {"/anchor": "boolean", "/whole": "boolean", "/other": "integer"}
    assert len(values.check(schema, {"anchor": 1, "whole": 1, "other": "x"})) == 3


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("https://example.com/other.json", "https://example.com/other.json, which is outside of it"),
        ("file:///etc/passwd", "file:///etc/passwd, which is outside of it"),
        ("other.json#/a", "other.json#/a, which is outside of it"),
        ("#/definitions/none", "#/definitions/none, which it does not hold"),
        ("#none", "#none, which it does not hold"),
    ],
)
def test_a_reference_to_nothing_or_elsewhere_is_refused_by_name(reference, said):
    with pytest.raises(ValueError, match="not usable") as refused:
        schemas.validator({"properties": {"a": {"$ref": reference}}})
    assert said in str(refused.value)


def test_data_that_looks_like_a_reference_is_none():
    schema = {"properties": {"$ref": {"type": "string"}, "a": {"const": {"$ref": "https://example.com"}}}}
    assert schemas.validator(schema).is_valid({"$ref": "x"})
    assert kinds(schema) == {"/$ref": "text"}


def test_the_order_of_properties_is_noted_in_every_part():
    schema = {"then": {"properties": {"b": {}, "a": {}}}, "properties": {"properties": {"type": "string"}}}
    noted = schemas.with_order(schema)
    assert noted["then"][schemas.ORDER] == ["b", "a"]
    assert noted["properties"] == {"properties": {"type": "string"}}


def test_secrets_are_found_as_deep_as_the_values_go():
    schema = {
        "$defs": {
            "node": {
                "properties": {
                    "password": {"type": "string", "x-slipway-secret": True},
                    "inner": {"$ref": "#/$defs/node"},
                    "many": {"patternProperties": {"^x-": {"$ref": "#/$defs/node"}}},
                }
            }
        },
        "$ref": "#/$defs/node",
    }
    deep: dict[str, Any] = {"password": "s"}
    for _ in range(20):
        deep = {"inner": deep, "many": {"x-1": {"password": "t"}, "y": {"password": "no secret"}}}
    assert len(values.secret_paths(schema, deep)) == 21
    assert "'s'" not in str(values.masked(schema, deep))


# -- what means harm


def doubling(keyword: str, steps: int = 25) -> dict[str, Any]:
    again = [{keyword: [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(steps)]
    definitions = {f"d{n}": each for n, each in enumerate(again)}
    definitions[f"d{steps}"] = {"type": "object", "properties": {"x": {"type": "string"}}}
    return {"$ref": "#/$defs/d0", "$defs": definitions}


HARMFUL = {
    "allOf": doubling("allOf"),
    "anyOf": doubling("anyOf"),
    "oneOf": doubling("oneOf"),
    "overlapping": {"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}}},
}
RECURSIVE = {
    "itself": {"$ref": "#"},
    "a circle": {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}},
        "$ref": "#/$defs/a",
    },
    "conditions": {
        "$defs": {"t": {"if": {"$ref": "#/$defs/t"}, "properties": {"x": {}}}},
        "$ref": "#/$defs/t",
    },
    "many": {
        "$defs": {"t": {"properties": {f"p{n}": {"$ref": "#/$defs/t"} for n in range(30)}}},
        "$ref": "#/$defs/t",
    },
    "lists": {
        "$defs": {
            "t": {
                "properties": {f"p{n}": {"type": "array", "items": {"$ref": "#/$defs/t"}} for n in range(10)}
            }
        },
        "$ref": "#/$defs/t",
    },
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_what_unfolds_without_end_is_refused_before_it_is_tried(kind):
    with bounded(), pytest.raises(ValueError, match="without end"):
        schemas.validator(HARMFUL[kind])


@pytest.mark.parametrize("kind", [*RECURSIVE, *HARMFUL])
def test_no_schema_makes_a_form_without_end(kind):
    schema = {**RECURSIVE, **HARMFUL}[kind]
    deep: dict[str, Any] = {}
    for _ in range(30):
        deep = {"a": deep, "p0": deep and 1}
    with bounded():
        assert len(list(schemas.places(schema))) <= schemas.MOST_PLACES
        assert len(kinds(schema, deep)) < 10_000
        values.secret_paths(schema, deep)


@pytest.mark.parametrize("kind", RECURSIVE)
def test_recursion_that_a_value_ends_is_no_harm(kind):
    with bounded():
        assert values.check(RECURSIVE[kind], {}) == []
