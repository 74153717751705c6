"""What a chain alone cannot show, checkpoints do: a tail that was cut off, a lane that was written anew."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from portal.accounts.models import Team
from portal.audit import checkpoints, keys, verifying
from portal.audit.judging import GENESIS, link_hash
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from tests.audit.trails import write
from tests.fixtures.trail import disarmed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> Path:
    settings.SLIPWAY_AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"
    return settings.SLIPWAY_AUDIT_CHECKPOINTS


def anchors() -> verifying.Anchors:
    found = checkpoints.read(checkpoints.file(), keys.trusted())
    assert found.fault is None
    return found.anchors


def rewrite_from(sequence: int) -> None:
    """All of the lane's end, hashes and all, as whoever has the code and a superuser can."""
    rows = list(AuditEvent.objects.order_by("sequence"))
    previous = rows[sequence - 2].hash if sequence > 1 else GENESIS
    with disarmed(connection):
        for row in rows[sequence - 1 :]:
            row.comment, row.previous_hash = "never happened", previous
            row.digest = row.computed_digest()
            row.hash = link_hash(row.lane, row.sequence, previous, row.digest)
            AuditEvent.objects.filter(pk=row.pk).update(
                comment=row.comment, previous_hash=previous, digest=row.digest, hash=row.hash
            )
            previous = row.hash


def test_a_tail_that_was_cut_off_shows_against_the_checkpoint() -> None:
    victims = write(7)[4:]
    checkpoints.take()
    with disarmed(connection):
        AuditEvent.objects.filter(pk__in=[each.pk for each in victims]).delete()
    assert verifying.verify(processes=1).intact
    found = verifying.verify(anchors(), processes=1).fault
    assert found is not None
    assert (found.kind, found.lane, found.sequence) == ("cut off", victims[0].lane, 5)
    assert "checkpoint 1" in found.problem


def test_a_whole_lane_that_is_gone_shows() -> None:
    write(3)
    checkpoints.take()
    with disarmed(connection):
        AuditEvent.objects.all().delete()
    found = verifying.verify(anchors(), processes=1).fault
    assert found is not None
    assert (found.kind, found.sequence) == ("cut off", 1)


def test_a_lane_that_was_written_anew_shows_at_the_first_checkpoint_after_it() -> None:
    write(3)
    checkpoints.take()
    write(3)
    checkpoints.take()
    rewrite_from(5)
    assert verifying.verify(processes=1).intact
    found = verifying.verify(anchors(), processes=1).fault
    assert found is not None
    assert (found.kind, found.sequence) == ("rewritten", 6)
    assert "Checkpoint 2" in found.problem


def test_no_checkpoint_is_signed_over_a_loss() -> None:
    write(3)
    checkpoints.take()
    rewrite_from(2)
    record("session.opened", Team(pk=1, name="x"), actor=None)
    with pytest.raises(checkpoints.CheckpointRefused, match="saw another record"):
        checkpoints.take()


def test_nothing_new_is_no_checkpoint() -> None:
    write(1)
    assert checkpoints.take()
    assert checkpoints.take() is None


def test_an_empty_trail_is_no_checkpoint() -> None:
    assert checkpoints.take() is None


def test_each_follows_the_one_before(file: Path) -> None:
    for _ in range(3):
        write(1)
        checkpoints.take()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(each["number"], each["total"]) for each in lines] == [(1, 1), (2, 2), (3, 3)]
    assert lines[0]["previous"] is None
    read = checkpoints.read(file, keys.trusted())
    assert (read.count, read.first, read.fault) == (3, 1, None)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: [lines[0].replace('"total":1', '"total":9'), *lines[1:]], "signature of checkpoint 1"),
        (lambda lines: [lines[0], lines[2]], "checkpoint 3 does not follow checkpoint 1"),
        (lambda lines: [lines[1], lines[0], lines[2]], "checkpoint 1 does not follow checkpoint 2"),
        (lambda lines: [*lines, "nonsense"], "this is no checkpoint"),
        (lambda lines: [*lines, "[]"], "this is no checkpoint"),
    ],
)
def test_altered_checkpoints_show(file: Path, change: Any, problem: str) -> None:
    for _ in range(3):
        write(1)
        checkpoints.take()
    file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")
    fault = checkpoints.read(file, keys.trusted()).fault
    assert fault is not None
    assert problem in fault.problem


def test_checkpoints_of_a_key_that_is_not_trusted_show(file: Path, settings: Any) -> None:
    old = keys.public_text(keys.signing_key().public_key())
    write(1)
    checkpoints.take()
    settings.SLIPWAY_AUDIT_KEY = "bmV3ZXIga2V5LCBuZXdlciBrZXksIG5ld2VyIGtleS4="
    write(1)
    checkpoints.take()
    fault = checkpoints.read(file, keys.trusted()).fault
    assert fault is not None
    assert "not trusted" in fault.problem
    settings.SLIPWAY_AUDIT_PUBLIC_KEYS = (old,)
    assert checkpoints.read(file, keys.trusted()).fault is None


def test_a_line_that_a_crash_left_unfinished_is_not_counted(file: Path) -> None:
    write(1)
    checkpoints.take()
    with file.open("a") as opened:
        opened.write('{"number":2,"at":"2026')
    write(1)
    made = checkpoints.take()
    assert made is not None
    assert made["number"] == 2
    assert checkpoints.read(file, keys.trusted()).count == 2


def test_a_long_line_is_found_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "TAIL", 16)
    for number in range(1, 4):
        write(1)
        made = checkpoints.take()
        assert made is not None
        assert made["number"] == number
    last = checkpoints.latest()
    assert last is not None
    assert last["number"] == 3


def test_several_processes_may_write_at_once(file: Path) -> None:
    """The lock is the file's: one line is whole before the next begins."""
    write(1)
    first = checkpoints.take()
    assert first is not None
    held, seen = threading.Event(), []

    def hold() -> None:
        with checkpoints._locked(file):
            held.set()
            seen.append(file.read_text().count("\n"))

    with checkpoints._locked(file):
        other = threading.Thread(target=hold)
        other.start()
        assert not held.wait(0.2)
    other.join(5)
    assert held.is_set()


def test_of_many_anchors_some_are_let_go_and_never_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MOST_ANCHORS", 10)
    kept: list[Any] = []
    for number in range(1, 101):
        checkpoints._keep(kept, number, "h", number)
    assert len(kept) <= 10
    assert kept[-1].sequence == 100


def test_a_key_file_is_only_its_owners_and_is_never_overwritten(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_DATA_DIR, settings.SLIPWAY_AUDIT_KEY = tmp_path / "data", ""
    first = keys.id_of(keys.signing_key().public_key())
    assert keys.file().stat().st_mode & 0o777 == 0o600
    assert keys.create() is False
    assert keys.id_of(keys.signing_key().public_key()) == first


@pytest.mark.parametrize("text", ["", "short", "bm90IHRoaXJ0eS10d28=", "ü"])
def test_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(keys.KeyUnusable, match="32 bytes in base64"):
        keys.read_public(text)
