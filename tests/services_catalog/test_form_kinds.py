"""Every kind of field, sent by a browser: choices of forms, conditions, lists and maps in each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from portal.core.masking import MASK
from services_catalog import schemas, values
from services_catalog.coalescing import alike, merge
from services_catalog.forms import (
    Field,
    errors_by_field,
    flat,
    form_fields,
    is_reshaped,
    outline,
    parse_form,
    short_fields,
)
from services_catalog.models import OfferingVersion
from tests.services_catalog import many_forms, some_values
from tests.services_catalog.browser_form import Pairs, rendered, submission
from tests.services_catalog.test_form_round_trip import pruned


def form(wishes: dict[str, Any] | None = None, defaults: Any = None, **more: Any) -> tuple[Field, ...]:
    return form_fields(many_forms.version(defaults), None, wishes or {}, **more)


def sent(fields: tuple[Field, ...], **changes: str) -> Pairs:
    return {**submission(fields), **{name: [value] for name, value in changes.items()}}


def parsed(wishes: dict[str, Any], changes: dict[str, str], defaults: Any = None) -> dict[str, Any]:
    """What a browser's changes make of a form that shows `wishes`."""
    fields = form(wishes, defaults)
    data = sent(fields, **changes)
    return parse_form(form(wishes, defaults, data=data), data)


def of(fields: tuple[Field, ...], path: str) -> Field:
    return next(field for field in _all(fields) if field.path == path)


def _all(fields: tuple[Field, ...]) -> Any:
    for field in fields:
        yield field
        yield from _all(field.fields)
        for row in field.rows:
            yield from _all(row.fields)


@pytest.mark.parametrize("defaults", [None, {}])
def test_a_form_of_every_kind_that_nobody_touched_wishes_for_nothing(defaults):
    fields = form(defaults=defaults)
    assert parse_form(fields, submission(fields)) == {}


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
@given(wishes=some_values.valid(many_forms.SCHEMA, many_forms.SCHEMA), defaults=st.sampled_from([None, {}]))
def test_whatever_it_holds_comes_back(wishes, defaults):
    version = many_forms.version(defaults)
    base = values.base_values(version, None)
    # what is merged with the defaults of another alternative may be of none of them
    assume(schemas.validator(many_forms.SCHEMA).is_valid(pruned(merge(base, wishes))))
    fields = form_fields(version, None, wishes)
    kept = parse_form(fields, submission(fields))
    assert alike(pruned(merge(base, kept)), pruned(merge(base, wishes)))


def test_ids_are_unique_in_every_kind_of_field():
    ids = [field.input_id for field in flat(form({"sources": [{"git": "x"}, {"http": "y"}]}))]
    assert len(ids) == len(set(ids))


# -- one of several forms


def test_the_form_that_the_values_are_of_is_chosen():
    storage = of(form(), "/storage")
    assert (storage.kind, storage.chosen, [choice.shown for choice in storage.choices]) == (
        "variant",
        1,
        ["Object store", "Disk", "A name"],
    )
    assert [field.path for field in flat(storage.fields)] == ["/storage/size"]
    assert of(form({"storage": {"kind": "s3", "bucket": "abc"}}, {}), "/storage").chosen == 0
    assert of(form({"storage": "shared"}, {}), "/storage").chosen == 2


def test_another_form_brings_its_fields_and_what_is_fixed_in_it():
    fields = form()
    data = sent(fields, **{"variant:/storage": "0"})
    assert is_reshaped(data)
    assert not is_reshaped(submission(fields))
    drawn = form(data=data)
    assert "/storage/bucket" in {field.path for field in flat(drawn)}
    assert parse_form(drawn, data) == {"storage": {"kind": "s3", "size": None}}
    filled = {**data, "/storage/bucket": ["abc"]}
    wishes = parse_form(form(data=filled), filled)
    assert wishes == {"storage": {"kind": "s3", "bucket": "abc", "size": None}}
    assert values.validate(many_forms.version(), merge(many_forms.DEFAULTS, wishes)) == []
    assert of(form(wishes), "/storage").chosen == 0
    again = form(wishes)
    assert parse_form(again, submission(again)) == wishes


def test_a_form_that_is_left_again_leaves_nothing_behind():
    assert parsed({"storage": {"kind": "s3", "bucket": "abc"}}, {"variant:/storage": "1"}, {}) == {
        "storage": {"kind": "disk"}
    }
    assert parsed({"storage": {"kind": "s3", "bucket": "abc"}}, {"variant:/storage": ""}, {}) == {}
    text = {"variant:/storage": "2", "/storage": "shared"}
    assert parsed({"storage": {"kind": "s3", "bucket": "abc"}}, text, {}) == {"storage": "shared"}


