"""Bringing back what was sealed, or sealing what runs: look, then confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.core.errors import SlipwayError
from portal.lifecycle.operations.adoption.search import Adoption
from portal.lifecycle.services import previews
from portal.lifecycle.services.drift import remedies
from portal.web.confirming import Confirming

MOST_DIGITS = 18


@dataclass
class Reverting(Confirming):
    """What would be brought back is in the wish."""

    @property
    def going(self) -> Sequence[Mapping[str, Any]]:
        """Each thing that would be as sealed again."""
        cure = self.wish.cure if self.wish else None
        return cure.items if cure else ()


@dataclass
class Adopting(Confirming):
    """`items` are ids as the page sent them; none: all that differs."""

    items: Sequence[str] = ()
    with_more: bool = False
    found: Adoption | None = field(default=None)

    @property
    def data(self) -> dict[str, Any]:
        chosen = {"items": [int(each) for each in self.items]} if self.items else {}
        more = {"with_more": True} if self.with_more else {}
        return {**self.about, **chosen, **more, "reason": self.reason}

    @property
    def wants_more(self) -> bool:
        """Whether something could be adopted if what changes along were let pass."""
        return self.found is not None and any(each.code == "changes_more" for each in self.found.answers)

    def look(self) -> None:
        """Search, and draft with what was found; what was not found is said, not raised."""
        try:
            self.found = remedies.look(self.actor, self.data)
            if self.found.adopted:
                self.wish = remedies.adopting(self.actor, self.data, self.found)
                self.draft = previews.preview(self.wish)
        except SlipwayError as error:
            self.refusal = self.refusal or error


def ids(texts: Sequence[str]) -> list[str]:
    """Those that can be ids; the service says of the rest that they are not known."""
    return [text for text in texts if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS]
