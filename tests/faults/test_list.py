"""docs/reliability.md is the list of the faults: each test is on it, and each on it exists."""

from __future__ import annotations

import re

from tests.faults.conftest import HERE
from tools.paths import ROOT

PAGE = ROOT / "docs" / "reliability.md"
# what proves the proof, and this
NO_FAULTS = {"test_proof", "test_list"}


def written() -> dict[str, set[str]]:
    """The tests of each module here."""
    modules = [file for file in HERE.glob("test_*.py") if file.stem not in NO_FAULTS]
    return {
        file.stem: set(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)) for file in modules
    }


def listed() -> dict[str, set[str]]:
    """The tests of each module that the page names; `…` stands for the module named before."""
    found: dict[str, set[str]] = {}
    module = ""
    for named, test in re.findall(r"`(test_\w+|…)(?:\.py)?::(test_\w+)`", PAGE.read_text()):
        module = module if named == "…" else named
        found.setdefault(module, set()).add(test)
    return found


def test_every_fault_that_is_listed_has_its_test() -> None:
    there = written()
    assert listed()
    missing = {module: tests - there.get(module, set()) for module, tests in listed().items()}
    assert not {module: tests for module, tests in missing.items() if tests}


def test_every_test_of_a_fault_is_listed() -> None:
    page, named = PAGE.read_text(), listed()
    for module, tests in written().items():
        assert module in page
        assert module == "test_chaos" or not tests - named.get(module, set()), module
