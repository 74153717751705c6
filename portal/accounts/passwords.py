"""What a password must not be, beyond Django's own validators."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError

LONGEST = 256
# so much has to remain when the words of this place and the product are taken out
REST = 6


class PlaceWords:
    """Refuses a password that is little more than words which everybody here would try first."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = tuple(word.casefold() for word in words if len(word) > 2)

    def validate(self, password: str, user: Any = None) -> None:
        rest = password.casefold()
        for word in self.words:
            rest = rest.replace(word, "")
        if rest != password.casefold() and len(re.sub(r"[\W\d_]", "", rest)) < REST:
            raise ValidationError("This is little more than a word that many would try first.", "place_words")

    def get_help_text(self) -> str:
        return "It must be more than the name of this product with some digits."


class LongestPassword:
    """Hashing takes the longer the longer a password is."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(f"A password has {LONGEST} characters at the most.", "too_long")

    def get_help_text(self) -> str:
        return f"It may have up to {LONGEST} characters of any kind, spaces included."
