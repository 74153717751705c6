"""Policies and people that tests of the gate speak of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from portal.accounts.models import Membership, User
from portal.audit.models import Notification
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest
from portal.policy.emergencies import ALLOWED, ANNOTATION
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask
from tests.policy.scenes import binding, policy

NAMESPACES = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces"]}


def wait(organisation: Organisation, *, emergency: bool = False, actor: User | None = None) -> ChangeRequest:
    """alice's request of a namespace in production, which waits."""
    place = {"application": "storefront", "environment": "production", "offering": "namespace"}
    return ask(actor or organisation.alice, **place, emergency=emergency)


def no_namespaces(*, may_break_glass: bool) -> list[dict[str, Any]]:
    """A rule that refuses every namespace, and whether an emergency passes it."""
    rule = policy("no-namespaces", "request.operation == 'NEVER'", rule=NAMESPACES)
    if may_break_glass:
        rule["metadata"]["annotations"] = {ANNOTATION: ALLOWED}
    return [rule, binding("no-namespaces")]


def something_else() -> list[dict[str, Any]]:
    """A rule that refuses nothing, so that only the bundle's digest is another."""
    return [policy("nothing", "true"), binding("nothing")]


def on_call(organisation: Organisation, name: str = "mona") -> User:
    Membership.objects.filter(user__username=name).update(on_call=True)
    return User.objects.get(username=name)


def rules(organisation: Organisation, slug: str = "production", **fields: Any) -> None:
    """Other rules of a gate, without anybody who sets them."""
    Environment.objects.filter(slug=slug).update(**fields)


def told(topic: str) -> set[str]:
    return set(Notification.objects.filter(topic=topic).values_list("user__username", flat=True))


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
