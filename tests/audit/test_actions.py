"""Every audit action is documented, and every documented one exists."""

import re
from pathlib import Path

from portal.audit.actions import ACTIONS

ROOT = Path(__file__).parents[2]


def test_docs_list_exactly_the_actions_that_exist():
    text = (ROOT / "docs" / "audit.md").read_text()
    documented = dict(re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", text, flags=re.M))
    assert documented == ACTIONS


def test_every_action_is_recorded_somewhere():
    code = "\n".join(
        p.read_text() for folder in ("portal", "services_catalog") for p in (ROOT / folder).rglob("*.py")
    )
    unused = [action for action in ACTIONS if code.count(f'"{action}"') < 2]
    assert unused == []