def test_entries_of_a_list_choose_each_for_itself():
    wishes = {"sources": [{"git": "a"}, {"http": "b", "port": 80}]}
    changed = parsed(wishes, {"variant:/sources/0": "1", "/sources/0/http": "c", "/sources/1/port": "81"})
    assert changed == {"sources": [{"http": "c"}, {"http": "b", "port": 81}]}


def test_errors_of_a_form_stand_at_its_fields():
    wishes = {"storage": {"kind": "s3", "bucket": "x"}}
    fields = form(wishes, {})
    placed = errors_by_field(
        fields,
        [
            {"path": "/storage/bucket", "message": "Short.", "code": "minLength"},
            {"path": "/storage", "message": "None fits.", "code": "oneOf"},
        ],
    )
    assert placed == {"/storage/bucket": ["Short."], "/storage": ["None fits."]}
    assert "None fits." in rendered(fields, placed)


# -- conditions


def test_what_is_conditional_is_asked_when_it_applies_and_then_it_may_be_needed():
    assert "/exposed/host" not in {field.path for field in flat(form())}
    on = form({"exposed": {"enabled": True}})
    assert of(on, "/exposed/host").required
    assert "/exposed/class" not in {field.path for field in flat(on)}
    assert "/exposed/class" in {field.path for field in flat(form({"exposed": {"how": "gateway"}}))}


def test_ticking_the_box_changes_the_outline_of_the_form():
    fields = form()
    data = {**submission(fields), "/exposed/enabled": ["false", "true"]}
    wishes = parse_form(fields, data)
    assert outline(form(wishes)) != outline(fields)
    assert outline(form({"args": ["x"], "labels": {"more": "1"}})) == outline(fields), "rows do not count"


def test_what_no_longer_applies_is_shown_and_can_be_cleared():
    wishes = {"exposed": {"host": "a.example.com"}}
    fields = form(wishes)
    assert of(fields, "/exposed/host").kind == "yaml"
    assert parse_form(fields, submission(fields)) == wishes
    assert parse_form(fields, sent(fields, **{"/exposed/host": ""})) == {}


# -- lists and maps


def test_rows_are_added_in_the_spare_one_and_taken_away_with_a_tick():
    wishes = {"containers": [{"name": "a"}, {"name": "b", "args": ["x"]}]}
    added = parsed(wishes, {"/containers/2/name": "c", "/containers/2/mounts/0/path": "/tmp"})
    assert added["containers"][2] == {"name": "c", "mounts": [{"path": "/tmp"}]}
    assert parsed(wishes, {"remove:/containers/0": "yes"}) == {"containers": [{"name": "b", "args": ["x"]}]}
    assert parsed(wishes, {"remove:/containers/0": "yes", "remove:/containers/1": "yes"}) == {
        "containers": []
    }
    assert parsed(wishes, {"/containers/0/name": "b", "/containers/1/name": "a"})["containers"] == [
        {"name": "b"},
        {"name": "a", "args": ["x"]},
    ]


def test_lists_replace_their_default_and_maps_merge_with_it():
    assert parsed({}, {"/hosts/1/host": "b"})["hosts"] == [
        {"host": "a.example.com", "tls": True},
        {"host": "b"},
    ]
    assert parsed({}, {"/labels/0/value": "no", "/labels/2/key": "new", "/labels/2/value": "1"}) == {
        "labels": {"kept": "no", "new": "1"}
    }


def test_taking_away_a_default_of_a_map_is_a_null_as_in_helm():
    wishes = parsed({}, {"/labels/1/key": "", "/labels/1/value": ""})
    assert wishes == {"labels": {"gone": None}}
    assert "gone" not in {row.key.value for row in of(form(wishes), "/labels").rows}
    assert parsed({}, {"remove:/queues/0": "yes"}) == {"queues": {"first": None}}
    version = many_forms.version()
    assert values.validate(version, values.merge(many_forms.DEFAULTS, wishes)) == []


def test_keys_of_maps_may_hold_anything_a_pointer_escapes():
    wishes = {"queues": {"a/b~c.d": {"durable": True, "tags": ["x"]}}}
    fields = form(wishes)
    assert parse_form(fields, submission(fields)) == wishes
    placed = errors_by_field(fields, [{"path": "/queues/a~1b~0c.d/tags/0", "message": "No.", "code": "type"}])
    assert placed == {"/queues/1/value/tags": ["No."]}
    named = errors_by_field(fields, [{"path": "/queues/a~1b~0c.d", "message": "No.", "code": "name"}])
    assert named == {"/queues/1/key": ["No."]}


