"""Finding things by their name, among what one may see: for the search page and for what it suggests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils.http import urlencode

from portal.accounts.models import Team, User
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, ServiceInstance
from portal.lifecycle.selectors import policies
from portal.web.documents import searching
from services_catalog import selectors

LONGEST = 80
ROWS = 8  # of a kind on the page
SUGGESTED = 4  # of a kind while typing
MAX_DIGITS = 18
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Hit:
    """One thing that was found. `detail` tells it from others of its name."""

    url: str
    title: str
    detail: str = ""
    environment: Environment | None = None


@dataclass(frozen=True)
class Group:
    """Hits of one kind, the best first. `list_url` is a list that takes the same words as `q`."""

    title: str
    icon: str
    hits: list[Hit]
    list_url: str = ""


def words_of(typed: str) -> str:
    """What somebody typed, without needless blanks, cut where nobody looks for more."""
    return " ".join(typed.split())[:LONGEST]


def change_numbered(user: User, words: str) -> int | None:
    """The id of the change that `12` or `#12` means, if `user` may see it."""
    number = words.removeprefix("#")
    if not number.isascii() or not number.isdecimal() or len(number) > MAX_DIGITS:
        return None
    return ChangeRequest.objects.visible_to(user).filter(pk=number).values_list("pk", flat=True).first()


def named(user: User, words: str, *, most: int = ROWS) -> list[Group]:
    """By kind, up to `most` of each, with these words in their name; nothing for no words."""
    if not words:
        return []
    found = (
        Group("Applications", "stack-2", list(_applications(user, words, most))),
        Group("Instances", "box", list(_instances(user, words, most)), reverse("web:instances")),
        Group("Offerings", "layout-grid", list(_offerings(user, words, most)), reverse("web:catalog")),
        Group("Policies", "shield-check", list(_policies(words, most)), reverse("web:policies")),
        Group("Changes", "git-pull-request", list(_changes(user, words, most)), reverse("web:changes")),
        Group("People", "user", list(_people(user, words, most))),
        Group("Teams", "users", list(_teams(user, words, most))),
        Group("Guides", "book", list(_guides(words, most)), reverse("web:docs")),
    )
    return [group for group in found if group.hits]


def _applications(user: User, words: str, most: int) -> Iterator[Hit]:
    rows = Application.objects.visible_to(user).select_related("team")
    for each in _best(rows, words, "slug", "name")[:most]:
        yield Hit(reverse("web:applications-one", args=[each.slug]), each.name, each.team.name)


def _instances(user: User, words: str, most: int) -> Iterator[Hit]:
    rows = ServiceInstance.objects.visible_to(user).alive()
    rows = rows.select_related("application", "environment", "offering")
    for each in _best(rows, words, "name")[:most]:
        detail = f"{each.offering.name} of {each.application.slug}"
        yield Hit(reverse("web:instances-one", args=[each.pk]), each.name, detail, each.environment)


def _offerings(user: User, words: str, most: int) -> Iterator[Hit]:
    for each in _first(selectors.catalog(user, search=words), words, "name")[:most]:
        yield Hit(reverse("web:catalog-offering", args=[each.slug]), each.name, each.summary)


def _policies(words: str, most: int) -> Iterator[Hit]:
    for each in policies.named(words)[:most]:
        yield Hit(reverse("web:policies-one", args=[each.name]), each.metadata.title, each.name)


def _changes(user: User, words: str, most: int) -> Iterator[Hit]:
    rows = ChangeRequest.objects.visible_to(user).select_related("environment")
    for each in rows.filter(name__icontains=words)[:most]:
        title = f"#{each.pk} {each.get_kind_display()} {each.name}"
        url = reverse("web:changes-one", args=[each.pk])
        yield Hit(url, title, each.get_state_display(), each.environment)


def _people(user: User, words: str, most: int) -> Iterator[Hit]:
    """Who somebody is and which teams they are in: no more than a colleague knows. A click lists what they
    have asked for, as far as `user` may see it."""
    rows = User.objects.filter(is_active=True, is_service_account=False)
    names = ("username", "first_name", "last_name")
    for each in _best(rows.prefetch_related("teams"), words, *names)[:most]:
        teams = ", ".join(team.name for team in each.teams.all())
        url = f"{reverse('web:changes')}?{urlencode({'q': each.username})}"
        yield Hit(url, each.display_name, f"{each.username}{f', {teams}' if teams else ''}")


def _teams(user: User, words: str, most: int) -> Iterator[Hit]:
    rows = Team.objects.all()
    if not user.access.sees_all_teams:
        rows = rows.filter(pk__in=user.access.team_ids())
    for each in _best(rows, words, "slug", "name")[:most]:
        yield Hit(f"{reverse('web:instances')}?team={each.slug}", each.name, each.slug)


def _guides(words: str, most: int) -> Iterator[Hit]:
    for each in searching.search(words, most=most):
        detail = each.document.title if each.section.level > 1 else each.document.summary
        yield Hit(each.url, each.title, detail)


def _best(rows: models.QuerySet[M], words: str, *fields: str) -> models.QuerySet[M]:
    """With these words in one of the fields; those first where a field begins with them."""
    within = Q(*((f"{field}__icontains", words) for field in fields), _connector=Q.OR)
    return _first(rows.filter(within), words, *fields)


def _first(rows: models.QuerySet[M], words: str, *fields: str) -> models.QuerySet[M]:
    begins = Q(*((f"{field}__istartswith", words) for field in fields), _connector=Q.OR)
    return rows.order_by(Case(When(begins, then=Value(0)), default=Value(1)), fields[0], "pk")
