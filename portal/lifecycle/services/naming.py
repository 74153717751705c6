"""The names in a wish as rows that this person may see, or an error each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import NotFound, StateConflict, ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.models import Application, Release, ServiceInstance
from portal.lifecycle.selectors import instances
from services_catalog.models import Offering, OfferingVersion, Plan

Data = Mapping[str, Any]
M = TypeVar("M", bound=Model)
T = TypeVar("T")


class Errors:
    """Collects what is wrong, so that all of it is said at once."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []

    def add(self, path: str, message: str, code: str = "invalid") -> None:
        self.found.append({"path": path, "message": message, "code": code})

    def collect(self, found: Callable[[], T]) -> T | None:
        """What it gives, or nothing when it is wrong: its errors are kept then."""
        try:
            return found()
        except ValidationFailed as exc:
            self.found += exc.errors
            return None

    def raise_any(self) -> None:
        if self.found:
            raise ValidationFailed(self.found)


def instance_of(actor: User, data: Data) -> ServiceInstance:
    """The living instance that `data` names, if `actor` may see it; and may ask for changes of it."""
    rows = ServiceInstance.objects.visible_to(actor).select_related(
        "application__team",
        "environment__cluster",
        "offering",
        "current_release__offering_version__offering",
        "current_release__plan",
    )
    instance = rows.filter(pk=id_of(data, "instance")).first()
    if instance is None:
        raise NotFound("There is no such instance, or it is not visible to you.")
    require(actor, Verb.REQUEST, instance.application.team_id)
    if instance.retired_at is not None:
        raise StateConflict(f"{instance} is retired.")
    return instance


def settled(actor: User, data: Data) -> tuple[ServiceInstance, Release]:
    instance = instance_of(actor, data)
    if instance.current_release is None:
        raise StateConflict(
            f"{instance} has never run, so there is nothing to change. Retire it, or ask for it again."
        )
    return instance, instance.current_release


def id_of(data: Data, name: str) -> int:
    value = data.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or not str(value).isdigit()
        or len(str(value)) > 18
    ):
        raise ValidationFailed.at(f"/{name}", f"Give the id of the {name}, a whole number.", "required")
    return int(value)


def application_of(actor: User, data: Data, errors: Errors) -> Application | None:
    rows = Application.objects.visible_to(actor).select_related("team")
    return by_slug(rows, data, "application", errors)


def environment_of(data: Data, errors: Errors) -> Environment | None:
    return by_slug(Environment.objects.select_related("cluster"), data, "environment", errors)


def by_slug(rows: QuerySet[M], data: Data, field: str, errors: Errors) -> M | None:
    slug = data.get(field)
    if not slug or not isinstance(slug, str):
        errors.add(f"/{field}", f"Say which {field}.", "required")
        return None
    row = rows.filter(slug=slug).first()
    if row is None:
        errors.add(f"/{field}", f"There is no {field} {slug[:60]!r}, or it is not visible to you.", "unknown")
    return row


def version_of(offering: Offering, data: Data, errors: Errors, *, new: bool) -> OfferingVersion | None:
    rows = offering.versions.requestable() if new else offering.versions.changeable()
    candidates = sorted(rows.select_related("offering"), key=lambda version: version.precedence)
    wanted = data.get("version")
    if wanted:
        version = next((v for v in candidates if v.version == wanted), None)
        if version is None:
            known = ", ".join(v.version for v in candidates) or "none"
            errors.add(
                "/version",
                f"{offering} has no version {str(wanted)[:40]!r} on offer. On offer: {known}.",
                "unknown",
            )
        return version
    if not candidates:
        errors.add("/offering", f"{offering} has no version on offer.", "not_offered")
        return None
    return candidates[-1]


def check_still_in(version: OfferingVersion, errors: Errors) -> None:
    """An error for a version whose day has come: nothing is changed within it any more."""
    if version.is_out:
        instead = version.successor.version if version.successor else "a newer version"
        since = f" on {version.retires_on}" if version.retires_on else ""
        said = f"{version} has retired{since}, so nothing is changed within it. Upgrade to {instead}."
        errors.add("/version", said, "version_retired")


def plan_of(version: OfferingVersion | None, slug: Any, errors: Errors) -> Plan | None:
    if version is None:
        return None
    plans = list(version.plans.all())
    if slug:
        plan = next((p for p in plans if p.slug == slug), None)
        if plan is None:
            errors.add(
                "/plan",
                f"There is no plan {str(slug)[:40]!r}. Plans: {', '.join(p.slug for p in plans)}.",
                "unknown",
            )
        return plan
    return next((p for p in plans if p.is_default), plans[0] if plans else None)


def check_namespace(
    offering: Offering, application: Application, environment: Environment, errors: Errors
) -> None:
    if not offering.is_namespace and not instances.has_namespace(application, environment):
        errors.add(
            "/environment",
            f"{application} has no namespace in {environment} yet. Request (or promote) its namespace first.",
            "namespace_missing",
        )


def inputs_of(data: Data, base: Release) -> dict[str, Any]:
    """The values given, or those of the running release when none are given."""
    values = data.get("values")
    return dict(values) if values is not None else dict(base.inputs)


def reason_of(data: Data) -> str:
    return str(data.get("reason") or "").strip()[:2000]