def test_a_renamed_entry_keeps_its_values_but_not_its_secret():
    schema = {
        "properties": {
            "users": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "password": {"type": "string", "x-slipway-secret": True},
                        "role": {"type": "string"},
                    },
                },
            }
        }
    }
    version = OfferingVersion(values_schema=schema, default_values={})
    saved = {"users": {"ann": {"password": "s3cret", "role": "admin"}}}
    fields = form_fields(version, None, values.masked(schema, saved), saved=saved)
    assert "s3cret" not in rendered(fields)
    assert parse_form(fields, submission(fields)) == {"users": {"ann": {"password": MASK, "role": "admin"}}}
    renamed = {**submission(fields), "/users/0/key": ["bob"]}
    assert parse_form(fields, renamed) == {"users": {"bob": {"role": "admin"}}}


# -- empty, missing, null


@pytest.mark.parametrize(
    ("changes", "wishes"),
    [
        ({"/maybe": ""}, {"maybe": ""}),
        ({"/count": ""}, {"count": None}),
        ({"/count": "0"}, {"count": 0}),
        ({"/count": "007"}, {"count": 7}),
        ({"/ratio": ""}, {}),
        ({"/ratio": "0.50"}, {}),
        ({"/ratio": "1.0"}, {"ratio": 1}),
        ({"/port": "http"}, {"port": "http"}),
        ({"/port": "80"}, {"port": 80}),
        ({"/port": "080"}, {"port": "080"}),
        ({"/port": "8080"}, {}),
        ({"/either": "1.10"}, {"either": "1.10"}),
        ({"/args": ""}, {"args": []}),
        ({"/args": "--a\r\n--b\r\n"}, {"args": ["--a", "--b"]}),
        ({"/text": "one\r\ntwo\r\n"}, {}),
        ({"/text": "one\r\ntwo"}, {"text": "one\ntwo"}),
        ({"/text": "\r\none"}, {"text": "\none"}),
        ({"/level": "One"}, {"level": "One"}),
        ({"/level": '"1"'}, {"level": "1"}),
        ({"/level": "1"}, {"level": 1}),
        ({"/mode": "null"}, {"mode": None}),
        ({"/mode": '""'}, {"mode": ""}),
        ({"/mode": ""}, {}),
        ({"/free": "{}"}, {"free": {}}),
        ({"/free": "a: 1"}, {"free": {"a": 1}}),
        ({"/any": "null"}, {"any": None}),
        ({"/any": "'5'"}, {"any": "5"}),
        ({"/any": "99999999999999999999"}, {"any": 99999999999999999999}),
        ({"/password": " two words "}, {"password": " two words "}),
    ],
)
def test_empty_missing_and_null_are_told_apart(changes, wishes):
    found = parsed({}, changes)
    assert alike(found, wishes), found


def test_recursion_ends_in_yaml_and_loses_nothing():
    wishes = {"tree": {"label": "a", "children": [{"children": [{"children": [{"label": "d"}]}]}]}}
    fields = form(wishes)
    assert any(field.kind == "yaml" and field.path.startswith("/tree/") for field in flat(fields))
    assert parse_form(fields, submission(fields)) == wishes


def test_a_long_form_folds_its_groups_and_short_fields_are_found_in_them():
    groups = {
        f"g{n}": {"type": "object", "properties": {f"p{m}": {"type": "string"} for m in range(9)}}
        for n in range(9)
    }
    version = OfferingVersion(values_schema={"properties": groups}, default_values={})
    fields = form_fields(version, None, {"g3": {"p1": "x"}})
    assert all(field.folds for field in fields)
    page = rendered(fields)
    assert page.count("<details") == 9
    assert page.count("<details") - page.count(" open>") == 8, "what was touched stands open"
    assert [field.path for field in short_fields(fields, ["/g7/p2"])] == ["/g7/p2"]


def test_what_a_condition_demands_of_a_field_leaves_the_field_on_the_form():
    only = {"if": {"properties": {"only": {"const": True}}}, "then": {"properties": {"on": {"const": True}}}}
    schema = {
        "type": "object",
        "properties": {
            "tls": {
                "type": "object",
                "properties": {"on": {"type": "boolean"}, "only": {"type": "boolean"}},
                **only,
            }
        },
    }
    version = OfferingVersion(values_schema=schema, default_values={"tls": {"on": False, "only": False}})
    wishes = {"tls": {"on": True, "only": True}}
    fields = form_fields(version, None, wishes)
    assert [each.path for each in flat(fields) if each.kind == "boolean"] == ["/tls/on", "/tls/only"]
    assert parse_form(fields, submission(fields)) == wishes
