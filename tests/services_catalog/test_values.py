from __future__ import annotations

import copy

import pytest

from portal.core.errors import ValidationFailed
from portal.core.masking import MASK
from services_catalog import values
from services_catalog.models import OfferingVersion, Plan
from services_catalog.selectors import plan_for, version_for
from tests.services_catalog.conftest import CONTEXT, IMAGE

SECRETS_SCHEMA = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "x-slipway-secret": True},
        "env": {"type": "object", "additionalProperties": {"type": "string", "x-slipway-secret": True}},
        "users": {
            "type": "array",
            "items": {"$ref": "#/$defs/user"},
        },
    },
    "$defs": {
        "user": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "password": {"type": "string", "x-slipway-secret": True},
            },
        }
    },
}


def version_of(
    properties: dict, *, defaults: dict | None = None, locked: dict | None = None
) -> OfferingVersion:
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return OfferingVersion(values_schema=schema, default_values=defaults or {}, locked_values=locked or {})


def errors_of(call, *args, **kwargs) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as caught:
        call(*args, **kwargs)
    return {error["path"]: error["code"] for error in caught.value.errors}


def test_each_layer_wins_over_the_one_below():
    version = version_of(
        {"a": {"type": "object", "properties": {key: {"type": "integer"} for key in "wxyz"}}},
        defaults={"a": {"w": 1, "x": 1, "y": 1, "z": 1}},
        locked={"a": {"z": 4}},
    )
    plan = Plan(values={"a": {"x": 2, "y": 2}})
    composed = values.compose(version, plan, {"a": {"y": 3}}, {})
    assert composed.values == {"a": {"w": 1, "x": 2, "y": 3, "z": 4}}


def test_lists_replace_and_mappings_merge_as_helm_does():
    assert values.merge({"l": [1, 2], "m": {"a": 1}}, {"l": [3], "m": {"b": 2}}) == {
        "l": [3],
        "m": {"a": 1, "b": 2},
    }


def test_composing_changes_nothing_that_was_given(web, small):
    wishes = {"image": dict(IMAGE), "env": {"A": "1"}}
    before = copy.deepcopy((wishes, web.default_values, small.values))
    composed = values.compose(web, small, wishes, CONTEXT)
    composed.values["env"]["A"] = "2"
    assert before == (wishes, web.default_values, small.values)


def test_the_portal_fills_in_where_it_runs(web, small):
    composed = values.compose(web, small, {"image": IMAGE}, CONTEXT)
    assert composed.values["slipway"] == {"application": "storefront", "environment": "dev", "team": "shop"}


def test_all_errors_come_at_once_each_at_its_place(web, small):
    wishes = {
        "image": {"tga": "1"},
        "replicas": "three",
        "resources": {"limits": {"cpu": "lots"}},
        "env": {"1BAD": "x"},
        "ingress": {"enabled": True},
        "slipway": {"team": "payments"},
        "nonsense": 1,
    }
    assert errors_of(values.compose, web, small, wishes, CONTEXT) == {
        "/slipway/team": "context",
        "/image/repository": "required",
        "/image/tag": "required",
        "/image/tga": "unknown",
        "/replicas": "type",
        "/resources/limits/cpu": "pattern",
        "/env/1BAD": "name",
        "/ingress/host": "required",
        "/nonsense": "unknown",
    }


@pytest.mark.parametrize(
    ("wishes", "place", "code"),
    [
        ({"podSecurity": {"enforce": "baseline"}}, "/podSecurity/enforce", "locked"),
        ({"podSecurity": "off"}, "/podSecurity", "locked"),
        ({"access": {"operatorsGroup": "system:authenticated"}}, "/access/operatorsGroup", "locked"),
        ({"quota": {"pods": 9999}}, "/quota/pods", "plan"),
        ({"quota": []}, "/quota", "plan"),
        ({"namespace": "kube-system"}, "/namespace", "context"),
        ({"team": "payments"}, "/team", "context"),
    ],
)
def test_what_is_not_a_persons_to_set_is_an_error_not_silence(catalog, wishes, place, code):
    version = version_for("namespace")
    assert errors_of(values.compose, version, plan_for(version), wishes, CONTEXT) == {place: code}


def test_giving_back_what_applies_anyway_is_harmless(catalog):
    version = version_for("namespace")
    complete = values.compose(version, plan_for(version), {}, CONTEXT).values
    assert values.compose(version, plan_for(version), complete, CONTEXT).values == complete


def test_a_missing_password_is_made_strong_and_different_each_time(postgresql):
    made = [values.compose(postgresql, plan_for(postgresql), {}, CONTEXT) for _ in range(5)]
    passwords = {each.values["password"] for each in made}
    assert len(passwords) == 5
    assert all(len(each) == 32 and each.isalnum() and each.isascii() for each in passwords)
    assert made[0].generated == (("password",),)


