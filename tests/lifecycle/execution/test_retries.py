"""How often what failed is tried again, by kind of error."""

from __future__ import annotations

import pytest
from django.db import InterfaceError, OperationalError

from portal.clusters import api, errors, helm_errors
from portal.core.errors import SealBroken
from portal.lifecycle.operations import retries
from portal.lifecycle.operations.retries import NEVER, UNEXPECTED, retry_for


@pytest.mark.parametrize(
    ("exc", "attempts"),
    [
        (errors.ClusterUnreachable(), 8),
        (errors.ClusterTrouble(), 8),
        (errors.ClusterBusy(), 6),
        (errors.ReleaseLocked(), 6),
        (errors.HelmTimeout(), 2),
        (OperationalError("the server closed the connection"), 20),
        (InterfaceError("connection already closed"), 20),
        (ValueError("a bug"), UNEXPECTED.attempts),
        (errors.ClusterRefused(), 1),
        (errors.ClusterForbidden(), 1),
        (errors.ClusterConflict(), 1),
        (errors.ChartDoesNotRender(), 1),
        (errors.HelmFailed(), 1),
        (errors.HelmKilled(), 4),
        (SealBroken(), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_kind_of_error_has_its_number_of_attempts(exc: Exception, attempts: int) -> None:
    assert retry_for(exc).attempts == attempts


def test_every_kind_is_bounded_in_attempts_and_pauses() -> None:
    for retry in (NEVER, UNEXPECTED, *(retry for _, retry in retries.BY_KIND)):
        assert 1 <= retry.attempts <= 20
        assert all(retry.pause(n) <= 60 * 1.2 for n in range(1, 40))


def test_pauses_grow_and_differ() -> None:
    retry = retry_for(errors.ClusterUnreachable())
    assert max(retry.pause(1) for _ in range(50)) < min(retry.pause(3) for _ in range(50))
    assert len({retry.pause(3) for _ in range(50)}) == 50


def answer(status: int, reason: str = "", message: str = "x") -> errors.ClusterError:
    body = f'{{"kind": "Status", "reason": "{reason}", "message": "{message}"}}'.encode()
    return api.error_of(status, "", body, "Sandbox")


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (answer(429, "TooManyRequests"), errors.ClusterUnreachable),
        (answer(503, "ServiceUnavailable"), errors.ClusterUnreachable),
        (answer(500, "InternalError", "failed calling webhook"), errors.ClusterTrouble),
        (answer(409, "Conflict", "the object has been modified"), errors.ClusterBusy),
        (answer(409, "Conflict", "Apply failed with 1 conflict"), errors.ClusterConflict),
        (answer(409, "AlreadyExists"), errors.ClusterConflict),
        (helm_errors.classify("Error: Internal error occurred: etcd"), errors.ClusterTrouble),
        (helm_errors.classify("Error: the object has been modified; please apply"), errors.ClusterBusy),
        (helm_errors.classify("Error: conflict occurred while applying object"), errors.ClusterConflict),
        (helm_errors.classify("Error: Kubernetes cluster unreachable"), errors.ClusterUnreachable),
    ],
)
def test_what_the_cluster_says_tells_the_kinds_apart(
    found: errors.ClusterError, kind: type[errors.ClusterError]
) -> None:
    assert type(found) is kind


def test_an_error_of_the_server_itself_does_not_speak_for_the_whole_cluster() -> None:
    """A broken webhook of one kind of object must not stop every other change of the cluster."""
    assert issubclass(errors.ClusterTrouble, errors.ClusterUnreachable)
    assert retry_for(errors.ClusterTrouble()).attempts == 8
