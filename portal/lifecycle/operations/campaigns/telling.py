"""Who is told what of a campaign: one function for each thing worth telling, called in the transaction that
makes it so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from portal.accounts.models import Membership, Team, User
from portal.audit.notifying import notify
from portal.lifecycle.models import CampaignItem, UpgradeCampaign


def asked(campaign: UpgradeCampaign, items: Sequence[CampaignItem]) -> None:
    """Maintainers are asked about their instances, in one notice for each team."""
    by_team = sorted(items, key=lambda item: (item.instance.application.team_id, item.pk))
    for _, group in groupby(by_team, key=lambda item: item.instance.application.team_id):
        theirs = list(group)
        team = theirs[0].instance.application.team
        what = _named(theirs)
        until = f" Answer by {campaign.answer_by:%d %b %Y, %H:%M} UTC." if campaign.answer_by else ""
        text = f"May {what} be upgraded to {campaign.offering} {campaign.target.version}?{until}"
        key = f"campaign.asked:{theirs[0].pk}:{theirs[0].attempt}"
        _tell(campaign, maintainers(team), "campaign.asked", text, key, team)


def blocked(item: CampaignItem) -> None:
    """To the whole team: it takes somebody who knows the service."""
    campaign, team = item.campaign, item.instance.application.team
    text = f"{_named([item])} does not fit {campaign.offering} {campaign.target.version}: {item.said}"
    key = f"campaign.blocked:{item.pk}:{item.attempt}"
    _tell(campaign, team.members.filter(is_active=True), "campaign.blocked", text, key, team)


def halted(campaign: UpgradeCampaign) -> None:
    text = f"Campaign #{campaign.pk} {campaign.title} stopped itself: {campaign.said}"
    key = f"campaign.halted:{campaign.pk}:{campaign.failures_accepted}"
    _tell(campaign, _people(campaign), "campaign.halted", text, key, urgent=True)


def finished(campaign: UpgradeCampaign) -> None:
    text = f"Campaign #{campaign.pk} {campaign.title} is finished. {campaign.said}"
    _tell(campaign, _people(campaign), "campaign.finished", text, f"campaign.finished:{campaign.pk}")


def declined(item: CampaignItem) -> None:
    """To whoever runs the campaign."""
    campaign = item.campaign
    text = f"{_named([item])} is not upgraded: {item.said}"
    key = f"campaign.declined:{item.pk}:{item.attempt}"
    _tell(campaign, _people(campaign), "campaign.declined", text, key)


def maintainers(team: Team) -> list[User]:
    """Who may answer for a team."""
    rows = User.objects.filter(
        is_active=True, memberships__team=team, memberships__role=Membership.Role.MAINTAINER
    )
    return list(rows.distinct().order_by("pk"))


def _people(campaign: UpgradeCampaign) -> list[User]:
    return [campaign.started_by or campaign.created_by]


def _named(items: Sequence[CampaignItem]) -> str:
    first = items[0].instance
    name = f"{first.name} of {first.application} in {first.environment}"
    if len(items) == 1:
        return name
    return f"{name} and {len(items) - 1} more"


def _tell(
    campaign: UpgradeCampaign,
    people: Iterable[User],
    topic: str,
    text: str,
    key: str,
    team: Team | None = None,
    *,
    urgent: bool = False,
) -> None:
    url = f"/campaigns/{campaign.pk}/" + (f"?team={team.slug}" if team else "")
    notify(people, topic=topic, text=text, url=url, key=key, urgent=urgent)
