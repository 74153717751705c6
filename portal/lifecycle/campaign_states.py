"""States and moves of upgrade campaigns and of what is in them, as data."""

from __future__ import annotations

from django.db import models

from portal.core.transitions import Machine


class CampaignState(models.TextChoices):
    PREPARING = "preparing", "Being prepared"
    READY = "ready", "Ready to start"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    HALTED = "halted", "Stopped itself"
    STOPPED = "stopped", "Stopped"
    FINISHED = "finished", "Finished"


class ItemState(models.TextChoices):
    WAITING = "waiting", "Waiting for its turn"
    ASKED = "asked", "Team is asked"
    AGREED = "agreed", "Team agreed"
    DECLINED = "declined", "Declined"
    OPENING = "opening", "Being opened"
    OPENED = "opened", "Change under way"
    SUCCEEDED = "succeeded", "Upgraded"
    FAILED = "failed", "Failed"
    BLOCKED = "blocked", "Does not fit"
    SKIPPED = "skipped", "Skipped"


class Mode(models.TextChoices):
    """Who says that an instance's turn has come."""

    AUTOMATIC = "automatic", "Automatic"
    CONSENT = "consent", "With the team's consent"


CAMPAIGNS: Machine[CampaignState] = Machine(
    {
        CampaignState.PREPARING: {CampaignState.READY, CampaignState.STOPPED},
        CampaignState.READY: {CampaignState.RUNNING, CampaignState.STOPPED},
        CampaignState.RUNNING: {
            CampaignState.PAUSED,
            CampaignState.HALTED,
            CampaignState.STOPPED,
            CampaignState.FINISHED,
        },
        CampaignState.PAUSED: {CampaignState.RUNNING, CampaignState.STOPPED},
        CampaignState.HALTED: {CampaignState.RUNNING, CampaignState.STOPPED},
        CampaignState.STOPPED: frozenset(),
        CampaignState.FINISHED: frozenset(),
    }
)
# at most one of these at a time for each offering
OPEN_STATES = (
    CampaignState.PREPARING,
    CampaignState.READY,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
    CampaignState.HALTED,
)

ITEMS: Machine[ItemState] = Machine(
    {
        ItemState.WAITING: {ItemState.ASKED, ItemState.OPENING, ItemState.SKIPPED},
        ItemState.ASKED: {ItemState.AGREED, ItemState.DECLINED, ItemState.SKIPPED},
        ItemState.AGREED: {ItemState.DECLINED, ItemState.OPENING, ItemState.SKIPPED},
        # back to where it was when another change is in the way
        ItemState.OPENING: {
            ItemState.OPENED,
            ItemState.BLOCKED,
            ItemState.SKIPPED,
            ItemState.WAITING,
            ItemState.AGREED,
        },
        # back when a newer request took the change's place
        ItemState.OPENED: {
            ItemState.SUCCEEDED,
            ItemState.FAILED,
            ItemState.DECLINED,
            ItemState.WAITING,
            ItemState.AGREED,
            ItemState.SKIPPED,
        },
        ItemState.SUCCEEDED: frozenset(),
        # what came to nothing may be tried again
        ItemState.DECLINED: {ItemState.WAITING},
        ItemState.FAILED: {ItemState.WAITING},
        ItemState.BLOCKED: {ItemState.WAITING},
        ItemState.SKIPPED: {ItemState.WAITING},
    }
)
UNDER_WAY = (ItemState.OPENING, ItemState.OPENED)
TO_DO = (ItemState.WAITING, ItemState.ASKED, ItemState.AGREED)
# came to nothing
LOST = (ItemState.DECLINED, ItemState.FAILED, ItemState.BLOCKED, ItemState.SKIPPED)
ENDED = (ItemState.SUCCEEDED, *LOST)
