"""Requests made up from the OpenAPI description: no answer is an error of ours, each is as described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.wsgi import application
from tests.api import policy_rows, quota_rows, source_rows
from tests.api.conftest import World
from tests.api.test_roles import a_group, told

CHECKS: list[CheckFunction] = [status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 3  # for each of sixty operations, after those that cover the edges of its description

# who gets furthest there; everywhere else it is mona
DOORS = {
    "/approve/": "olga",
    "/break-glass/": "olga",
    "/reports/gates/": "olga",
    "/gate/": "pete",
    "/approver-groups/": "pete",
    "/sources/": "pete",
    "/reject/": "olga",
    "/modes/": "pete",
    "/blast-radius/": "pete",
    "/clusters/": "pete",
    "/windows/": "pete",
    "/guard/": "pete",
    "/deprecation/": "pete",
    "/campaigns/": "pete",
}
OF_A_CLUSTER = (
    *("/objects/", "/topology/", "/pods/", "/events/", "/logs/"),
    *("/clusters/{slug}/policies/", "/install/", "/uninstall/"),
)

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
schema.app = application


@pytest.fixture
def one_connection() -> Iterator[None]:
    """As Django's own test client has it: a request does not close the connection that the rows live in."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def real_ids(world: World) -> dict[str, Any]:
    return {
        "/changes/": world.waiting.pk,
        "/instances/": world.instance.pk,
        "/offerings/": "web-service",
        "/applications/": "storefront",
        "/teams/": "shop",
        "/environments/": "dev",
        "/clusters/": "sandbox",
        "/approver-groups/": a_group().slug,
        "/quota-pools/": quota_rows.pool(world).pk,
        "/quota-raises/": quota_rows.asked(world).pk,
        "/sources/": source_rows.a_version().source.slug,
        "/policies/": policy_rows.a_policy(),
        "/policies/blast-radius/": policy_rows.radius(world).pk,
        "/exceptions/": policy_rows.asked(world).pk,
        "/me/notifications/": told(world),
    }


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_are_answered_as_described(
    case: schemathesis.Case, world: World, real_ids: dict[str, Any], one_connection: None
) -> None:
    """Every second request is about something that exists, so that it gets past the 404."""
    if case.path_parameters and len(str(case.body)) % 2 == 0:
        path = case.operation.path.removeprefix("/api/v1")
        known = [prefix for prefix in real_ids if path.startswith(prefix)]
        name = next(iter(case.path_parameters))
        case.path_parameters[name] = real_ids[max(known, key=len)] if known else case.path_parameters[name]
        if "environment" in case.path_parameters:
            case.path_parameters["environment"] = "dev"
    person = next((who for part, who in DOORS.items() if part in case.operation.path), "mona")
    answer = case.call(headers=world.api(person).headers)
    # nobody's cluster answers in these tests
    assert answer.status_code < 500 or (
        answer.status_code == 503 and case.operation.path.endswith(OF_A_CLUSTER)
    )
    case.validate_response(answer, checks=CHECKS)
