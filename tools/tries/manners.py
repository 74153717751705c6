"""The ways in which the product is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WIDE, NARROW = (1280, 900), (390, 844)


@dataclass(frozen=True)
class Manner:
    """One way to look at the portal and to work with it."""

    name: str
    size: tuple[int, int] = WIDE
    look: Literal["light", "dark"] = "light"
    keyboard: bool = False
    scripts: bool = True


MANNERS = (
    Manner("wide"),
    Manner("wide-dark", look="dark"),
    Manner("narrow", size=NARROW),
    Manner("narrow-dark", size=NARROW, look="dark"),
    Manner("keyboard", keyboard=True),
    Manner("without-scripts", scripts=False),
)
