from __future__ import annotations

import pytest
from django.http import QueryDict

from portal.core.errors import ValidationFailed
from portal.core.masking import MASK
from services_catalog import forms, values
from services_catalog.forms import errors_by_field, flat, form_fields, parse_form, short_fields
from services_catalog.models import OfferingVersion
from services_catalog.selectors import plan_for, version_for
from tests.services_catalog.conftest import CONTEXT, IMAGE


def version_of(properties: dict, defaults: dict | None = None, **more: object) -> OfferingVersion:
    schema = {"type": "object", "properties": properties}
    return OfferingVersion(values_schema=schema, default_values=defaults or {}, **more)


def by_path(fields) -> dict[str, forms.Field]:
    return {field.path: field for field in flat(fields)}


def submission(fields) -> dict[str, object]:
    """What a browser sends of an untouched form: every input, with what it shows."""
    data: dict[str, object] = {}
    for field in flat(fields):
        if field.readonly or field.rows:
            continue
        data[field.path] = (
            ["false", "true"] if field.kind == "boolean" and field.value is True else field.text
        )
    return data


def test_fields_come_in_the_authors_order_whatever_the_database_does_to_keys(web, small):
    shuffled = OfferingVersion(
        values_schema={
            **web.values_schema,
            "properties": dict(sorted(web.values_schema["properties"].items())),
        },
        default_values=web.default_values,
    )
    names = [field.path for field in form_fields(shuffled, small)]
    assert names == [field.path for field in form_fields(web, small)]
    assert names[:3] == ["/image", "/port", "/replicas"]


def test_the_short_form_has_its_fields_in_its_own_order(web, small):
    fields = form_fields(web, small)
    assert [field.path for field in short_fields(fields, web.short_form)] == web.short_form
    assert {field.path for field in flat(fields) if field.short} == set(web.short_form)


def test_a_field_knows_its_words_its_kind_and_its_bounds(web, small):
    fields = by_path(form_fields(web, small))
    replicas = fields["/replicas"]
    assert (replicas.kind, replicas.label, replicas.value, replicas.minimum, replicas.maximum) == (
        "integer",
        "Copies",
        1,
        0,
        50,
    )
    assert fields["/image/tag"].required
    assert not fields["/ingress/host"].required
    assert fields["/spread"].kind == "choice"
    assert [choice.text for choice in fields["/spread"].choices] == ["none", "nodes", "zones"]
    assert fields["/env"].kind == "map"
    assert fields["/bindings"].kind == "rows"
    assert fields["/command"].kind == "lines"
    assert fields["/securityContext/privileged"].optional


def test_what_the_portal_fills_in_is_not_asked(web, small):
    assert not [path for path in by_path(form_fields(web, small)) if path.startswith("/slipway")]


def test_the_plan_shows_as_default(web):
    medium = plan_for(web, "medium")
    assert by_path(form_fields(web, medium))["/replicas"].value == 2


def test_locked_fields_say_by_whom_and_cannot_be_sent(catalog):
    version = version_for("namespace")
    fields = form_fields(version, plan_for(version))
    known = by_path(fields)
    assert known["/podSecurity/enforce"].locked_by == "platform"
    assert known["/podSecurity/enforce"].value == "restricted"
    assert known["/quota/pods"].locked_by == "plan"
    assert known["/description"].locked_by == ""
    assert parse_form(fields, {"/quota/pods": "9999", "/podSecurity/enforce": "baseline"}) == {}


def test_an_untouched_form_wishes_for_nothing(catalog):
    for slug in ("namespace", "web-service", "worker", "postgresql", "redis"):
        version = version_for(slug)
        for plan in version.plans.all():
            fields = form_fields(version, plan)
            assert parse_form(fields, submission(fields)) == {}, (slug, plan.slug)


def test_a_filled_form_gives_typed_values(web, small):
    data = QueryDict(mutable=True)
    data.update(
        {
            "/image/repository": IMAGE["repository"],
            "/image/tag": " 1.4.2 ",
            "/replicas": "3",
            "/spread": "zones",
        }
    )
    data.setlist("/ingress/enabled", ["false", "true"])
    data.update({"/ingress/host": "shop.example.com", "/args": "--verbose\r\n\r\n--port=1\r\n"})
    data.update({"/env/0/key": "A", "/env/0/value": "1", "/env/1/key": "", "/env/1/value": ""})
    data.update({"/env/7/key": "B", "/env/7/value": "x=y"})
    data.update(
        {
            "/bindings/0/instance": "db",
            "/bindings/0/env": "",
            "/bindings/1/instance": "",
            "/bindings/1/env": "",
        }
    )
    data.update({"/network/egress/0/cidr": "192.0.2.0/24", "/network/egress/0/port": "443"})
    data.update({"/securityContext/privileged": "true", "/securityContext/readOnlyRootFilesystem": ""})
    wishes = parse_form(form_fields(web, small), data)
    assert wishes == {
        "image": IMAGE,
        "replicas": 3,
        "env": {"A": "1", "B": "x=y"},
        "bindings": [{"instance": "db"}],
        "ingress": {"enabled": True, "host": "shop.example.com"},
        "spread": "zones",
        "args": ["--verbose", "--port=1"],
        "network": {"egress": [{"cidr": "192.0.2.0/24", "port": 443}]},
        "securityContext": {"privileged": True},
    }
    assert values.compose(web, small, wishes, CONTEXT)


