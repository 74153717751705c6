"""What policies leave behind, made as rows: exceptions, findings, questions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.core import clock
from portal.core.objects import ObjectKey
from portal.lifecycle.models import (
    BlastRadius,
    ChangeRequest,
    PolicyException,
    PolicyReport,
    ServiceInstance,
    Violation,
)
from portal.lifecycle.selectors import bundle
from portal.lifecycle.states import ChangeState, ExceptionState
from portal.policy import Verdict
from tests.api.conftest import World
from tests.factories import ChangeFactory


def a_policy() -> str:
    """One that is in force in every test: of the real library."""
    return bundle.current().policies[0].name


def verdict(policy: str = "", **other: Any) -> Verdict:
    facts: dict[str, Any] = {
        "policy": policy or a_policy(),
        "rule": 0,
        "title": "A rule",
        "outcome": "deny",
        "key": ObjectKey("apps/v1", "Deployment", "storefront-dev", "shop-api"),
        "path": "spec.template",
        "message": "Not like this.",
        "reason": "Invalid",
        "remediation": "Do it otherwise.",
        "severity": "high",
        "category": "Tests",
        "docs": "",
    }
    return Verdict(**facts | other)


def denied(world: World, *verdicts: Verdict, **other: Any) -> ChangeRequest:
    """A change of alice's that policy refused."""
    facts = {"state": ChangeState.DENIED, "requested_by": world.people["alice"], "release": None}
    found = [each.as_dict() for each in verdicts or (verdict(),)]
    return ChangeFactory(**{"instance": world.instance, **facts, "verdicts": found, **other})


def exception(
    instance: ServiceInstance, who: Any, *, granted_by: Any = None, **other: Any
) -> PolicyException:
    now = clock.now()
    facts: dict[str, Any] = {
        "policy": a_policy(),
        "severity": "high",
        "application": instance.application,
        "environment": instance.environment,
        "instance_name": instance.name,
        "message": "Not like this.",
        "reason": "It takes until next week.",
        "requested_by": who,
        "requested_at": now,
        "expires_at": (now + timedelta(days=5)).replace(microsecond=0),
    }
    if granted_by is not None:
        facts |= {"state": ExceptionState.GRANTED, "decided_by": granted_by, "decided_at": now}
    return PolicyException.objects.create(**facts | other)


def asked(world: World, **other: Any) -> PolicyException:
    return exception(world.instance, world.people["alice"], **other)


def granted(world: World, **other: Any) -> PolicyException:
    return asked(world, granted_by=world.people["olga"], **other)


def of_payments(world: World, **other: Any) -> PolicyException:
    return exception(world.foreign, world.people["pia"], **other)


def violation(instance: ServiceInstance, number: int = 0, **other: Any) -> Violation:
    now = clock.now()
    facts: dict[str, Any] = {
        "policy": a_policy(),
        "rule": 0,
        "outcome": "deny",
        "severity": "high",
        "title": "A rule",
        "api_version": "apps/v1",
        "kind": "Deployment",
        "name": f"web-{number}",
        "message": "Not like this.",
        "since": now - timedelta(days=1),
        "due_at": now + timedelta(days=29),
    }
    return Violation.objects.create(instance=instance, **facts | other)


def report(instance: ServiceInstance, **other: Any) -> PolicyReport:
    facts = {"policy_digest": bundle.current().digest, "scanned_at": clock.now()}
    return PolicyReport.objects.create(instance=instance, release=instance.current_release, **facts | other)


def radius(world: World, **other: Any) -> BlastRadius:
    facts = {"proposal": {"modes": [], "documents": [], "remove": [a_policy()]}}
    return BlastRadius.objects.create(
        requested_by=world.people["pete"], created_at=clock.now(), **facts | other
    )
