"""docs/security.md answers every requirement of ASVS 5.0, levels 1 and 2, and names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

DOCS = Path("docs")
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.*?) \| (.+?) \|$", re.M)
ROWS = ROW.findall((DOCS / "security.md").read_text())
KNOWN = [line.split() for line in Path("tests/security/asvs-5.0.0.txt").read_text().splitlines()]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
HEADINGS = re.compile(r"^#+ (.+)$", re.M)
WITHOUT_TEST = ("not applicable: ", "not met", "the operator", "documented: ")


def test_every_requirement_of_levels_1_and_2_has_one_row_in_order() -> None:
    assert [[row[0], row[1]] for row in ROWS] == KNOWN
    assert len(KNOWN) == 253


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_row_is_shown_by_tests_that_exist_or_says_why_not(row: tuple[str, ...]) -> None:
    _, _, asks, how, shown = row
    assert asks.strip()
    named = TEST.findall(shown)
    if shown.startswith(WITHOUT_TEST):
        assert not named
        assert how.strip() or shown.startswith("not applicable: ")
    else:
        assert named, shown
        assert TEST.sub("", shown).strip(" ,") == "", shown
    for file, name in named:
        assert name in names_in(file), f"{file} has no {name}"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row[4].startswith("documented: ")], ids=lambda row: row[0]
)
def test_each_document_that_is_named_has_that_heading(row: tuple[str, ...]) -> None:
    file, anchor = re.fullmatch(r"documented: \[.+\]\(([\w-]+\.md)?#([\w-]+)\)", row[4]).groups()
    headings = HEADINGS.findall((DOCS / (file or "security.md")).read_text())
    assert anchor in {slug(heading) for heading in headings}


def test_it_is_said_how_many_are_met() -> None:
    text = (DOCS / "security.md").read_text()
    kinds = {"test": 0, "documented": 0, "operator": 0, "not met": 0, "not applicable": 0}
    for row in ROWS:
        kind = next((kind for kind in kinds if row[4].removeprefix("the ").startswith(kind)), "test")
        kinds[kind] += 1
    for kind, count in kinds.items():
        assert f"| {count} | {kind}" in text, (kind, count)


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse(Path(file).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def slug(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
