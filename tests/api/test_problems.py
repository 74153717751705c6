"""Every error is a problem document with a stable code; no input is answered with a page or a stack trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions as framework

import portal.clusters.errors
import portal.policy
from portal.api.v1 import problems
from portal.core import errors
from portal.core.documents import MAX_BYTES, MAX_DEPTH
from portal.lifecycle.selectors.bundle import PoliciesUnusable
from portal.policy import PolicyInvalid, PolicyProblem
from portal.policy.modes import ModeImpossible
from tests.api.conftest import World

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


OURS = ("portal.", "services_catalog.")
# What these raise is answered inside a worker or inside the adapter, and never leaves it.
INTERNAL = (
    "portal.lifecycle.operations.",
    "portal.lifecycle.commands.",
    "portal.clusters.helm_errors",
    "portal.clusters.api",
    "portal.clusters.provenance",
    "services_catalog.sources.errors",
    "services_catalog.sync",
)


def subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    for child in cls.__subclasses__():
        if child.__module__.startswith(OURS) and not child.__module__.startswith(INTERNAL):
            yield child
            yield from subclasses(child)


def check(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content[:500]
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert set(body) >= MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:slipway:problem:{code}"
    assert body["detail"]
    assert "Traceback" not in answer.content.decode()
    return body


@pytest.mark.parametrize("error", sorted(subclasses(errors.SlipwayError), key=lambda e: e.__name__))
def test_each_of_our_errors_has_a_status_of_its_own_choosing(error: type[errors.SlipwayError]) -> None:
    """Only what is our own fault may fall through to 500."""
    nearest = next(cls for cls in error.__mro__ if cls in problems.STATUS)
    assert nearest is not errors.SlipwayError
    assert error.code != errors.SlipwayError.code


def codes() -> set[str]:
    own = {error.code for error in subclasses(errors.SlipwayError)}
    return own | set(problems.FRAMEWORK.values()) | {"internal_error", "database_unavailable"}


def test_every_code_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \| \d", DOCS.read_text(), re.MULTILINE))
    assert documented == codes()


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (errors.InvalidInput(), 400, "invalid_input"),
        (errors.NotPermitted(), 403, "not_permitted"),
        (errors.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (errors.ChangeUnderWay(), 409, "change_under_way"),
        (errors.ReleaseChanged(), 409, "release_changed"),
        (ModeImpossible(), 409, "mode_impossible"),
        (PolicyInvalid([PolicyProblem("", 0, "p", "spec", "broken")]), 422, "policy_invalid"),
        (errors.TooLarge(), 413, "too_large"),
        (errors.PolicyDenied(verdicts=[]), 422, "policy_denied"),
        (errors.QuotaExceeded(), 422, "quota_exceeded"),
        (portal.clusters.errors.ChartDoesNotRender(), 422, "chart_does_not_render"),
        (framework.Throttled(wait=3), 429, "throttled"),
        (RuntimeError("secret detail"), 500, "internal_error"),
        (PoliciesUnusable([PolicyProblem("x.yaml", 0, "p", "spec", "broken")]), 500, "policies_unusable"),
        (portal.clusters.errors.ClusterForbidden(), 502, "cluster_forbidden"),
        (portal.clusters.errors.ClusterUnreachable("sandbox"), 503, "cluster_unreachable"),
        (OperationalError("no such host db.internal"), 503, "database_unavailable"),
    ],
)
def test_status_and_code(exc: Exception, status: int, code: str) -> None:
    answer = problems.handler(exc, {})
    check(answer, status, code)
    assert "secret detail" not in answer.content.decode()
    assert "db.internal" not in answer.content.decode()
    assert ("Retry-After" in answer) == (status in (429, 503))


def test_details_cannot_replace_the_members_of_a_problem() -> None:
    body = json.loads(problems.handler(errors.NotFound(status=200, code="fine", hint="x"), {}).content)
    assert (body["status"], body["code"], body["hint"]) == (404, "not_found", "x")


def test_validation_errors_are_json_pointers() -> None:
    found = problems.flatten({"a": [{"b/c": ["no"]}, {}], "non_field_errors": ["neither"], "d": ["x", "y"]})
    assert [(error["path"], error["message"]) for error in found] == [
        ("/a/0/b~1c", "no"),
        ("", "neither"),
        ("/d", "x"),
        ("/d", "y"),
    ]


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/changes/", "/api/v1/changes", "/api/v1/changes/x/"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_paths_are_problems_for_everybody(world: World, method: str, path: str) -> None:
    check(world.api("anonymous").call(method, path), 404, "not_found")


@pytest.mark.parametrize(
    "pk", ["0", "-1", "abc", "9" * 18, "9" * 40, "1%00", "%F0%9F%98%80", "1;drop", "..%2F..%2Fetc"]
)
@pytest.mark.parametrize("noun", ["changes", "instances"])
def test_odd_ids_are_404(world: World, noun: str, pk: str) -> None:
    check(world.api("alice").get(f"{noun}/{pk}/"), 404, "not_found")


def test_wrong_method(world: World) -> None:
    check(world.api("alice").call("DELETE", "changes/"), 405, "method_not_allowed")
    check(world.api("alice").call("PATCH", f"changes/{world.change.pk}/", {}), 405, "method_not_allowed")


def test_wrong_accept(world: World) -> None:
    check(world.api("alice").get("me/", Accept="application/xml"), 406, "not_acceptable")


def test_no_token(world: World) -> None:
    answer = world.api("anonymous").get("me/")
    check(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("token", ["", "x", "x y", "slw_" + "0" * 64, "\udcff\udcfe", "é" * 20])
def test_wrong_token(world: World, token: str) -> None:
    header = f"Token {token}".encode("utf-8", "surrogateescape").decode("latin-1")
    check(world.api("anonymous").get("me/", Authorization=header), 401, "authentication_failed")


# ------------------------------------------------------------------ bodies
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "line 1, column 2"),
        (b"{'a': 1}", "column 2"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "100 digits"),
        (b'{"kind": "create", "kind": "retire"}', "twice"),
        (b'{"name": "\\u0000"}', "NUL"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
    ],
)
@pytest.mark.parametrize("noun", ["changes", "previews", "tokens"])
def test_bodies_that_cannot_be_read(world: World, noun: str, body: bytes, says: str) -> None:
    assert says in check(world.api("alice").call("POST", f"{noun}/", body), 400, "invalid_input")["detail"]


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null", b"true"])
def test_a_body_that_is_no_object(world: World, body: bytes) -> None:
    check(world.api("alice").call("POST", "changes/", body), 422, "validation_failed")


def test_ten_megabytes_are_refused_unread(world: World) -> None:
    body = b'{"values": "' + b"x" * 10_000_000 + b'"}'
    check(world.api("alice").call("POST", "changes/", body), 413, "too_large")


def test_the_announced_length_is_enough_to_refuse(world: World) -> None:
    """Nothing of the body is read: what is sent here is shorter than announced."""
    answer = world.api("alice").client.generic(
        "POST",
        "/api/v1/changes/",
        b"{}",
        content_type="application/json",
        headers=world.api("alice").headers,
        CONTENT_LENGTH=str(MAX_BYTES + 1),
    )
    check(answer, 413, "too_large")


def test_a_body_one_byte_too_long(world: World) -> None:
    body = b'{"reason": "' + b"x" * (MAX_BYTES + 1 - 14) + b'"}'
    assert len(body) == MAX_BYTES + 1
    check(world.api("alice").call("POST", "changes/", body), 413, "too_large")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 100_000])
def test_deep_json(world: World, depth: int) -> None:
    body = b'{"values": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    check(world.api("alice").call("POST", "changes/", body), 413, "too_large")
    check(world.api("alice").call("POST", "previews/", b"[" * depth + b"]" * depth), 413, "too_large")


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/yaml", "x"]
)
def test_wrong_content_type(world: World, content_type: str) -> None:
    answer = world.api("alice").client.post(
        "/api/v1/changes/", b"a=b", content_type=content_type, headers=world.api("alice").headers
    )
    check(answer, 415, "unsupported_media_type")


def test_unknown_fields_are_refused_and_all_mistakes_come_at_once(world: World) -> None:
    body = {"state": "succeeded", "requested_by": "olga", "instance": "many", "kind": "explode"}
    answer = check(world.api("alice").post("changes/", body), 422, "validation_failed")
    assert {error["path"] for error in answer["errors"]} == {
        "/state",
        "/requested_by",
        "/instance",
        "/kind",
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("previews/", {"kind": "create", "approvals_required": 0}),
        ("changes/{waiting}/approve/", {"digest": "sha256:" + "0" * 64, "actor": "oscar"}),
        ("changes/{waiting}/cancel/", {"state": "succeeded"}),
        ("applications/", {"team": "shop", "slug": "new", "name": "New", "created_by": 1}),
        ("tokens/", {"name": "mine", "user": "olga"}),
        ("policies/evaluate/", {"environment": "dev", "documents": [{}], "mode": "off"}),
    ],
)
def test_what_is_not_asked_for_cannot_be_set(world: World, path: str, body: dict[str, Any]) -> None:
    person = world.api("olga" if "approve" in path else "mona")
    answer = check(person.post(path.format(waiting=world.waiting.pk), body), 422, "validation_failed")
    assert "unknown" in {error["code"] for error in answer["errors"]}


def test_an_error_of_ours_is_a_problem_with_an_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place where something of ours is replaced: to see what an error of ours looks like."""

    def broken(user: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("portal.api.v1.me.views.awaiting_decision_by", broken)
    body = check(world.api("alice").get("me/"), 500, "internal_error")
    assert "hunter2" not in json.dumps(body)
    assert body["request_id"]


def test_an_unreachable_cluster_says_when_to_ask_again(world: World) -> None:
    answer = world.api("alice").get(f"instances/{world.instance.pk}/objects/")
    check(answer, 503, "cluster_unreachable")
    assert int(answer["Retry-After"]) > 0


def test_a_wrong_host_below_api_is_a_problem(world: World) -> None:
    check(world.api("alice").get("me/", Host="evil.example"), 400, "invalid_input")
