"""Nobody sets what is not asked for: generated from the OpenAPI description and the table of roles."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from portal.api.v1.serializers import Strict
from portal.lifecycle.models import ChangeRequest
from tests.api.conftest import PEOPLE, World
from tests.api.test_roles import TABLE

FOREIGN = (
    "id", "pk", "state", "phase", "requested_by", "created_by", "decided_by", "actor", "team_id", "user",
    "seal", "objects_digest", "fencing_token", "created_at", "expires_at", "is_superuser", "is_staff",
    "platform_roles", "approved", "masked_values", "__class__", "user__username",
)  # fmt: skip
DESCRIPTION = SchemaGenerator().get_schema(public=True)


def writable(operation: str) -> set[str] | None:
    """The names that an operation takes; None where it reads no body."""
    method, path = operation.split()
    body = DESCRIPTION["paths"][f"/api/v1{path}"][method.lower()].get("requestBody")
    if body is None:
        return None
    schema = body["content"]["application/json"]["schema"]
    known: set[str] = set()
    for part in schema.get("oneOf", [schema]):
        found = DESCRIPTION["components"]["schemas"].get(part.get("$ref", "").rpartition("/")[2], part)
        known |= set(found.get("properties", {}))
    return known


WITH_BODY = [op for op in TABLE if op.split()[0] in ("POST", "PUT", "PATCH") and writable(op) is not None]


@pytest.mark.parametrize("operation", WITH_BODY)
def test_each_foreign_name_is_refused_by_name_and_nothing_is_done(world: World, operation: str) -> None:
    row = TABLE[operation]
    person = next(who for who in PEOPLE if row.status_for(who) not in (401, 403, 404))
    path, body = row.path(world), row.body(world) or {}
    known = writable(operation) or set()
    foreign = [name for name in FOREIGN if name not in known]
    before = facts(world)
    answer = world.api(person).call(operation.split()[0], path, body | dict.fromkeys(foreign, "approved"))
    assert answer.status_code == 422, answer.content
    refused = {each["path"] for each in answer.json()["errors"] if each["code"] == "unknown"}
    assert refused == {f"/{name}" for name in foreign}
    assert facts(world) == before


def facts(world: World) -> Any:
    return list(ChangeRequest.objects.order_by("pk").values("pk", "state", "requested_by", "release", "seal"))


def test_an_operation_without_a_body_takes_nothing_from_one(world: World) -> None:
    foreign = dict.fromkeys(FOREIGN, "approved")
    without = [op for op in TABLE if op.startswith("POST") and writable(op) is None]
    assert "POST /instances/{id}/announce-retirement/" in without
    change = world.waiting
    answer = world.api("alice").post(f"instances/{world.instance.pk}/announce-retirement/", foreign)
    assert answer.status_code in (200, 422)
    change.refresh_from_db()
    assert (change.state, change.requested_by.username) == ("awaiting_approval", "alice")


def test_no_form_takes_its_fields_from_a_model() -> None:
    for file in sorted(Path("portal/web").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base) for base in node.bases}
                assert not {base for base in bases if "ModelForm" in base}, f"{file}: {node.name}"


def test_every_serializer_that_reads_is_strict() -> None:
    """What is given to `read` refuses names that it does not know."""
    seen = set()
    for file in sorted(Path("portal/api/v1").rglob("*.py")):
        module = importlib.import_module(".".join(file.with_suffix("").parts))
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.read":
                given = getattr(module, ast.unparse(node.args[0]))
                assert issubclass(given, Strict), given
                seen.add(given)
    assert len(seen) > 10


def test_only_what_is_strict_is_given_a_body() -> None:
    for file in sorted(Path("portal/api/v1").rglob("*.py")):
        if file.name != "viewsets.py":
            written = file.read_text().replace("(data=request.query_params)", "")  # which is no body
            assert "(data=" not in written, file
