"""Copies of the trail: JSON Lines that prove themselves without a database, CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.audit import checkpoints
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from tests.audit.trails import write
from tests.factories import TeamFactory, UserFactory
from tests.fixtures.trail import disarmed

pytestmark = pytest.mark.django_db
Lines = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def checkpoint_file(settings: Any, tmp_path: Path) -> Path:
    settings.SLIPWAY_AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"
    return settings.SLIPWAY_AUDIT_CHECKPOINTS


def audit(*words: str) -> str:
    said = io.StringIO()
    call_command("audit", *words, stdout=said)
    return said.getvalue()


def exported(file: Path, *words: str) -> Lines:
    audit("export", "--output", str(file), *words)
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_export_has_every_record_and_records_itself(tmp_path: Path) -> None:
    write(4)
    head, *rows = exported(tmp_path / "all.jsonl")
    assert head["complete"] is True
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[-1]["action"] == "audit.exported"
    assert rows[-1]["after"] == {"format": "jsonl", "complete": True, "selection": {}}


def test_an_export_is_proven_without_a_database(tmp_path: Path) -> None:
    write(4)
    file = tmp_path / "all.jsonl"
    exported(file)

    def refuse(*_: Any) -> None:
        raise AssertionError("the database was asked")

    with connection.execute_wrapper(refuse):
        assert "5 records are as they were written" in audit("verify", "--export", str(file))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[2].update(comment="x"), "record 3 .*Its content was altered"),
        (lambda rows: rows[2].update(extra="x"), "record 3 .*Its content was altered"),
        (lambda rows: rows.pop(1), "record 2: Record 2 is missing"),
        (lambda rows: rows.insert(2, rows[1]), "record 2 .*It does not belong here"),
        (lambda rows: rows.reverse(), "Records 1 to 4 are missing"),
        (lambda rows: rows[3].update(previous_hash=rows[1]["hash"]), "record 4 .*does not continue"),
    ],
)
def test_an_export_that_was_tampered_with_is_found_out(
    tmp_path: Path, spoil: Callable[[Lines], object], said: str
) -> None:
    write(4)
    file = tmp_path / "all.jsonl"
    head, *rows = exported(file)
    spoil(rows)
    file.write_text("".join(json.dumps(line) + "\n" for line in [head, *rows]))
    with pytest.raises(CommandError, match=said):
        audit("verify", "--export", str(file))


def test_an_export_whose_end_is_missing_shows_against_checkpoints(
    tmp_path: Path, checkpoint_file: Path
) -> None:
    write(4)
    file = tmp_path / "all.jsonl"
    audit("checkpoint")
    lines = [json.dumps(line) + "\n" for line in exported(file)]
    file.write_text("".join(lines))
    told = audit("verify", "--export", str(file), "--checkpoints", str(checkpoint_file))
    assert "1 checkpoints fit" in told
    file.write_text("".join(lines[:3]))
    assert "not cut off was not proven" in audit("verify", "--export", str(file))
    with pytest.raises(CommandError, match="cut off: checkpoint 1 saw it go on, up to record 4"):
        audit("verify", "--export", str(file), "--checkpoints", str(checkpoint_file))


def test_a_selection_is_proven_record_by_record_and_says_what_that_is_worth(tmp_path: Path) -> None:
    write(2)
    record("token.created", UserFactory(), actor=None)
    write(2)
    file = tmp_path / "some.jsonl"
    head, *rows = exported(file, "--under", "session.")
    assert (head["complete"], head["selection"]) == (False, {"under": "session."})
    assert [row["sequence"] for row in rows] == [1, 2, 4, 5]
    assert "is a selection" in audit("verify", "--export", str(file))
    rows[2]["comment"] = "x"
    file.write_text("".join(json.dumps(line) + "\n" for line in [head, *rows]))
    with pytest.raises(CommandError, match="content was altered"):
        audit("verify", "--export", str(file))


@pytest.mark.parametrize("text", ["", "[]\n", "nonsense\n", '{"kind": "slipway-audit-export"}\n{}\n'])
def test_what_is_no_export_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "none.jsonl"
    file.write_text(text)
    with pytest.raises(CommandError, match="cannot be read"):
        audit("verify", "--export", str(file))


def test_cells_are_never_formulas(tmp_path: Path) -> None:
    for word in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain"):
        record("session.opened", TeamFactory(), actor=None, comment=word)
    file = tmp_path / "all.csv"
    audit("export", "--as", "csv", "--output", str(file))
    rows = list(csv.DictReader(file.open(newline="")))
    assert [row["comment"] for row in rows][:6] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "plain"]
    assert {row["action"] for row in rows} == {"session.opened", "audit.exported"}


def test_the_command_proves_the_database_and_fails_when_it_is_broken() -> None:
    victim = write(4)[1]
    checkpoints.take()
    assert "1 checkpoints fit, from number 1" in audit("verify", "--processes", "1")
    with disarmed(connection):
        AuditEvent.objects.filter(pk=victim.pk).update(source="api")
    with pytest.raises(
        CommandError, match=f"record 2 .{victim.pk}, .*, session.opened.: Its content"
    ) as said:
        audit("verify", "--processes", "1")
    assert said.value.returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "--team", "none"), "no team 'none'"),
        (("export", "--since", "yesterday"), "no time such as"),
        (("export", "--until", "2026-01-01"), "needs a time zone"),
        (("verify", "--checkpoints", "/none", "--public-key", "x"), "none|32 bytes"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        audit(*words)
