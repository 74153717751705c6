"""What the trail costs: appending with eight writers against a plain insert of the same columns, interleaved;
and proving a million records. Each on a PostgreSQL of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.benchmarks.reporting import report
from tools import postgres
from tools.paths import ROOT

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


def measured(what: str) -> dict[str, float]:
    with postgres.server() as url:
        environment = {**os.environ, "SLIPWAY_DATABASE_URL": url}
        command = [sys.executable, "-m", "tests.benchmarks.audit_trail", what]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_eight_writers_append_at_half_the_speed_of_a_plain_insert_at_least() -> None:
    figures = measured("append")
    report("audit appends with 8 writers", **figures)
    assert figures["ratio"] >= 0.5


def test_a_million_records_are_proven_in_minutes() -> None:
    figures = measured("verify")
    report("audit verify", **figures)
    assert figures["seconds_2"] < 600
