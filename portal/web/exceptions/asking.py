"""Asking for an exception with a form: from which finding, for what, how long, why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import NotFound, SlipwayError
from portal.lifecycle.models import ChangeRequest, PolicyException, ServiceInstance
from portal.lifecycle.selectors import bundle
from portal.lifecycle.services import exceptions
from portal.lifecycle.services.exceptions import EXCEPTABLE, Place
from portal.policy import Verdict
from portal.web import change_page, instance_page
from portal.web.access import SignedIn
from portal.web.forms.exceptions import RequestForm
from portal.web.middleware import status_of

USUAL_DAYS = 14
Finding = tuple[str, str, str]


@dataclass
class ExceptionAsking:
    """One request form. `about` is the change or the instance whose findings can be excepted from."""

    actor: User
    about: ChangeRequest | ServiceInstance
    place: Place
    findings: dict[str, Verdict]
    form: RequestForm
    status: int = 200

    @property
    def chosen(self) -> Verdict | None:
        """The finding that the form is about at the moment."""
        name = self.form["finding"].value()
        return self.findings.get(str(name)) or next(iter(self.findings.values()), None)

    @property
    def limits(self) -> dict[str, int]:
        """The longest exception in days, by severity, for those that occur here."""
        found = {verdict.severity for verdict in self.findings.values()}
        return {severity: exceptions.longest_days(severity) for severity in sorted(found)}

    def ask(self) -> PolicyException | None:
        """Ask; None when it was refused, with the reasons placed beside their causes."""
        if not self.form.is_valid():
            self.status = 422
            return None
        typed = dict(self.form.cleaned_data)
        policy, kind, name = str(typed.pop("finding")).split("|", 2)
        try:
            data = {**typed, "policy": policy, "kind": kind, "name": name}
            return exceptions.request(self.actor, self.place, data)
        except SlipwayError as error:
            self.form.refuse(error)
            self.status = status_of(error)
            return None


def of_request(request: SignedIn) -> ExceptionAsking:
    """The form that the address is about: `?change=` or `?instance=`. Raises Http404, NotPermitted."""
    about = _about(request)
    require(request.user, Verb.REQUEST, about.team_id)
    place = (
        exceptions.place_of_change(about)
        if isinstance(about, ChangeRequest)
        else exceptions.place_of_instance(about)
    )
    findings = _findings(place)
    choices = [(name, f"{verdict.title} · {verdict.key}") for name, verdict in findings.items()]
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        findings=choices,
        initial=_initial(request.GET, findings),
    )
    return ExceptionAsking(request.user, about, place, findings, form)


def _about(request: SignedIn) -> ChangeRequest | ServiceInstance:
    change, instance = request.GET.get("change", ""), request.GET.get("instance", "")
    number = change or instance
    if bool(change) == bool(instance) or not number.isdecimal() or len(number) > 18:
        raise NotFound
    if change:
        return get_object_or_404(change_page.rows(request.user), pk=number)
    return get_object_or_404(instance_page.rows(request.user), pk=number)


def _findings(place: Place) -> dict[str, Verdict]:
    """What can be excepted from, one for each policy and object."""
    known = {policy.name for policy in bundle.current().policies}
    return {
        _name(verdict.policy, verdict.key.kind, verdict.key.name): verdict
        for verdict in place.verdicts
        if verdict.outcome in EXCEPTABLE and verdict.policy in known
    }


def _initial(asked: QueryDict, findings: dict[str, Verdict]) -> dict[str, Any]:
    wanted = _name(asked.get("policy", ""), asked.get("kind", ""), asked.get("name", ""))
    same = (name for name in findings if name == wanted)
    of_policy = (name for name, verdict in findings.items() if verdict.policy == asked.get("policy"))
    name = next(same, None) or next(of_policy, None) or next(iter(findings), "")
    verdict = findings.get(name)
    days = min(USUAL_DAYS, exceptions.longest_days(verdict.severity)) if verdict else USUAL_DAYS
    return {"finding": name, "scope": "object", "days": days}


def _name(policy: str, kind: str, name: str) -> str:
    return f"{policy}|{kind}|{name}"
