"""Changes that need no form, only a look: what would happen, a reason, and the button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.accounts.models import User
from portal.core.errors import PolicyDenied, SlipwayError
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.services import previews, wishes
from portal.web import judgements, opening
from portal.web.exceptions.excepting import Excepting, after_denial


@dataclass
class Confirming:
    """One wish on its way. `refusal` says why it cannot be, next to the button."""

    actor: User
    about: Mapping[str, Any]
    reason: str = ""
    key: str = ""
    wish: Wish | None = None
    draft: Draft | None = None
    refusal: SlipwayError | None = field(default=None)

    @property
    def data(self) -> dict[str, Any]:
        return {**self.about, "reason": self.reason}

    @property
    def verdicts(self) -> judgements.Grouped:
        return judgements.grouped(self.draft.verdicts if self.draft else ())

    @property
    def denied_change(self) -> int | None:
        return self.refusal.details.get("change") if isinstance(self.refusal, PolicyDenied) else None

    @property
    def excepting(self) -> Excepting | None:
        """Where exceptions from what refused it may be asked for."""
        return after_denial(self.actor, self.denied_change)

    def look(self) -> None:
        try:
            self.wish = wishes.resolve(self.actor, self.data)
            self.draft = previews.preview(self.wish)
        except SlipwayError as error:
            self.refusal = self.refusal or error

    def ask(self) -> ChangeRequest | None:
        try:
            return opening.open_once(self.actor, self.data, self.key)
        except SlipwayError as error:
            self.refusal = error
        return None
