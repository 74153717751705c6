"""What our charts create, word for word; and what each plan changes of it.

After a wanted change of a chart: SLIPWAY_UPDATE_SNAPSHOTS=1 pytest …, then read the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.core.objects import key_of
from services_catalog import checks
from tests.services_catalog.rendered_charts import CASES, VERSIONS, example_of, name_of, rendered

SNAPSHOTS = Path(__file__).parent / "snapshots"
PLANS = SNAPSHOTS / "plans"
JOB_DIGEST = re.compile(r"-[0-9a-f]{8}$")
DEFAULTS = [case for case in CASES if case.plan.get("default")]


def check(file: Path, text: str) -> None:
    if os.environ.get("SLIPWAY_UPDATE_SNAPSHOTS"):
        file.write_text(text)
    assert file.read_text() == text


def dumped(value: Any) -> str:
    dump = yaml.safe_dump_all if isinstance(value, list) else yaml.safe_dump
    return str(
        dump(value, sort_keys=True, allow_unicode=True, width=110 if isinstance(value, list) else 1000)
    )


@pytest.mark.parametrize("case", DEFAULTS, ids=str)
def test_rendered_objects_are_those_of_the_snapshot(case):
    check(SNAPSHOTS / f"{name_of(case.version)}-{example_of(case)}.yaml", dumped(rendered(case)))


@pytest.mark.parametrize("version", VERSIONS, ids=name_of)
def test_each_plan_changes_what_the_snapshot_says_and_no_more(version):
    example = checks.examples(version)[-1]
    mine = [case for case in CASES if case.version is version and case.example == example]
    base = dict(leaves(next(case for case in mine if case.plan.get("default"))))
    others = [case for case in mine if not case.plan.get("default")]
    plans = {case.plan["slug"]: differences(base, dict(leaves(case))) for case in others}
    check(PLANS / f"{name_of(version)}.yaml", dumped(plans))


def test_there_is_no_snapshot_of_nothing():
    wanted = {f"{name_of(case.version)}-{example_of(case)}.yaml" for case in CASES}
    assert {file.name for file in SNAPSHOTS.glob("*.yaml")} == wanted
    assert {file.stem for file in PLANS.iterdir()} == {name_of(version) for version in VERSIONS}


def differences(base: dict[str, Any], other: dict[str, Any]) -> dict[str, str]:
    """`path: before → after` of each place that differs."""
    return {
        path: f"{base.get(path, 'nothing')} → {other.get(path, 'nothing')}"
        for path in sorted(base.keys() | other.keys())
        if base.get(path) != other.get(path)
    }


def leaves(case: Any) -> Iterator[tuple[str, Any]]:
    """(path, value) of everything; a Job is named without the digest of what it computes."""
    for document in rendered(case):
        name = str(key_of(document))
        name = JOB_DIGEST.sub("", name) if document["kind"] == "Job" else name
        yield from _below(name, document)


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    if not entries:
        yield path, value
    for key, entry in entries:
        yield from _below(f"{path} {key}", entry)
