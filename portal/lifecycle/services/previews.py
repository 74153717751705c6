"""Looking before asking."""

from __future__ import annotations

from portal.lifecycle.operations.drafting import Draft, Wish, draft


def preview(wish: Wish) -> Draft:
    """What `wish` would do: values, objects, verdicts, diff, quota, price. Writes nothing."""
    return draft(wish)
