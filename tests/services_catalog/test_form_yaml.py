"""Values as YAML: errors at their lines, keys that nobody knows, and what differs from the defaults."""

from __future__ import annotations

import pytest

from portal.core.documents import load_mapping
from portal.core.masking import MASK
from portal.core.yaml_positions import nearest, positions
from services_catalog import values
from services_catalog.coalescing import alike, coalesced, merge, overlaid, without_idle_nulls
from services_catalog.forms import changes, located, read_yaml, unknown_keys
from services_catalog.models import OfferingVersion, Plan

TEXT = """\
# what we run
image:
  tag: "1.4"
  "a/b~c": x
ports:
  - name: http
    port: many
  - {name: admin, port: 1}
text: |
  two
  lines
after: true
"""


def version(schema=None, defaults=None, **more) -> OfferingVersion:
    return OfferingVersion(values_schema=schema or {"type": "object"}, default_values=defaults or {}, **more)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ("", 2, 1),
        ("/image", 2, 1),
        ("/image/tag", 3, 3),
        ("/image/a~1b~0c", 4, 3),
        ("/ports/0", 6, 5),
        ("/ports/0/port", 7, 5),
        ("/ports/1/port", 8, 19),
        ("/text", 9, 1),
        ("/after", 12, 1),
        ("/image/missing", 2, 1),
        ("/ports/7/port", 5, 1),
        ("/nowhere", 2, 1),
    ],
)
def test_each_value_has_its_line_and_what_is_missing_that_of_what_should_hold_it(path, line, column):
    mark = nearest(positions(TEXT), path)
    assert (mark.line, mark.column) == (line, column)


def test_errors_of_the_check_come_in_the_order_of_the_text():
    schema = {
        "properties": {
            "after": {"type": "string"},
            "ports": {"items": {"properties": {"port": {"type": "integer"}}}},
            "image": {"required": ["name"], "properties": {"name": {"title": "Name"}}},
        }
    }
    problems = values.check(schema, load_mapping(TEXT))
    assert [(each.line, each.path, each.message) for each in located(TEXT, problems)] == [
        (2, "/image/name", "Name is required."),
        (7, "/ports/0/port", "Must be a whole number, not text."),
        (12, "/after", "Must be text, not true or false."),
    ]
    assert {each.message for each in located(TEXT, problems)} == {each["message"] for each in problems}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [", 2),
        ("a: 1\n  b: 2", 2),
        ("a: 1\nb: 2\na: 3", 3),
        ("x: y\n- z", 2),
        ("a: *b", 1),
        ("- a", 1),
        ("a: !x b", 1),
    ],
)
def test_text_that_is_no_yaml_has_a_problem_with_its_line(text, line):
    found = read_yaml(text)
    assert found.problem is not None
    assert (found.values, found.problem.line) == ({}, line)
    assert found.problem.message


def test_text_that_is_yaml_has_values():
    assert read_yaml("a: 1\r\nb:\r\n").values == {"a": 1, "b": None}
    assert read_yaml("").values == {}
    assert positions("a: [") == {}


# -- keys that nobody knows

KNOWN = {"replicas": 1, "image": {"tag": "x"}, "labels": {}, "global": {"a": 1}}


def test_a_key_that_the_chart_does_not_know_is_warned_of_with_the_nearest_one():
    found = unknown_keys(version(defaults=KNOWN), {"replica": 2, "image": {"tga": "y", "tag": "z"}, "zzz": 1})
    assert {(each["path"], each["code"]) for each in found} == {
        ("/replica", "unknown-key"),
        ("/image/tga", "unknown-key"),
        ("/zzz", "unknown-key"),
    }
    messages = {each["path"]: each["message"] for each in found}
    assert (
        messages["/replica"] == "The chart's values.yaml knows no such key: replica. Did you mean replicas?"
    )
    assert messages["/image/tga"].endswith("Did you mean tag?")


def test_places_that_take_any_key_are_not_warned_of():
    schema = {
        "properties": {
            "global": {"type": "object", "x-slipway-open": True},
            "queues": {"additionalProperties": {"properties": {"durable": {}}}, "properties": {"main": {}}},
        }
    }
    given = {"labels": {"any": "1"}, "global": {"b": 1}, "queues": {"more": {"durable": True}}}
    assert unknown_keys(version(schema, KNOWN), given) == []
    closed = {"additionalProperties": False, "properties": {"a": {}}}
    assert unknown_keys(version(closed), {"b": 1}) == [], "the check itself says it"
    assert (
        unknown_keys(version(schema, KNOWN), {"queues": {"more": {"durabel": 1}}})[0]["path"]
        == "/queues/more/durabel"
    )


# -- against the defaults


def test_changes_are_listed_with_their_defaults_and_secrets_are_masked():
    schema = {
        "properties": {
            "replicas": {"title": "Copies"},
            "password": {"x-slipway-secret": True},
            "keys": {"additionalProperties": {"x-slipway-secret": True}},
        }
    }
    defaults = {"replicas": 1, "password": "changeme", "labels": {"a": "1", "b": "2"}, "on": True}
    given = {
        "replicas": 3,
        "password": "hunter2",
        "keys": {"A": "s"},
        "labels": {"a": None, "b": "2"},
        "on": 1,
    }
    found = changes(version(schema, defaults), Plan(values={"replicas": 2}), given)
    assert [(each.path, each.label, each.default, each.value) for each in found] == [
        ("/replicas", "Copies", 2, 3),
        ("/password", "password", MASK, MASK),
        ("/keys/A", "A", None, MASK),
        ("/labels/a", "a", "1", None),
        ("/on", "on", True, 1),
    ]
    assert [each.path for each in found if each.removed] == ["/labels/a"]
    assert [each.path for each in found if not each.has_default] == ["/keys/A"]


# -- laid over each other as Helm does


def test_a_null_takes_a_default_away_and_stays_where_there_is_none():
    defaults = {"a": 1, "b": {"c": 1, "d": 2}, "e": None, "f": [1]}
    given = {"a": None, "b": {"c": None}, "new": None, "f": {"x": 1}}
    assert coalesced(defaults, given) == {"b": {"d": 2}, "new": None, "e": None, "f": {"x": 1}}
    assert without_idle_nulls(defaults, merge(defaults, given)) == {
        "a": None,
        "b": {"c": None, "d": 2},
        "new": None,
        "f": {"x": 1},
    }


def test_laying_over_without_a_copy_gives_the_same_and_changes_nothing():
    base, over = {"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"b": 2, "e": {}}, "d": {"x": 1}}
    before = (repr(base), repr(over))
    assert overlaid(base, over) == merge(base, over)
    assert (repr(base), repr(over)) == before


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ([True], [1], False),
        ({"a": [1]}, {"a": [1.0]}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ("1", 1, False),
        (None, "", False),
        ([], {}, False),
    ],
)
def test_equal_is_what_json_calls_equal(one, other, same):
    assert alike(one, other) is same
    assert alike(other, one) is same
