from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q

from portal.accounts.models import User
from services_catalog.models.deprecation import Deprecable


class Lifecycle(models.TextChoices):
    ACTIVE = "active", "active"
    DEPRECATED = "deprecated", "deprecated"
    RETIRED = "retired", "retired"


# a label's value for "whichever"
ANY = "*"


class Role(models.TextChoices):
    """What an instance of it is to the rest: a service in a namespace, or the namespace itself."""

    SERVICE = "service", "service"
    NAMESPACE = "namespace", "namespace"


DERIVED = ("search_text", "labels")


class OfferingQuerySet(models.QuerySet["Offering"]):
    def visible(self) -> OfferingQuerySet:
        """What the library shows: everything that is not retired."""
        return self.exclude(lifecycle=Lifecycle.RETIRED)

    def visible_to(self, user: User) -> OfferingQuerySet:
        """What the library shows this person: without what is kept for other teams."""
        if user.access.sees_all_teams:
            return self.visible()
        return self.visible().labelled("team", sorted(user.access.team_slugs))

    def labelled(self, kind: str, values: Iterable[str]) -> OfferingQuerySet:
        """With one of these labels, or open to all of that kind (`env`, `team`; a `tag` is never open)."""
        wanted = [f"{kind}:{value}" for value in values] + [f"{kind}:{ANY}"]
        return self.filter(reduce(or_, (Q(labels__contains=f"\n{each}\n") for each in wanted)))

    def matching(self, words: str) -> OfferingQuerySet:
        """With every one of these words in name, slug, summary, category or tags."""
        return self.filter(*(Q(search_text__contains=word) for word in words.casefold().split()))

    def requestable(self) -> OfferingQuerySet:
        """Active, with at least one active version: what somebody may ask for anew."""
        return self.filter(lifecycle=Lifecycle.ACTIVE, versions__status="active").distinct()


class Offering(Deprecable):
    """An entry of the application services library."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200, help_text="one sentence")
    description = models.TextField(blank=True, help_text="Markdown")
    when_not_to_use = models.TextField(blank=True, help_text="Markdown")
    category = models.CharField(max_length=40)
    tags = models.JSONField(default=list, blank=True)
    icon = models.CharField(max_length=40, blank=True, help_text="name of an icon")
    owner = models.CharField(max_length=80)
    lifecycle = models.CharField(max_length=12, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    cluster_scoped = models.BooleanField(default=False, help_text="may hold objects beyond its own namespace")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.SERVICE)
    provides = models.JSONField(default=dict, blank=True, help_text='{"endpoints": […], "secrets": […]}')
    environments = models.JSONField(
        default=list, blank=True, help_text="slugs of the environments where it may be requested; empty: all"
    )
    teams = models.JSONField(
        default=list, blank=True, help_text="slugs of the teams that may request it; empty: all"
    )
    search_text = models.TextField(editable=False, default="", help_text="what search looks in")
    labels = models.TextField(editable=False, default="", help_text="tag:…, env:… and team:…, one a line")
    successor = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the offering to take instead",
    )

    objects = OfferingQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        indexes = (models.Index(fields=["lifecycle", "category"], name="offering_lifecycle_category"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(lifecycle__in=Lifecycle.values), name="offering_lifecycle_is_known"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="offering_role_is_known"),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With what is derived for searching, also when only some fields are written."""
        self.derive()
        fields = kwargs.get("update_fields")
        if fields is not None:
            kwargs["update_fields"] = {*fields, *DERIVED}
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Fill in what search and filters look in; `bulk_create` asks for it, `save` does it."""
        text = (self.name, self.slug, self.summary, self.category, *self.tags)
        self.search_text = " ".join(text).casefold()
        lines = [f"tag:{tag}" for tag in self.tags]
        lines += [f"env:{slug}" for slug in self.environments or (ANY,)]
        lines += [f"team:{slug}" for slug in self.teams or (ANY,)]
        self.labels = "\n".join(("", *lines, ""))

    @property
    def is_namespace(self) -> bool:
        return self.role == Role.NAMESPACE

    def is_offered_in(self, environment_slug: str) -> bool:
        return not self.environments or environment_slug in self.environments

    def is_offered_to(self, team_slug: str) -> bool:
        return not self.teams or team_slug in self.teams
