"""A real API server's refusals (recorded from Kubernetes 1.36) and what they mean to us."""

from __future__ import annotations

import json

import pytest

from portal.clusters import errors
from portal.clusters.api import NotFound, error_of

SAID = [
    (404, "NotFound", 'configmaps "ghost" not found', NotFound),
    (409, "AlreadyExists", 'namespaces "shop-dev" already exists', errors.ClusterConflict),
    (
        409,
        "Conflict",
        'Apply failed with 1 conflict: conflict with "helm": .spec.replicas',
        errors.ClusterConflict,
    ),
    (422, "Invalid", 'Namespace "Bad_Name" is invalid: metadata.name: Invalid value', errors.ClusterRefused),
    (400, "BadRequest", 'strict decoding error: unknown field "spec.replicaz"', errors.ClusterRefused),
    (
        403,
        "Forbidden",
        'configmaps is forbidden: User "dev" cannot list resource "configmaps" in API group ""',
        errors.ClusterForbidden,
    ),
    (
        403,
        "Forbidden",
        'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0',
        errors.ClusterRefused,
    ),
    (
        403,
        "Forbidden",
        'pods "p" is forbidden: violates PodSecurity "restricted:latest"',
        errors.ClusterRefused,
    ),
    (429, "TooManyRequests", "too many requests, please try again later", errors.ClusterUnreachable),
    (500, "InternalError", "etcdserver: request timed out", errors.ClusterTrouble),
    (503, "ServiceUnavailable", "the server is starting", errors.ClusterUnreachable),
    (415, "UnsupportedMediaType", "415: Unsupported Media Type", errors.ClusterRefused),
]


@pytest.mark.parametrize(("status", "reason", "message", "error"), SAID)
def test_a_status_becomes_one_of_our_errors_with_its_message(status, reason, message, error):
    body = json.dumps({"kind": "Status", "reason": reason, "message": message, "code": status}).encode()
    found = error_of(status, "whatever", body, "lab")
    assert type(found) is error
    assert message in found.message
    assert found.details == {"status": status, "reason": reason}


def test_rejected_credentials_say_what_to_do():
    found = error_of(401, "Unauthorized", b'{"kind": "Status", "message": "Unauthorized"}', "lab")
    assert isinstance(found, errors.ClusterForbidden)
    assert "cluster lab" in found.message
    assert "Register a new one" in found.message


@pytest.mark.parametrize("body", [b"404 page not found\n", b"", b"[]", b'"x"', b"\xff"])
def test_an_answer_that_is_no_status_still_has_a_message(body):
    assert error_of(502, "Bad Gateway", body, "lab").message == "The cluster lab answers 502: Bad Gateway"
    assert isinstance(error_of(404, "Not Found", body, "lab"), NotFound)


def test_only_what_passes_by_itself_may_be_retried():
    assert error_of(503, "", b"", "lab").retryable
    assert not error_of(403, "", b"", "lab").retryable
