"""The database refuses what would change the past, whoever asks; a lost trigger fails here."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from portal.audit.models import AuditEvent
from tests.audit.trails import write

pytestmark = pytest.mark.django_db


def refused(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET comment = 'x'",
        "UPDATE audit_auditevent SET comment = comment",
        "DELETE FROM audit_auditevent",
        "DELETE FROM audit_auditevent WHERE sequence = 2",
    ],
)
def test_changing_and_removing_is_refused(statement: str) -> None:
    before = [event.content() for event in write(3)]
    refused(statement)
    assert [event.content() for event in AuditEvent.objects.order_by("sequence")] == before


def test_nothing_is_put_in_the_place_of_a_record() -> None:
    event = write(1)[0]
    columns = ", ".join(field.column for field in AuditEvent._meta.concrete_fields)
    row = f"SELECT {columns} FROM audit_auditevent WHERE sequence = 1"
    refused(
        f"INSERT OR REPLACE INTO audit_auditevent ({columns}) {row}"
        if connection.vendor == "sqlite"
        else f"INSERT INTO audit_auditevent ({columns}) {row} ON CONFLICT (id) DO UPDATE SET comment = 'x'"
    )
    assert AuditEvent.objects.get().content() == event.content()


def test_emptying_is_refused() -> None:
    if connection.vendor == "postgresql":
        refused("TRUNCATE audit_auditevent CASCADE")  # even where there is nothing
        return
    write(1)
    refused("DELETE FROM audit_auditevent")


def test_models_cannot_either() -> None:
    event = write(1)[0]
    event.comment = "x"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()


def test_the_schema_is_what_the_models_say() -> None:
    call_command("makemigrations", "audit", check=True, dry_run=True, verbosity=0)