def test_unchecking_a_box_that_is_on_by_default_counts(web, small):
    assert parse_form(form_fields(web, small), {"/ingress/tls": "false"}) == {"ingress": {"tls": False}}


def test_what_cannot_be_read_is_kept_as_typed_and_refused_at_its_field(web, small):
    data = {"/image/repository": IMAGE["repository"], "/image/tag": "1", "/replicas": "many", "/port": "1e3"}
    wishes = parse_form(form_fields(web, small), data)
    assert (wishes["replicas"], wishes["port"]) == ("many", "1e3")
    with pytest.raises(ValidationFailed) as caught:
        values.compose(web, small, wishes, CONTEXT)
    fields = form_fields(web, small, wishes)
    assert by_path(fields)["/replicas"].text == "many"
    assert set(errors_by_field(fields, caught.value.errors)) == {"/replicas", "/port"}


def test_errors_of_rows_and_maps_find_their_very_input(web, small):
    wishes = {
        "image": IMAGE,
        "env": {"A": "1", "2B": "x"},
        "bindings": [{"instance": "db"}, {"instance": "NO"}],
        "zz": 1,
    }
    with pytest.raises(ValidationFailed) as caught:
        values.compose(web, small, wishes, CONTEXT)
    placed = errors_by_field(form_fields(web, small, wishes), caught.value.errors)
    assert set(placed) == {"/env/1/key", "/bindings/1/instance", "/zz"}
    assert placed["/zz"][0].startswith("There is no setting called zz")


def test_an_error_that_fits_no_field_is_not_lost(web, small):
    placed = errors_by_field(form_fields(web, small), [{"path": "", "message": "All wrong.", "code": "x"}])
    assert placed == {"": ["All wrong."]}


@pytest.mark.parametrize(
    "typed",
    [
        {"replica": 3},
        {"image": {"tga": "1"}},
        {"image": "registry.example.com/x:1"},
        {"slipway": {"team": "payments"}},
        {"env": {"A": {"deep": 1}}},
        {"env": "A=1"},
        {"bindings": [{"instance": "db", "colour": "red"}]},
        {"bindings": ["db"]},
        {"args": [{"a": 1}]},
        {"args": "--one"},
        {"replicas": {"min": 1}},
        {"extra": "30"},
    ],
)
def test_what_was_typed_as_yaml_and_fits_no_field_survives_the_form(web, small, typed):
    """Whatever is wrong with it: it is shown, sent back, and refused at its place, never dropped."""
    fields = form_fields(web, small, typed)
    assert parse_form(fields, {}) == typed
    assert parse_form(fields, submission(fields)) == typed
    with pytest.raises(ValidationFailed) as caught:
        values.compose(web, small, {**typed}, CONTEXT)
    assert next(iter(typed)) in {error["path"].split("/")[1] for error in caught.value.errors}


def test_a_setting_that_is_gone_can_be_cleared(web, small):
    saved = {"image": IMAGE, "probes": {"initialDelaySeconds": 30}}
    fields = form_fields(web, small, saved, saved=saved)
    assert by_path(fields)["/probes/initialDelaySeconds"].text == "30\n"
    assert parse_form(fields, {"/probes/initialDelaySeconds": ""}) == {"image": IMAGE}


def test_fields_that_were_not_sent_keep_what_is_saved(web, small):
    saved = {
        "image": IMAGE,
        "replicas": 4,
        "env": {"A": "1"},
        "podSecurityContext": {"runAsUser": 5},
        "tmpSize": "1Gi",
    }
    fields = form_fields(web, small, saved, saved=saved)
    assert parse_form(fields, {"/image/tag": "2.0.0"}) == {**saved, "image": {**IMAGE, "tag": "2.0.0"}}


def test_a_saved_value_can_be_set_back_to_the_default(web, small):
    saved = {"image": IMAGE, "replicas": 4, "env": {"A": "1"}}
    fields = form_fields(web, small, saved, saved=saved)
    sent = {"/replicas": "1", "/env/0/key": "", "/env/0/value": ""}
    assert parse_form(fields, sent) == {"image": IMAGE}


def test_a_saved_secret_is_never_shown_and_stays_when_left_empty(web, small):
    saved = {"image": IMAGE, "secretEnv": {"KEY": "s3cret-s3cret"}}
    fields = form_fields(web, small, saved, saved=saved)
    key, value = by_path(fields)["/secretEnv"].rows[0].fields
    assert (key.value, value.value, value.is_set, value.secret) == ("KEY", "", True, True)
    untouched = {"/secretEnv/0/key": "KEY", "/secretEnv/0/value": ""}
    assert parse_form(fields, untouched)["secretEnv"] == {"KEY": MASK}
    replaced = {"/secretEnv/0/key": "KEY", "/secretEnv/0/value": "new"}
    assert parse_form(fields, replaced)["secretEnv"] == {"KEY": "new"}


