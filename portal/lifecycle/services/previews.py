"""Looking before asking."""

from __future__ import annotations

from portal.lifecycle.operations.drafting import Draft, draft
from portal.lifecycle.operations.wish import Wish


def preview(wish: Wish) -> Draft:
    """What `wish` would do: values, objects, verdicts, diff, quota, price. Writes nothing."""
    return draft(wish)
