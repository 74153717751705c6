"""Saying in a form that a version, or a whole offering, is on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.shortcuts import get_object_or_404

from portal.core.errors import SlipwayError
from portal.lifecycle.selectors import fleet
from portal.web.access import SignedIn
from portal.web.forms.fleet import DeprecationForm
from portal.web.middleware import status_of
from services_catalog import deprecations
from services_catalog.deprecations import Subject
from services_catalog.models import Lifecycle, Offering, OfferingVersion


@dataclass
class Deprecating:
    """`number` names a version; without one it is about the offering."""

    request: SignedIn
    slug: str
    number: str
    status: int = 200

    @cached_property
    def offering(self) -> Offering:
        return get_object_or_404(Offering.objects.visible().select_related("successor"), slug=self.slug)

    @cached_property
    def subject(self) -> Subject:
        if not self.number:
            return self.offering
        rows = OfferingVersion.objects.select_related("offering", "successor")
        return get_object_or_404(rows, offering=self.offering, version=self.number)

    @property
    def is_deprecated(self) -> bool:
        return deprecations.state_of(self.subject) == "deprecated"

    @cached_property
    def running(self) -> int:
        """How many run it."""
        lines = fleet.of_offering(self.request.user, self.offering)
        return sum(line.total for line in lines if self.number in ("", line.behind.version.version))

    @cached_property
    def form(self) -> DeprecationForm:
        subject = self.subject
        successor = subject.successor
        kept = successor.slug if isinstance(successor, Offering) else successor.version if successor else ""
        initial = {
            "message": subject.deprecation_message,
            "retires_on": subject.retires_on,
            "successor": kept,
        }
        posted = self.request.POST if self.request.method == "POST" else None
        return DeprecationForm(posted, successors=self._successors(), initial=initial)

    def say(self) -> bool:
        if not self.form.is_valid():
            self.status = 422
            return False
        try:
            deprecations.deprecate(self.subject, actor=self.request.user, data=self.form.cleaned_data)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return False
        return True

    def _successors(self) -> list[tuple[str, str]]:
        if isinstance(self.subject, Offering):
            rows = Offering.objects.visible().filter(lifecycle=Lifecycle.ACTIVE).exclude(pk=self.subject.pk)
            return [(each.slug, each.name) for each in rows.only("slug", "name")]
        versions = OfferingVersion.objects.requestable().filter(offering=self.offering)
        others = versions.exclude(pk=self.subject.pk).only("version")
        ordered = sorted(others, key=lambda each: each.precedence, reverse=True)
        return [(each.version, each.version) for each in ordered]