def test_a_made_password_is_kept_over_updates_and_over_a_change_of_plan(postgresql):
    first = values.compose(postgresql, plan_for(postgresql), {}, CONTEXT)
    second = values.compose(postgresql, plan_for(postgresql, "large"), {}, CONTEXT, previous=first.values)
    assert second.values["password"] == first.values["password"]
    assert second.values["resources"] != first.values["resources"]


def test_a_password_of_ones_own_is_taken(postgresql):
    composed = values.compose(postgresql, plan_for(postgresql), {"password": "a" * 20}, CONTEXT)
    assert (composed.values["password"], composed.generated) == ("a" * 20, ())


def test_what_may_not_change_stays_when_another_plan_says_otherwise(postgresql):
    first = values.compose(postgresql, plan_for(postgresql), {}, CONTEXT)
    large = plan_for(postgresql, "large")
    assert large.values["storage"]["size"] != first.values["storage"]["size"]
    second = values.compose(postgresql, large, {}, CONTEXT, previous=first.values)
    assert second.values["storage"] == first.values["storage"]


def test_asking_for_what_may_not_change_is_an_error(postgresql):
    plan = plan_for(postgresql)
    first = values.compose(postgresql, plan, {}, CONTEXT)
    wishes = {"storage": {"size": "99Gi"}, "database": "other"}
    assert errors_of(values.compose, postgresql, plan, wishes, CONTEXT, previous=first.values) == {
        "/storage/size": "immutable",
        "/database": "immutable",
    }
    assert values.compose(postgresql, plan, wishes, CONTEXT).values["database"] == "other"


def test_secret_places_are_found_in_maps_lists_and_references():
    assert values.secret_paths(SECRETS_SCHEMA) == [("token",), ("env", "*"), ("users", "*", "password")]
    given = {"env": {"A": "1", "B": "2"}, "users": [{"name": "x"}, {"password": "p"}]}
    assert values.secret_paths(SECRETS_SCHEMA, given) == [
        ("env", "A"),
        ("env", "B"),
        ("users", "1", "password"),
    ]


def test_masking_hides_every_secret_and_nothing_else():
    given = {"token": "t", "env": {"A": "1", "B": ""}, "users": [{"name": "x", "password": "p"}]}
    shown = values.masked(SECRETS_SCHEMA, given)
    assert shown == {"token": MASK, "env": {"A": MASK, "B": ""}, "users": [{"name": "x", "password": MASK}]}
    assert given["token"] == "t"


def test_a_mask_sent_back_means_as_it_was(web, small):
    first = values.compose(web, small, {"image": IMAGE, "secretEnv": {"KEY": "s3cret"}}, CONTEXT)
    shown = values.masked(web.values_schema, {"image": IMAGE, "secretEnv": {"KEY": "s3cret"}})
    second = values.compose(web, small, shown, CONTEXT, previous=first.values)
    assert second.values["secretEnv"] == {"KEY": "s3cret"}


def test_a_mask_that_stands_for_nothing_is_never_taken_for_a_password(web, small):
    wishes = {"image": IMAGE, "secretEnv": {"KEY": MASK}}
    assert errors_of(values.compose, web, small, wishes, CONTEXT) == {"/secretEnv/KEY": "secret"}
    first = values.compose(web, small, {"image": IMAGE}, CONTEXT)
    assert errors_of(values.compose, web, small, wishes, CONTEXT, previous=first.values) == {
        "/secretEnv/KEY": "secret"
    }


def test_upgrading_with_a_setting_that_is_gone_names_it(web, small):
    old = version_for("web-service", "1.0.0")
    wishes = {"image": IMAGE, "probes": {"initialDelaySeconds": 30}}
    assert values.compose(old, plan_for(old), wishes, CONTEXT).values["probes"]["initialDelaySeconds"] == 30
    assert errors_of(values.compose, web, small, wishes, CONTEXT) == {
        "/probes/initialDelaySeconds": "unknown"
    }


def test_a_context_that_the_portal_does_not_give_is_a_bug_not_an_empty_value(web, small):
    with pytest.raises(KeyError):
        values.compose(web, small, {"image": IMAGE}, {"application.slug": "storefront"})


@pytest.mark.parametrize("evil", ["a\nb: c", "x'y", "{{ .Values }}", "a b", "UPPER/case", "a:tag", "x" * 300])
def test_text_that_could_break_out_of_a_manifest_is_refused_by_the_schema(web, small, evil):
    found = errors_of(values.compose, web, small, {"image": {**IMAGE, "repository": evil}}, CONTEXT)
    assert list(found) == ["/image/repository"]
