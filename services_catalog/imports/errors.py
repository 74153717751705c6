from __future__ import annotations

from collections.abc import Sequence

from portal.core.errors import StateConflict
from services_catalog.imports.judging import Reason


class NotPublishable(StateConflict):
    """Something about the chart itself stands against it. Details: reasons, each {code, message}."""

    code = "not_publishable"
    default_message = "This version cannot be published."

    def __init__(self, said: str, reasons: Sequence[Reason]) -> None:
        self.reasons = [dict(each) for each in reasons]
        named = " ".join(each["message"] for each in self.reasons[:5])
        super().__init__(f"{said} {named}".strip(), reasons=self.reasons)
