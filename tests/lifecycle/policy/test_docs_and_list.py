"""`manage.py policy docs` and `policy list`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.policy.scenes import BY_MODE, run, write
from tests.policy.scenes import binding, policy


def test_docs_writes_the_page_and_tells_when_it_is_out_of_date(here: Path) -> None:
    rules, page = here / "rules", here / "docs" / "policy-library.md"
    page.parent.mkdir()
    write(rules / "p.yaml", policy("p", "true"), binding("p"))
    arguments = ("docs", "--policies", rules)
    assert run(*arguments, "--check").status == 1
    assert not page.exists()
    assert run(*arguments).status == 0
    assert "### p\n" in page.read_text()
    assert run(*arguments, "--check").status == 0
    write(rules / "q.yaml", policy("q", "true"))
    stale = run(*arguments, "--check")
    assert stale.status == 1
    assert "manage.py policy docs" in stale.err
    assert "### q\n" not in page.read_text()


def test_list_shows_severity_and_the_mode_in_each_environment(here: Path) -> None:
    stern = policy("stern", "true")
    stern["metadata"]["annotations"] = {
        "policy.slipway.dev/severity": "critical",
        "policy.slipway.dev/title": "Be good",
        "policy.slipway.dev/sla": "36h",
    }
    write(here / "rules" / "p.yaml", *BY_MODE, stern, binding("stern"), policy("unbound", "true"))
    listed = run("list", "--offline", "--policies", here / "rules")
    assert listed.err == ""
    assert [re.split(r"  +", line) for line in listed.out.splitlines()] == [
        ["policy", "severity", "dev", "elsewhere", "title"],
        ["p", "medium", "warn", "enforce", "p"],
        ["stern", "critical", "enforce", "enforce", "Be good"],
        ["unbound", "medium", "off", "off", "unbound"],
    ]
    rows = run("list", "--offline", "--policies", here / "rules", "--output", "json").json
    assert rows[1] == {
        "name": "stern",
        "title": "Be good",
        "category": "",
        "severity": "critical",
        "timeToRemedy": "36 hours",
        "modes": {"dev": "enforce", "elsewhere": "enforce"},
        "file": "p.yaml",
    }


@pytest.mark.django_db
def test_list_shows_the_portals_environments(organisation: Any, here: Path) -> None:
    write(here / "rules" / "p.yaml", *BY_MODE)
    (row,) = run("list", "--policies", here / "rules", "--output", "json").json
    assert row["modes"] == {"dev": "warn", "staging": "enforce", "production": "enforce"}