def test_a_secret_does_not_move_to_another_name(web, small):
    saved = {"image": IMAGE, "secretEnv": {"KEY": "s3cret-s3cret"}}
    fields = form_fields(web, small, saved, saved=saved)
    wishes = parse_form(fields, {"/secretEnv/0/key": "OTHER", "/secretEnv/0/value": ""})
    assert wishes["secretEnv"] == {"OTHER": ""}


def test_a_secret_just_typed_is_not_lost_on_an_error(postgresql):
    plan = plan_for(postgresql)
    typed = {"password": "short"}
    field = by_path(form_fields(postgresql, plan, typed, saved={"password": "a" * 20}))["/password"]
    assert (field.value, field.is_set, field.generated, field.required) == ("short", True, True, False)


def test_fields_that_can_no_longer_change_are_locked_on_an_update(postgresql):
    plan = plan_for(postgresql)
    assert by_path(form_fields(postgresql, plan))["/database"].locked_by == ""
    saved = {"database": "shop"}
    fields = form_fields(postgresql, plan, saved, saved=saved, running={**saved, "storage": {"size": "7Gi"}})
    known = by_path(fields)
    assert (known["/database"].locked_by, known["/database"].value) == ("creation", "shop")
    assert known["/storage/size"].value == "7Gi"
    assert parse_form(fields, {"/database": "other", "/storage/size": "1Gi"}) == saved, "sent on as given"


def test_fixed_values_are_not_asked(postgresql):
    assert "/image/repository" not in by_path(form_fields(postgresql, plan_for(postgresql)))


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "scalar"),
        ({"type": ["integer", "string"]}, "scalar"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": 1}]}, "choice"),
        ({"oneOf": [{"type": "string"}, {"type": "object", "properties": {"a": {}}}]}, "variant"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}}, "group"),
        ({"allOf": [{"type": "object"}, {"properties": {"a": {"type": "string"}}}]}, "group"),
        ({"type": "array", "items": {"properties": {"a": {"type": "array", "items": {}}}}}, "items"),
        ({"type": "array", "items": {"properties": {"a": {"type": "string"}}}}, "rows"),
        ({"type": "object", "additionalProperties": {"properties": {"a": {}}}}, "entries"),
        ({"type": "object", "patternProperties": {"^x-": {"type": "string"}}}, "map"),
        ({"type": "object", "additionalProperties": True}, "yaml"),
        ({}, "yaml"),
        ({"type": "object"}, "yaml"),
        ({"type": "array", "items": {"type": "array"}}, "yaml"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": "array", "items": {"type": "integer"}}, "lines"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map"),
        ({"type": "string", "enum": ["a"]}, "choice"),
        ({"$ref": "#/properties/other"}, "number"),
    ],
)
def test_any_schema_gets_some_field(schema, kind):
    version = version_of({"x": schema, "other": {"type": "number"}})
    assert form_fields(version, None)[0].kind == kind


def test_what_no_field_fits_is_asked_for_as_yaml():
    version = version_of({"x": {"type": "object"}}, {"x": {"a": [1]}})
    fields = form_fields(version, None)
    assert fields[0].text == "a:\n- 1\n"
    assert parse_form(fields, {"/x": fields[0].text}) == {}
    assert parse_form(fields, {"/x": "a:\n- 2"}) == {"x": {"a": [2]}}
    assert parse_form(fields, {"/x": "a: ["}) == {"x": "a: ["}
    assert parse_form(fields, {"/x": "a: &x [*x]"}) == {"x": "a: &x [*x]"}


def test_numbers_and_choices_keep_their_type():
    version = version_of(
        {
            "n": {"type": "number"},
            "c": {"enum": [1, 2, "auto"]},
            "l": {"type": "array", "items": {"type": "integer"}},
            "m": {"type": "object", "additionalProperties": {"type": "boolean"}},
        }
    )
    fields = form_fields(version, None)
    sent = {"/n": "1.5", "/c": "2", "/l": "1\n2\nx", "/m/0/key": "a", "/m/0/value": "true"}
    assert parse_form(fields, sent) == {"n": 1.5, "c": 2, "l": [1, 2, "x"], "m": {"a": True}}


def test_a_flood_of_rows_is_cut_off(web, small):
    data = {f"/env/{index}/key": f"K{index}" for index in range(2000)}
    assert len(parse_form(form_fields(web, small), data)["env"]) == forms.parse.MAX_ROWS


def test_the_forms_inputs_have_ids_of_their_own(web, small):
    ids = [field.input_id for field in flat(form_fields(web, small))]
    assert len(ids) == len(set(ids))
