"""`manage.py policy verdicts`, in this process; test_process.py runs it as automation does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lifecycle.policy.scenes import run
from tests.policy.scenes import DATA

CASES = DATA / "admission-verdicts.json"


def test_a_broken_case_among_others_is_answered_and_the_others_too(tmp_path: Path) -> None:
    cases = json.loads(CASES.read_text())[:2]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([cases[0], {"name": "broken"}, None, cases[1]]))
    result = run("verdicts", file)
    assert result.status == 0
    said = result.json
    assert [(answer["name"], answer["allowed"], answer["httpStatus"]) for answer in said] == [
        ("replicas-ok", True, 201),
        ("broken", False, 400),
        (None, False, 400),
        ("replicas-too-many", False, 422),
    ]


def test_cases_as_text_say_where_they_differ_from_what_is_expected(tmp_path: Path) -> None:
    case = json.loads(CASES.read_text())[0]
    case["expect"]["httpStatus"] = 200
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([case]))
    result = run("verdicts", file, "--output", "text")
    assert result.out.splitlines() == [
        "allowed 201  replicas-ok",
        "    expected httpStatus 200",
        "1 allowed, 1 different",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"[{", "is not JSON"),
        (b"\xff\xfe[", "is not JSON"),
        (b'{"cases": []}', "is not a list of cases"),
    ],
)
def test_a_file_that_holds_no_cases_ends_with_2(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "cases.json"
    if content is not None:
        file.write_bytes(content)
    result = run("verdicts", file)
    assert (result.status, result.out) == (2, "")
    assert said in result.err
    assert str(file) in result.err
