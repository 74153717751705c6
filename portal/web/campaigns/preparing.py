"""Preparing a campaign in a form: which offering first, then where and how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count

from portal.accounts.models import User
from portal.core.errors import SlipwayError
from portal.environments.models import Environment
from portal.lifecycle.models import UpgradeCampaign
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.campaigns import preparing
from portal.web.access import SignedIn
from portal.web.forms.campaigns import CampaignForm
from portal.web.middleware import status_of
from services_catalog.models import Offering, OfferingVersion


@dataclass
class Preparing:
    """`offering` is None until one is chosen."""

    request: SignedIn
    offering: Offering | None
    status: int = 200

    @property
    def user(self) -> User:
        return self.request.user

    @cached_property
    def offerings(self) -> list[Offering]:
        """Those of which anything runs."""
        rows = Offering.objects.visible().filter(instances__retired_at=None, instances__isnull=False)
        return list(rows.only("slug", "name").distinct().order_by("name"))

    @cached_property
    def versions(self) -> list[OfferingVersion]:
        """Newest first."""
        rows = OfferingVersion.objects.filter(offering=self.offering).select_related("offering")
        light = rows.only("version", "status", "retires_on", "offering__lifecycle", "offering__retires_on")
        return sorted(light, key=lambda each: each.precedence, reverse=True)

    @cached_property
    def running(self) -> list[tuple[Environment, int]]:
        """How many run anything older than the newest, by environment."""
        targets = [each for each in self.versions if each.may_be_requested and not each.is_out]
        if self.offering is None or not targets:
            return []
        older = [each.pk for each in self.versions if each.precedence < targets[0].precedence]
        rows = campaigns.affected(self.offering, older).order_by()
        counts = dict(rows.values_list("environment").annotate(n=Count("pk")))
        return [(each, counts.get(each.pk, 0)) for each in Environment.objects.order_by("order")]

    @property
    def has_older(self) -> bool:
        return any(count for _, count in self.running)

    @cached_property
    def form(self) -> CampaignForm:
        targets = [each.version for each in self.versions if each.may_be_requested and not each.is_out]
        return CampaignForm(
            self.request.POST if self.request.method == "POST" else None,
            environments=[environment for environment, _ in self.running],
            versions=targets,
            older=[each.version for each in self.versions if each.version != targets[0]] if targets else [],
            initial={"version": self.request.GET.get("version", "")},
        )

    def prepare(self) -> UpgradeCampaign | None:
        if self.offering is None or not self.form.is_valid():
            self.status = 422
            return None
        try:
            return preparing.prepare(self.user, self.form.data_for(self.offering.slug))
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
        return None
