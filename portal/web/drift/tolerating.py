"""Letting one thing be until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.core import clock
from portal.core.errors import SlipwayError
from portal.lifecycle.models import DriftItem, ServiceInstance
from portal.lifecycle.services.drift import tolerances
from portal.web.access import SignedIn
from portal.web.forms.drift import TolerateForm
from portal.web.middleware import status_of

USUAL = timedelta(days=14)


@dataclass
class Tolerating:
    """One form about one item. `why_not` says why this person may not."""

    actor: User
    instance: ServiceInstance
    item: DriftItem
    form: TolerateForm
    why_not: str | None = None
    status: int = 200

    @property
    def longest(self) -> int:
        return tolerances.LONGEST.days

    @property
    def latest(self) -> Any:
        """The last day that can be chosen whole."""
        return (clock.now() + tolerances.LONGEST - timedelta(days=1)).date()

    @property
    def is_whole(self) -> bool:
        return not self.item.path

    def say(self) -> bool:
        """Whether it is tolerated now; else the form says why not."""
        if not self.form.is_valid():
            self.status = 422
            return False
        path = "" if self.form.cleaned_data["scope"] == "object" else self.item.path
        said = {"until": self.form.moment, "reason": self.form.cleaned_data["reason"], "actor": self.actor}
        try:
            tolerances.tolerate(self.instance, self.item.key, path, **said)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return False
        return True


def of_request(request: SignedIn, instance: ServiceInstance, item: int) -> Tolerating:
    found = get_object_or_404(instance.drift_items.current(), pk=item)
    first = {"until": (clock.now() + USUAL).date(), "scope": "field"}
    form = TolerateForm(request.POST if request.method == "POST" else None, initial=first)
    return Tolerating(request.user, instance, found, form, tolerances.why_may_not(instance, request.user))
