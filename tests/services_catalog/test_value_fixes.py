"""Fixes of rendered objects, as the values that bring them about."""

from __future__ import annotations

from typing import Any

import pytest

from services_catalog.models import OfferingVersion
from services_catalog.value_fixes import Setting, put, settings_for

IMAGE = "/spec/template/spec/containers/0/image"
VALUES_OF = [
    {"kind": "Deployment", "path": "/spec/replicas", "values": "/replicas"},
    {"kind": "Deployment", "path": IMAGE, "values": "/image", "as": "image"},
    {"kind": "Deployment", "path": "/spec/template/spec/containers/0/resources", "values": "/resources"},
]
PLAN_ONLY = {"type": "object", "properties": {"replicas": {"type": "integer", "x-slipway-plan": True}}}


def version(**fields: Any) -> OfferingVersion:
    return OfferingVersion(values_of=VALUES_OF, **fields)


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def test_a_place_that_one_value_makes_becomes_that_value() -> None:
    assert settings_for(version(), "Deployment", [replace("/spec/replicas", 2)]) == [Setting("/replicas", 2)]


def test_a_place_below_is_the_same_way_below_the_value() -> None:
    path = "/spec/template/spec/containers/0/resources/limits/memory"
    found = settings_for(version(), "Deployment", [replace(path, "1Gi"), {"op": "remove", "path": path}])
    assert found == [
        Setting("/resources/limits/memory", "1Gi"),
        Setting("/resources/limits/memory", absent=True),
    ]


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("registry.example.com:5000/shop/web:1.2.3", ("registry.example.com:5000/shop/web", "1.2.3", "")),
        ("nginx", ("nginx", "", "")),
        ("a/b:1@sha256:" + "0" * 64, ("a/b", "1", "sha256:" + "0" * 64)),
        ("localhost:5000/b", ("localhost:5000/b", "", "")),
    ],
)
def test_an_image_is_taken_apart_into_its_three_values(image: str, parts: tuple[str, str, str]) -> None:
    found = settings_for(version(), "Deployment", [replace(IMAGE, image)])
    assert [(setting.path, setting.value) for setting in found] == list(
        zip(("/image/repository", "/image/tag", "/image/digest"), parts, strict=True)
    )


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("StatefulSet", [replace("/spec/replicas", 2)]),
        ("Deployment", [replace("/spec/replicas", 2), replace("/spec/paused", False)]),
        ("Deployment", [replace("/spec/replicasAndMore", 2)]),
        ("Deployment", [replace("/spec/template/spec/containers/0", {"image": "a"})]),
        ("Deployment", [replace(IMAGE, 7)]),
    ],
    ids=str,
)
def test_what_the_offering_does_not_say_whole_is_no_fix(kind: str, patch: list[dict[str, Any]]) -> None:
    assert settings_for(version(), kind, patch) == []


@pytest.mark.parametrize(
    "fields", [{"locked_values": {"replicas": 3}}, {"values_schema": PLAN_ONLY}], ids=str
)
def test_what_platform_or_plan_alone_set_is_no_fix(fields: dict[str, Any]) -> None:
    assert settings_for(version(**fields), "Deployment", [replace("/spec/replicas", 2)]) == []


def test_settings_are_put_into_values_and_taken_out_again() -> None:
    values: dict[str, Any] = {"image": {"tag": "latest"}}
    put(values, [Setting("/image/tag", "1.2.3"), Setting("/resources/limits/memory", "1Gi")])
    assert values == {"image": {"tag": "1.2.3"}, "resources": {"limits": {"memory": "1Gi"}}}
    put(values, [Setting("/image/tag", absent=True), Setting("/nothing/here", absent=True)])
    assert values["image"] == {}
