"""The look keeps its promises: contrast AA in light and dark, five meanings with colour, icon, word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from portal.audit.actions import ACTIONS
from portal.lifecycle.models import BlastRadius
from portal.policy.modes import MODES
from portal.policy.types import Outcome
from portal.web import icons, meanings

TOKENS = (Path(__file__).parents[2] / "portal/web/assets/slipway/css/tokens.css").read_text()
FIVE = ("ready", "working", "waiting", "wrong", "quiet")
# (text, ground): every pair that text is set in
PAIRS = [
    *((meaning, f"{meaning}-wash") for meaning in FIVE),
    *((meaning, "surface") for meaning in FIVE),
    *(
        (text, ground)
        for text in ("ink", "ink-soft", "accent")
        for ground in ("ground", "surface", "surface-sunken")
    ),
    *((text, "quiet-wash") for text in ("ink", "ink-soft")),
    *(("ink", f"{meaning}-wash") for meaning in FIVE),
    *(
        (f"env-{stage}", ground)
        for stage in ("dev", "staging", "production")
        for ground in ("surface", "ground")
    ),
    ("accent-strong", "accent-soft"),
    ("ink", "accent-soft"),
    ("on-accent", "accent"),
]
AA = 4.5


def colours(name: str) -> tuple[str, str]:
    found = re.search(rf"--{name}: light-dark\((#[0-9a-f]{{6}}), (#[0-9a-f]{{6}})\);", TOKENS)
    assert found, f"--{name} is not a pair of colours"
    return found[1], found[2]


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_in_light_and_dark(text: str, ground: str) -> None:
    for one, other in zip(colours(text), colours(ground), strict=True):
        assert contrast(one, other) >= AA, f"{text} {one} on {ground} {other}: {contrast(one, other):.2f}"


def test_each_state_has_one_of_five_meanings_and_a_word() -> None:
    assert set(meanings.ICONS) == set(FIVE)
    for table in meanings.TABLES.values():
        for shown in table.values():
            assert shown.meaning in FIVE
            assert shown.word[0].isupper()


def test_every_state_of_the_models_is_shown() -> None:
    assert set(meanings.CHANGE) == {*meanings.ChangeState}
    assert set(meanings.HEALTH) == {*meanings.Health}
    assert set(meanings.EXCEPTION) == {*meanings.ExceptionState}
    assert set(meanings.OUTCOME) == {*get_args(Outcome)}
    assert set(meanings.MODES) == {*MODES}
    assert set(meanings.BLAST_RADIUS) == {*BlastRadius.State}
    assert set(meanings.EXCEPTION_EVENTS) <= set(ACTIONS)


def test_icons_that_pages_name_exist() -> None:
    names = {*meanings.ICONS.values(), *(icon for icon, _, _ in meanings.MODES.values())}
    for template in Path("templates").rglob("*.html"):
        names |= set(re.findall(r'{% icon "([^"]+)" %}', template.read_text()))
        names |= set(re.findall(r'<c-empty icon="([^"{]+)"', template.read_text()))
    box = icons.svg("box")
    assert sorted(name for name in names if name != "box" and icons.svg(name) == box) == []
    assert icons.svg("../../../LICENSE") == box
    assert icons.svg("no-such-icon") == box


def test_the_design_page_shows_every_component() -> None:
    folder = Path(__file__).parents[2] / "templates"
    shown = "".join(file.read_text() for file in (folder / "design").glob("*.html"))
    missing = [each.stem for each in (folder / "components").glob("*.html") if f"<c-{each.stem}" not in shown]
    assert missing == []
