"""The gate of one environment: its rules, and setting them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.core.errors import SlipwayError
from portal.environments.models import ApproverGroup, Environment
from portal.lifecycle.selectors.evidence import KINDS
from portal.lifecycle.services import gates
from portal.lifecycle.services.gate_rules import RELAXATIONS
from portal.web.forms.gate import GateForm
from portal.web.middleware import status_of

SHOWN_EVENTS = 5


@dataclass
class GatePage:
    user: User
    environment: Environment
    form: GateForm
    status: int = 200

    def save(self) -> bool:
        """False when it was refused, with the reasons placed beside their causes."""
        if not self.form.is_valid():
            self.status = 422
            return False
        try:
            gates.change_gate(self.environment, actor=self.user, **self.form.asked)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return False
        return True

    def context(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "form": self.form,
            "groups": ApproverGroup.objects.prefetch_related("members"),
            "chosen": {str(slug) for slug in self.form["approver_groups"].value() or ()},
            "relaxed": [words for name, words in RELAXATIONS.items() if getattr(self.environment, name)],
            "may_curate": self.user.access.may(Verb.CURATE),
            "events": AuditEvent.objects.filter(
                action="environment.saved", object_type="Environment", object_id=str(self.environment.pk)
            ).order_by("-at")[:SHOWN_EVENTS],
        }


def of(user: User, environment: Environment, posted: QueryDict | None = None) -> GatePage:
    rules = gates.rules_of(environment)
    evidence = rules.pop("required_evidence")
    initial = {
        **rules,
        **{f"evidence_{kind}": evidence.get(kind) for kind in KINDS},
        "seen": gates.digest_of_rules(environment),
    }
    return GatePage(user, environment, GateForm(posted, initial=initial))
