"""Each error of a schema, in words. The words are part of the product, so they are pinned."""

from __future__ import annotations

import pytest

from services_catalog.values import check

SECRET = "hunter2-hunter2"


def only(schema, document):
    found = check({"type": "object", **schema}, document)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        ({"type": "integer"}, "three", "Must be a whole number, not text."),
        ({"type": "integer"}, 1.5, "Must be a whole number, not a number with decimals."),
        ({"type": ["string", "null"]}, 3, "Must be empty or text, not a number."),
        ({"type": "boolean"}, None, "Must be true or false, not empty (null)."),
        ({"type": "string"}, True, "Must be text, not true or false."),
        ({"type": "array"}, {}, "Must be a list, not a mapping."),
        ({"enum": ["a", 1, True]}, "b", "Choose one of: a, 1, true."),
        ({"const": "x"}, "y", "Must be x."),
        ({"minimum": 2}, 1, "Must be at least 2."),
        ({"maximum": 2}, 3, "Must be at most 2."),
        ({"exclusiveMinimum": 2}, 2, "Must be more than 2."),
        ({"exclusiveMaximum": 2}, 2, "Must be less than 2."),
        ({"multipleOf": 5}, 3, "Must be a multiple of 5."),
        ({"minLength": 3}, "ab", "Use at least 3 characters."),
        ({"maxLength": 1}, "ab", "Use at most 1 characters."),
        ({"minItems": 2}, [1], "Give at least 2."),
        ({"maxItems": 1}, [1, 2], "Give at most 1."),
        ({"uniqueItems": True}, [1, 1], "Each entry may be listed once only."),
        ({"pattern": "^a"}, "b", "Must match ^a."),
        ({"pattern": "^a", "x-slipway-hint": "Start with a."}, "b", "Start with a."),
        (
            {"format": "email", "examples": ["a@example.com"]},
            "b",
            "Must be a valid email. Example: a@example.com.",
        ),
        ({"title": "Host", "minLength": 1, "examples": ["h"]}, "", "Host is required. Example: h."),
        ({"not": {"const": 1}}, 1, "This value is not accepted (rule: not)."),
        (False, 1, "This may not be set here."),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]},
            1.5,
            "None of the accepted forms fits. Must be text, not a number with decimals. "
            "Or: Must be a whole number, not a number with decimals.; Must be at least 3.",
        ),
        (
            {"oneOf": [{"type": "integer"}, {"minimum": 1}]},
            5,
            "This fits more than one of the accepted forms; make it fit exactly one.",
        ),
    ],
)
def test_each_rule_is_explained(rule, value, message):
    found = only({"properties": {"x": rule}}, {"x": value})
    assert (found["path"], found["message"]) == ("/x", message)


def test_a_missing_value_is_named_where_it_belongs():
    schema = {
        "properties": {
            "image": {
                "type": "object",
                "required": ["tag"],
                "properties": {"tag": {"type": "string", "title": "Tag", "examples": ["1.4.2"]}},
            }
        }
    }
    assert only(schema, {"image": {}}) == {
        "path": "/image/tag",
        "message": "Tag is required. Example: 1.4.2.",
        "code": "required",
    }


def test_an_unknown_key_is_named_and_the_likely_one_suggested():
    schema = {"additionalProperties": False, "properties": {"replicas": {"type": "integer"}, "port": {}}}
    assert only(schema, {"replica": 1})["message"] == (
        "There is no setting called replica here. Did you mean replicas?"
    )
    found = check({"type": "object", **schema}, {"zzz": 1, "a/b~c": 2})
    assert [each["path"] for each in found] == ["/zzz", "/a~1b~0c"]
    assert found[0]["message"].endswith("Known are: replicas, port.")


def test_a_bad_name_in_a_map_is_told_from_a_bad_value():
    schema = {
        "properties": {
            "env": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Z]+$", "x-slipway-hint": "Use capitals."},
                "additionalProperties": {"type": "string"},
            }
        }
    }
    found = check({"type": "object", **schema}, {"env": {"low": "x", "UP": 1}})
    assert {(each["path"], each["code"]) for each in found} == {("/env/low", "name"), ("/env/UP", "type")}


def test_no_message_repeats_a_value_since_it_may_be_secret():
    rules = [
        {"type": "integer"},
        {"enum": ["a"]},
        {"pattern": "^x$"},
        {"maxLength": 3},
        {"format": "email"},
        {"anyOf": [{"type": "integer"}, {"maxLength": 2}]},
        {"not": {"type": "string"}},
        {"const": "c"},
    ]
    for rule in rules:
        assert SECRET not in str(check({"type": "object", "properties": {"p": rule}}, {"p": SECRET}))


def test_a_schema_that_is_none_or_that_points_outside_says_so():
    with pytest.raises(ValueError, match="not usable"):
        check({"type": "nonsense"}, {})
    with pytest.raises(ValueError, match="not usable"):
        check({"$ref": "http://127.0.0.1:9/secret"}, {})


def test_errors_of_both_drafts_come_from_the_schemas_own_draft():
    old = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}]}
    new = {"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "integer"}]}
    assert check(old, ["x"])[0]["path"] == check(new, ["x"])[0]["path"] == "/0"
