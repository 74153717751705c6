"""Who had a part in what a change would run, and so has no say in whether it does."""

from __future__ import annotations

from portal.accounts.models import User
from portal.lifecycle.models import Release
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.states import ChangeKind

# a chain of promotions is as long as there are stages
LONGEST_CHAIN = 20


def of(wish: Wish) -> set[int]:
    """Ids of whoever asks, of the authors of every release that it carries on, and of the people whom service
    accounts among them act for."""
    people = {wish.actor.pk, *wish.also_by}
    if wish.source is not None:
        people |= authors(wish.source) if wish.kind == ChangeKind.PROMOTE else {wish.source.created_by_id}
    return people | responsible_for(people)


def authors(release: Release) -> set[int]:
    """Who made `release` what it is: authors of it and its predecessors since the last one promoted onwards,
    in each stage that it came through."""
    people: set[int] = set()
    step: Release | None = release
    for _ in range(LONGEST_CHAIN):
        if step is None:
            break
        people |= _authors_here(step)
        step = step.promoted_from
    return people


def responsible_for(people: set[int]) -> set[int]:
    rows = User.objects.filter(pk__in=people, is_service_account=True).exclude(responsible=None)
    return {pk for pk in rows.values_list("responsible", flat=True) if pk is not None}


def _authors_here(release: Release) -> set[int]:
    """Later ones built upon earlier ones, back to the last that went on to the next stage before."""
    earlier = Release.objects.filter(instance=release.instance_id, number__lt=release.number)
    promoted = earlier.filter(promotions__changes__state="succeeded").order_by("-number").first()
    since = earlier.filter(number__gt=promoted.number) if promoted else earlier
    return {release.created_by_id, *since.values_list("created_by", flat=True)}
