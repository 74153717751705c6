"""The five meanings that pages show, and which state means what. Data, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.lifecycle.campaign_states import CampaignState, ItemState
from portal.lifecycle.pool_states import RaiseState
from portal.lifecycle.states import ChangeState, ExceptionState, Health


@dataclass(frozen=True)
class Shown:
    """How one state is shown: a meaning (which fixes colour and icon) and a word."""

    meaning: str
    word: str


ICONS: Mapping[str, str] = {
    "ready": "circle-check",
    "working": "loader-2",
    "waiting": "clock-hour-4",
    "wrong": "alert-triangle",
    "quiet": "circle-dashed",
}
CHANGE: Mapping[str, Shown] = {
    ChangeState.DENIED: Shown("wrong", "Denied by policy"),
    ChangeState.AWAITING_APPROVAL: Shown("waiting", "Waiting for approval"),
    ChangeState.QUEUED: Shown("working", "Queued"),
    ChangeState.RUNNING: Shown("working", "Running"),
    ChangeState.SUCCEEDED: Shown("ready", "Succeeded"),
    ChangeState.FAILED: Shown("wrong", "Failed"),
    ChangeState.REJECTED: Shown("wrong", "Rejected"),
    ChangeState.CANCELLED: Shown("quiet", "Cancelled"),
    ChangeState.EXPIRED: Shown("quiet", "Expired"),
    ChangeState.SUPERSEDED: Shown("quiet", "Superseded"),
}
HEALTH: Mapping[str, Shown] = {
    Health.READY: Shown("ready", "Ready"),
    Health.WORKING: Shown("working", "Working"),
    Health.WAITING: Shown("waiting", "Waiting"),
    Health.WRONG: Shown("wrong", "Wrong"),
    Health.QUIET: Shown("quiet", "Retired"),
}
OUTCOME: Mapping[str, Shown] = {
    "pass": Shown("ready", "Pass"),
    "waived": Shown("quiet", "Waived"),
    "warn": Shown("waiting", "Warn"),
    "audit": Shown("quiet", "Note"),
    "deny": Shown("wrong", "Deny"),
    "error": Shown("wrong", "Error"),
}
LIVE_OBJECT: Mapping[str, Shown] = {
    "ready": Shown("ready", "Ready"),
    "working": Shown("working", "Working"),
    "failed": Shown("wrong", "Failed"),
    "missing": Shown("wrong", "Missing"),
}
# One object of an instance in its tree, and one pod
NODE: Mapping[str, Shown] = {
    "ready": Shown("ready", "Ready"),
    "working": Shown("working", "Working"),
    "waiting": Shown("waiting", "Waiting"),
    "failed": Shown("wrong", "Failed"),
    "missing": Shown("wrong", "Missing"),
    "quiet": Shown("quiet", "At rest"),
    "unknown": Shown("quiet", "Not known"),
}
ROLLOUT: Mapping[str, Shown] = {
    "running": Shown("working", "Running"),
    "succeeded": Shown("ready", "Succeeded"),
    "failed": Shown("wrong", "Failed"),
    "lost": Shown("quiet", "Worker lost"),
}
LIFECYCLE: Mapping[str, Shown] = {
    "draft": Shown("quiet", "Draft"),
    "active": Shown("ready", "Active"),
    "deprecated": Shown("waiting", "Deprecated"),
    "retired": Shown("quiet", "Retired"),
}
OBJECT_CHANGE: Mapping[str, Shown] = {
    "added": Shown("ready", "Added"),
    "removed": Shown("wrong", "Removed"),
    "changed": Shown("waiting", "Changed"),
    "same": Shown("quiet", "Same"),
}
QUOTA_RAISE: Mapping[str, Shown] = {
    RaiseState.REQUESTED: Shown("waiting", "Waiting for a decision"),
    RaiseState.GRANTED: Shown("ready", "Granted"),
    RaiseState.REJECTED: Shown("wrong", "Rejected"),
    RaiseState.WITHDRAWN: Shown("quiet", "Withdrawn"),
}
EXCEPTION: Mapping[str, Shown] = {
    ExceptionState.REQUESTED: Shown("waiting", "Waiting for a decision"),
    ExceptionState.GRANTED: Shown("ready", "Granted"),
    ExceptionState.REJECTED: Shown("wrong", "Rejected"),
    ExceptionState.WITHDRAWN: Shown("quiet", "Withdrawn"),
    ExceptionState.REVOKED: Shown("quiet", "Revoked"),
    ExceptionState.EXPIRED: Shown("quiet", "Ended"),
}
BLAST_RADIUS: Mapping[str, Shown] = {
    "waiting": Shown("working", "Waiting for a worker"),
    "running": Shown("working", "Being worked out"),
    "done": Shown("ready", "Worked out"),
    "failed": Shown("wrong", "Failed"),
}
INSTALLATION: Mapping[str, Shown] = {
    "create": Shown("ready", "Create"),
    "change": Shown("waiting", "Change"),
    "remove": Shown("wrong", "Remove"),
    "same": Shown("quiet", "Same"),
}
# How the guard around a gate stands in its cluster
GUARD: Mapping[str, Shown] = {
    "off": Shown("quiet", "Off"),
    "coming": Shown("working", "Coming to the cluster"),
    "in_force": Shown("ready", "In force"),
    "drifted": Shown("wrong", "Changed by hand"),
    "failed": Shown("wrong", "Not in force"),
}
# How an instance stands against what was sealed, and how one thing differs
DRIFT: Mapping[str, Shown] = {
    "in_step": Shown("ready", "As sealed"),
    "drifted": Shown("waiting", "Drifted"),
    "unknown": Shown("quiet", "Not known"),
}
DRIFT_HOW: Mapping[str, Shown] = {
    "changed": Shown("waiting", "Changed"),
    "removed": Shown("wrong", "Removed"),
    "added": Shown("waiting", "Added"),
    "missing": Shown("wrong", "Missing"),
    "foreign": Shown("quiet", "Foreign"),
}
SOURCE: Mapping[str, Shown] = {
    "never": Shown("quiet", "Never synchronised"),
    "due": Shown("waiting", "Waits for a worker"),
    "syncing": Shown("working", "Synchronising"),
    "ok": Shown("ready", "Synchronised"),
    "partly": Shown("waiting", "Some versions refused"),
    "failed": Shown("wrong", "Failed"),
    "disabled": Shown("quiet", "Disabled"),
    "files": Shown("quiet", "The library's files"),
}
SOURCE_VERSION: Mapping[str, Shown] = {
    "imported": Shown("ready", "Imported"),
    "refused": Shown("wrong", "Refused"),
    "gone": Shown("quiet", "No longer offered"),
}
PROVENANCE: Mapping[str, Shown] = {
    "none": Shown("quiet", "Not signed"),
    "verified": Shown("ready", "Signature verified"),
    "failed": Shown("wrong", "Signature does not hold"),
    "unchecked": Shown("waiting", "Signed, not checked"),
}
VERSION: Mapping[str, Shown] = {
    "draft": Shown("waiting", "Draft"),
    "active": Shown("ready", "On offer"),
    "deprecated": Shown("waiting", "Deprecated"),
    "retired": Shown("quiet", "Retired"),
}
CAMPAIGN: Mapping[str, Shown] = {
    CampaignState.PREPARING: Shown("working", "Being prepared"),
    CampaignState.READY: Shown("waiting", "Ready to start"),
    CampaignState.RUNNING: Shown("working", "Running"),
    CampaignState.PAUSED: Shown("waiting", "Paused"),
    CampaignState.HALTED: Shown("wrong", "Stopped itself"),
    CampaignState.STOPPED: Shown("quiet", "Stopped"),
    CampaignState.FINISHED: Shown("ready", "Finished"),
}
CAMPAIGN_ITEM: Mapping[str, Shown] = {
    ItemState.WAITING: Shown("waiting", "Waiting for its turn"),
    ItemState.ASKED: Shown("waiting", "Team is asked"),
    ItemState.AGREED: Shown("waiting", "Team agreed"),
    ItemState.DECLINED: Shown("quiet", "Declined"),
    ItemState.OPENING: Shown("working", "Being opened"),
    ItemState.OPENED: Shown("working", "Change under way"),
    ItemState.SUCCEEDED: Shown("ready", "Upgraded"),
    ItemState.FAILED: Shown("wrong", "Failed"),
    ItemState.BLOCKED: Shown("wrong", "Does not fit"),
    ItemState.SKIPPED: Shown("quiet", "Skipped"),
}
# How the version that an instance runs stands
FLEET: Mapping[str, Shown] = {
    "newest": Shown("ready", "Newest"),
    "behind": Shown("quiet", "Behind"),
    "deprecated": Shown("waiting", "Deprecated"),
    "overdue": Shown("wrong", "Overdue"),
}
TABLES: Mapping[str, Mapping[str, Shown]] = {
    "source": SOURCE,
    "source_version": SOURCE_VERSION,
    "provenance": PROVENANCE,
    "version": VERSION,
    "change": CHANGE,
    "health": HEALTH,
    "outcome": OUTCOME,
    "object": LIVE_OBJECT,
    "node": NODE,
    "rollout": ROLLOUT,
    "lifecycle": LIFECYCLE,
    "object_change": OBJECT_CHANGE,
    "exception": EXCEPTION,
    "quota-raise": QUOTA_RAISE,
    "blast_radius": BLAST_RADIUS,
    "installation": INSTALLATION,
    "guard": GUARD,
    "drift": DRIFT,
    "drift_how": DRIFT_HOW,
    "campaign": CAMPAIGN,
    "campaign_item": CAMPAIGN_ITEM,
    "fleet": FLEET,
}
# What happened to an exception, or to a raise of a quota, as its timeline says it
EXCEPTION_EVENTS: Mapping[str, Shown] = {
    "exception.requested": Shown("waiting", "asked for it"),
    "exception.granted": Shown("ready", "granted it"),
    "exception.rejected": Shown("wrong", "rejected it"),
    "exception.withdrawn": Shown("quiet", "took it back"),
    "exception.revoked": Shown("wrong", "ended it early"),
    "exception.announced": Shown("waiting", "said that it ends soon"),
    "exception.expired": Shown("quiet", "found it over"),
    "quota.raise_requested": Shown("waiting", "asked for it"),
    "quota.raise_granted": Shown("ready", "granted it"),
    "quota.raise_rejected": Shown("wrong", "rejected it"),
    "quota.raise_withdrawn": Shown("quiet", "took it back"),
    "decision.refused": Shown("wrong", "tried to decide it and may not"),
}
# How a policy acts in an environment: an icon, a word and what it means; no state, so none of the five
MODES: Mapping[str, tuple[str, str, str]] = {
    "enforce": ("shield-lock", "Enforce", "refuses what breaks it"),
    "warn": ("alert-circle", "Warn", "lets it pass and says so"),
    "audit": ("eye", "Audit", "lets it pass and keeps a note"),
    "off": ("circle-off", "Off", "is not looked at"),
}


def shown(table: str, state: str) -> Shown:
    """How `state` of `table` is shown; a state nobody declared is quiet, under its own name."""
    return TABLES[table].get(state, Shown("quiet", str(state)))
