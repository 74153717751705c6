"""The guard around the gate of one environment: what is set, what the cluster has, what went around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest, QueryDict

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.clusters.metadata import Identity
from portal.core.errors import SlipwayError
from portal.environments.models import Environment
from portal.lifecycle.operations.placing import Step, counts
from portal.lifecycle.selectors import guards as selector
from portal.lifecycle.services import guards
from portal.web.forms.guard import GuardForm
from portal.web.middleware import status_of
from portal.web.paging import page_of

# in the order in which one goes through them
CHOICES: tuple[tuple[str, str, str], ...] = (
    ("off", "Off", "The cluster lets everything pass; bypasses are looked for where there is a gate"),
    ("audit", "Audit", "Lets it pass, warns whoever writes, and counts it here"),
    ("deny", "Deny", "Refuses it, from administrators too"),
)
T = TypeVar("T")
DIFFERENT = ("create", "change", "remove")


@dataclass
class GuardPage:
    """One look. `steps` is what putting right would do, once that was asked."""

    user: User
    environment: Environment
    form: GuardForm
    steps: Sequence[Step] | None = None
    portal: Identity | None = None
    failure: SlipwayError | None = None
    status: int = 200

    def set(self) -> bool:
        """False when it was refused, with the reasons placed beside their causes."""
        if not self.form.is_valid():
            self.status = 422
            return False
        typed = self.form.cleaned_data
        try:
            guards.set_mode(
                self.environment,
                typed["mode"],
                reason=typed["reason"],
                seen=typed["seen"] or None,
                controllers=typed["controllers"],
                actor=self.user,
            )
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return False
        return True

    def compare(self) -> None:
        """Ask the cluster; what it does not answer is said in `failure`."""
        self.steps = self._asked(guards.look_again)
        self.portal = self._asked(guards.portal_in) if self.failure is None else None

    def put_right(self) -> bool:
        self.steps = self._asked(guards.put_right)
        self.status = status_of(self.failure) if self.failure else 200
        return self.failure is None

    def context(self, request: HttpRequest) -> dict[str, Any]:
        guard = selector.of(self.environment)
        return {
            "look": self,
            "environment": guard.environment,
            "guard": guard,
            "form": self.form,
            "chosen": self.form["mode"].value() or guard.mode,
            "choices": CHOICES,
            "may_curate": self.user.access.may(Verb.CURATE),
            "counts": counts(self.steps or ()),
            "different": [step for step in self.steps or () if step.action in DIFFERENT],
            "page": page_of(selector.bypasses(self.environment), request),
        }

    def _asked(self, service: Callable[..., T]) -> T | None:
        try:
            return service(self.environment, actor=self.user)
        except SlipwayError as error:
            self.failure = error
            return None


def of(user: User, environment: Environment, posted: QueryDict | None = None) -> GuardPage:
    named = "\n".join(selector.of(environment).controllers)
    initial = {"seen": environment.guard, "controllers": named}
    return GuardPage(user, environment, GuardForm(posted, initial=initial))
