"""schemathesis against the OpenAPI description, over the demo organisation, as each role: no 5xx, and each
answer as described.

`test_generated.py` covers the edges of each operation as the one who gets furthest there; here every role
sends what fits the description (positive) and what breaks it (negative). The seed is printed with a failure;
GENERATED_SEED and GENERATED_EXAMPLES try others, and more of them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from portal.accounts.models import ApiToken, Team
from portal.lifecycle.models import Application
from portal.wsgi import application
from tests.api import policy_rows, source_rows
from tests.api.test_roles import a_group
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask

SEED = int(os.environ.get("GENERATED_SEED", "20261126"))
EXAMPLES = int(os.environ.get("GENERATED_EXAMPLES", "2"))
CHECKS: list[CheckFunction] = [
    *(status_code_conformance, content_type_conformance, response_schema_conformance),
    negative_data_rejection,
]
STATUSES: Counter[int] = Counter()
ROLES = {
    "nobody": "",
    "developer": "alice",
    "maintainer": "mona",
    "operator": "olga",
    "platform engineer": "pete",
    "auditor": "audrey",
}
# nobody's cluster answers in these tests
OF_A_CLUSTER = (
    "/objects/",
    "/topology/",
    "/pods/",
    "/events/",
    "/logs/",
    "/clusters/{slug}/policies/",
    "/install/",
    "/uninstall/",
    "/drift/",
)
BOUNDS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
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
def known(organisation: Organisation) -> dict[str, Any]:
    """By the beginning of a path, what exists and stands in its place."""
    wish = {"application": "storefront", "offering": "namespace"}
    queued = ask(organisation.alice, environment="dev", **wish)
    waiting = ask(organisation.alice, environment="production", **wish)
    return {
        "/changes/": waiting.pk,
        "/instances/": queued.subject.pk,
        "/offerings/": "web-service",
        "/applications/": Application.objects.get(slug="storefront").slug,
        "/teams/": Team.objects.get(slug="shop").slug,
        "/environments/": "dev",
        "/clusters/": organisation.cluster.slug,
        "/approver-groups/": a_group().slug,
        "/sources/": source_rows.a_version().source.slug,
        "/policies/": policy_rows.a_policy(),
    }


def token_of(organisation: Organisation, name: str) -> dict[str, str]:
    if not name:
        return {}
    return {"Authorization": f"Token {ApiToken.objects.create(getattr(organisation, name), name='test')[1]}"}


def aim(case: schemathesis.Case, known: dict[str, Any]) -> None:
    """Make every second request be about something that exists, so that it gets past the 404."""
    path = case.operation.path.removeprefix("/api/v1")
    found = max((prefix for prefix in known if path.startswith(prefix)), key=len, default=None)
    if case.path_parameters and found and len(str(case.body)) % 2 == 0:
        case.path_parameters[next(iter(case.path_parameters))] = known[found]


def examine(case: schemathesis.Case, headers: dict[str, str]) -> None:
    answer = case.call(headers=headers)
    STATUSES[answer.status_code // 100] += 1
    cluster_away = answer.status_code == 503 and case.operation.path.endswith(OF_A_CLUSTER)
    checks = CHECKS if cluster_away else [not_a_server_error, *CHECKS]
    case.validate_response(answer, checks=checks, headers=headers)


def try_out(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, known: Any, tokens: dict[str, Any]
) -> None:
    """Each made-up request as each role: making one up takes longer than answering it six times."""

    @seed(SEED)
    @BOUNDS
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: schemathesis.Case) -> None:
        aim(case, known)
        for role, headers in tokens.items():
            try:
                examine(case, headers)
            except Exception as exc:
                exc.add_note(f"as {role}")
                raise

    try:
        run()
    except Unsatisfiable:  # nothing about this operation can be wrong
        return


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.timeout(600)
def test_every_role_gets_what_is_described(
    mode: GenerationMode, organisation: Organisation, known: dict[str, Any], one_connection: None
) -> None:
    tokens = {role: token_of(organisation, name) for role, name in ROLES.items()}
    failures = []
    STATUSES.clear()
    for result in schema.get_all_operations():
        operation = result.ok()
        try:
            try_out(operation, mode, known, tokens)
        except Exception as exc:
            failures.append(f"--- {operation.label}: {exc!r} {exc.__notes__}\n{exc}")
    assert not failures, "\n".join([f"GENERATED_SEED={SEED} GENERATED_EXAMPLES={EXAMPLES}", *failures])
    assert STATUSES[2] > 50 or mode is GenerationMode.NEGATIVE  # it got past the doors
    assert STATUSES[4] > 200
