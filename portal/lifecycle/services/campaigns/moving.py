"""Moving campaigns and what is in them: a compare-and-swap with its words, in the caller's transaction."""

from __future__ import annotations

from typing import Any

from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle.campaign_states import CAMPAIGNS, ENDED, ITEMS, CampaignState, ItemState, Mode
from portal.lifecycle.models import CampaignItem, UpgradeCampaign

LONGEST = 500


def move(campaign: UpgradeCampaign, new: CampaignState, **values: Any) -> None:
    """Raises StateConflict when it cannot, or somebody was first."""
    old = CampaignState(campaign.state)
    if not CAMPAIGNS.allows(old, new):
        said = f"A campaign that is {old.label.lower()} cannot become {new.label.lower()}. Reload to see it."
        raise StateConflict(said, state=str(old))
    CAMPAIGNS.move(UpgradeCampaign.objects.all(), pk=campaign.pk, old=old, new=new, **values)
    campaign.refresh_from_db(fields=["state", *values])


def move_item(item: CampaignItem, new: ItemState, said: str = "", **values: Any) -> None:
    """Raises StateConflict when it cannot, or somebody was first."""
    old = ItemState(item.state)
    if not ITEMS.allows(old, new):
        raise StateConflict(f"It is {old.label.lower()}. Reload to see what can be done.", state=str(old))
    ended = clock.now() if new in ENDED else None
    where = {"attempt": item.attempt}
    values = {"said": shortened(said), "ended_at": ended, "opening_until": None, **values}
    ITEMS.move(CampaignItem.objects.all(), pk=item.pk, old=old, new=new, where=where, **values)
    item.state = new
    for name, value in values.items():
        setattr(item, name, value)


def shortened(text: str) -> str:
    """Without its middle when it is too long: how it began and how it ended are worth reading."""
    if len(text) <= LONGEST:
        return text
    end = LONGEST // 3
    return f"{text[: LONGEST - end - 3]} … {text[-end:]}"


def before_opening(item: CampaignItem) -> ItemState:
    """Where it goes back to: what was agreed to stays so."""
    return ItemState.AGREED if item.stage.mode == Mode.CONSENT else ItemState.WAITING
