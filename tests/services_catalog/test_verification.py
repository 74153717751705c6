"""What a library's file may say of checks after a rollout."""

from __future__ import annotations

import pytest
import yaml

from portal.core.errors import ValidationFailed
from services_catalog import library, sync
from services_catalog.models import OfferingVersion
from services_catalog.verification import filled

HTTP = {"service": "{{release}}", "port": 80, "path": "/healthz"}
METRIC = {"query": 'errors{namespace="{{namespace}}"}', "max": 0.01}


def declare(folder, checks, **more):
    file = folder / "web-service.yaml"
    document = yaml.safe_load(file.read_text())
    document["versions"][0]["verification"] = {"checks": checks, **more}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


def errors(folder) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as caught:
        library.read(folder)
    prefix = "web-service.yaml#/versions/0/verification"
    return {error["path"].removeprefix(prefix): error["message"] for error in caught.value.errors}


def test_checks_are_read_and_stored(library_copy, db):
    checks = [
        {"name": "health", "http": {**HTTP, "path": {"values": "/probes/readinessPath"}}, "times": 3},
        {"name": "few errors", "metric": METRIC},
    ]
    sync.sync(declare(library_copy, checks, within_seconds=60), mutable=True)
    stored = OfferingVersion.objects.get(offering__slug="web-service", version="1.0.0").verification
    assert stored == {"within_seconds": 60, "checks": checks}


def test_the_golden_path_is_verified(offerings):
    newest = next(each for each in offerings if each.slug == "web-service").versions[-1]
    assert [check["name"] for check in newest.verification["checks"]] == ["health"]


@pytest.mark.parametrize(
    ("check", "place", "said"),
    [
        ({"name": "x"}, "/checks/0", "either http or metric"),
        ({"name": "x", "http": HTTP, "metric": METRIC}, "/checks/0", "either http or metric"),
        ({"http": HTTP}, "/checks/0/name", "is required"),
        ({"name": "x", "http": HTTP, "times": 0}, "/checks/0/times", "at least 1"),
        ({"name": "x", "http": {**HTTP, "service": "{{secret}}"}}, "/checks/0/http/service", "not known"),
        ({"name": "x", "http": {**HTTP, "service": "../x"}}, "/checks/0/http/service", "service's name"),
        ({"name": "x", "http": {**HTTP, "port": 0}}, "/checks/0/http/port", "at least 1"),
        ({"name": "x", "http": {**HTTP, "port": "a/b"}}, "/checks/0/http/port", "number or name"),
        ({"name": "x", "http": {**HTTP, "path": "healthz"}}, "/checks/0/http/path", "such as /healthz"),
        ({"name": "x", "http": {**HTTP, "path": "/../x"}}, "/checks/0/http/path", "no segment"),
        (
            {"name": "x", "http": {**HTTP, "path": {"values": "/nope"}}},
            "/checks/0/http/path/values",
            "knows no /nope",
        ),
        (
            {"name": "x", "http": {**HTTP, "path": {"values": "/secretEnv/A"}}},
            "/checks/0/http/path/values",
            "this is a secret",
        ),
        ({"name": "x", "http": {**HTTP, "status": []}}, "/checks/0/http/status", "at least 1"),
        ({"name": "x", "metric": {"query": "up"}}, "/checks/0/metric", "max, min or both"),
        (
            {"name": "x", "metric": {"query": "up", "min": 2, "max": 1}},
            "/checks/0/metric",
            "min is above max",
        ),
        ({"name": "x", "metric": {**METRIC, "query": "{{team}}"}}, "/checks/0/metric/query", "not known"),
    ],
)
def test_each_mistake_is_named_where_it_is(library_copy, check, place, said):
    found = errors(declare(library_copy, [check]))
    assert said in found[place]


def test_two_checks_need_two_names(library_copy):
    found = errors(declare(library_copy, [{"name": "x", "http": {**HTTP}}, {"name": "x", "http": {**HTTP}}]))
    assert "two checks called x" in found["/checks/1/name"]


def test_names_are_filled_in_only_when_they_are_names():
    names = {"namespace": "shop-dev", "release": "web"}
    assert filled('up{namespace="{{namespace}}"} > {{ release }}', names) == 'up{namespace="shop-dev"} > web'
    with pytest.raises(ValueError, match="cannot be filled in"):
        filled('up{namespace="{{namespace}}"}', {"namespace": 'x"} or up{a="'})
