"""From what somebody sent to a Wish: every name resolved to something that this person may see, or an
error each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.documents import check_json
from portal.core.errors import NotFound, RetirementNotAnnounced, StateConflict, ValidationFailed
from portal.core.names import why_not_a_release_name
from portal.environments.models import Environment
from portal.lifecycle.models import Application, Release, ServiceInstance
from portal.lifecycle.operations.drafting import Wish
from portal.lifecycle.selectors import instances
from portal.lifecycle.services import carrying
from portal.lifecycle.services.superseding import may_be_superseded
from portal.lifecycle.states import ChangeKind
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


def resolve(actor: User, data: Data) -> Wish:
    """Turn `data` into a Wish.

    Raises ValidationFailed (with all errors), NotFound for ids that `actor` may not see, NotPermitted,
    RetirementNotAnnounced, StateConflict.
    """
    kind = data.get("kind") or ChangeKind.CREATE
    resolver = RESOLVERS.get(kind)
    if resolver is None:
        raise ValidationFailed.at("/kind", f"Must be one of {', '.join(RESOLVERS)}.", "unknown")
    values = data.get("values") or {}
    if not isinstance(values, Mapping):
        raise ValidationFailed.at("/values", "Values must be a mapping of names to values.")
    check_json(values)
    return resolver(actor, data)


def _create(actor: User, data: Data) -> Wish:
    errors = Errors()
    application = _application(actor, data, errors)
    environment = _environment(data, errors)
    offering = _by_slug(Offering.objects.visible(), data, "offering", errors)
    if application is None or environment is None or offering is None:
        raise ValidationFailed(errors.found)
    require(actor, Verb.REQUEST, application.team_id)
    name = str(data.get("name") or "")
    if offering.is_namespace:
        name = application.namespace_in(environment)
    if not offering.is_offered_in(environment.slug):
        errors.add("/environment", f"{offering} is not offered in {environment}.", "not_offered")
    if why := why_not_a_release_name(name):
        errors.add("/name", why)
    instance = _wished_for(application, environment, offering, name)
    if instance is None and _is_taken(application, environment, name):
        errors.add("/name", f"{application} already has {name} in {environment}. Change that one.", "taken")
    _needs_namespace(offering, application, environment, errors)
    version = _version(offering, data, errors, new=True)
    plan = _plan(version, data.get("plan"), errors)
    errors.raise_any()
    return Wish(
        kind=ChangeKind.CREATE,
        actor=actor,
        application=application,
        environment=environment,
        offering=offering,
        name=name,
        version=version,
        plan=plan,
        inputs=dict(data.get("values") or {}),
        instance=instance,
        reason=_reason(data),
        emergency=data.get("emergency") is True,
    )


def _is_taken(application: Application, environment: Environment, name: str) -> bool:
    rows = ServiceInstance.objects.alive().filter(application=application, environment=environment)
    return rows.filter(name=name).exists()


def _wished_for(
    application: Application, environment: Environment, offering: Offering, name: str
) -> ServiceInstance | None:
    """The instance of that name that was only ever asked for, when what asks for it may be superseded."""
    rows = ServiceInstance.objects.alive().filter(application=application, environment=environment)
    instance = rows.filter(name=name, offering=offering, current_release=None).first()
    if instance is None:
        return None
    active = instance.changes.active().select_related("environment").first()
    if active is None or active.kind != ChangeKind.CREATE or not may_be_superseded(active):
        return None
    return instance


def _update(actor: User, data: Data) -> Wish:
    instance, base = _settled(actor, data)
    errors = Errors()
    version = base.offering_version
    plan = _plan(version, data.get("plan") or (base.plan.slug if base.plan else None), errors)
    errors.raise_any()
    return _existing(
        ChangeKind.UPDATE, actor, data, instance, version=version, plan=plan, inputs=_inputs(data, base)
    )


def _upgrade(actor: User, data: Data) -> Wish:
    instance, base = _settled(actor, data)
    errors = Errors()
    if not data.get("version"):
        errors.add("/version", "Say to which version.", "required")
    version = _version(instance.offering, data, errors, new=False)
    if version is not None and version == base.offering_version:
        errors.add("/version", f"{instance} already runs version {version.version}.", "same_version")
    plan = _plan(version, data.get("plan") or (base.plan.slug if base.plan else None), errors)
    errors.raise_any()
    return _existing(
        ChangeKind.UPGRADE, actor, data, instance, version=version, plan=plan, inputs=_inputs(data, base)
    )


def _rollback(actor: User, data: Data) -> Wish:
    instance, base = _settled(actor, data)
    source = (
        instance.releases.select_related("offering_version__offering", "plan")
        .filter(pk=_id(data, "release"))
        .first()
    )
    if source is None:
        raise ValidationFailed.at("/release", f"{instance} has no such release.", "unknown")
    if source == base:
        raise ValidationFailed.at("/release", f"Release #{source.number} is what runs now.", "same_release")
    return _existing(
        ChangeKind.ROLLBACK,
        actor,
        data,
        instance,
        version=source.offering_version,
        plan=source.plan,
        inputs=source.inputs,
        source=source,
    )


def _promote(actor: User, data: Data) -> Wish:
    origin, release = _settled(actor, data)
    errors = Errors()
    environment = _environment(data, errors)
    if environment is None:
        raise ValidationFailed(errors.found)
    sources = list(environment.promotes_from.all())
    if origin.environment not in sources:
        raise ValidationFailed.at(
            "/environment",
            f"{environment} takes releases from {' or '.join(map(str, sources))}, not from "
            f"{origin.environment}."
            if sources
            else f"Nothing is promoted to {environment}.",
            "not_next_stage",
        )
    application, offering = origin.application, origin.offering
    name = application.namespace_in(environment) if offering.is_namespace else origin.name
    target = (
        ServiceInstance.objects.alive()
        .filter(application=application, environment=environment, name=name)
        .select_related("current_release__plan", "offering", "application__team", "environment__cluster")
        .first()
    )
    if target is not None and target.offering_id != offering.pk:
        errors.add("/environment", f"{name} in {environment} is a {target.offering}, not a {offering}.")
    if not offering.is_offered_in(environment.slug):
        errors.add("/environment", f"{offering} is not offered in {environment}.", "not_offered")
    _needs_namespace(offering, application, environment, errors)
    current = target.current_release if target else None
    plan = errors.collect(lambda: carrying.plan_for(release, data.get("plan"), current))
    inputs = errors.collect(lambda: carrying.inputs_for(release, data.get("values") or {}, current))
    errors.raise_any()
    return Wish(
        kind=ChangeKind.PROMOTE,
        actor=actor,
        application=application,
        environment=environment,
        offering=offering,
        name=name,
        version=release.offering_version,
        plan=plan,
        inputs=inputs or {},
        instance=target,
        source=release,
        reason=_reason(data),
        emergency=data.get("emergency") is True,
    )


def _retire(actor: User, data: Data) -> Wish:
    instance = _instance(actor, data)
    if instance.retirement_announced_at is None:
        raise RetirementNotAnnounced
    if data.get("confirm") != instance.name:
        raise ValidationFailed.at(
            "/confirm", f"Type the instance's name, {instance.name}, to confirm.", "not_confirmed"
        )
    if instance.is_namespace and instances.in_namespace(instance.application, instance.environment).exists():
        raise StateConflict(
            "Services still live in this namespace. Retire them first.", code_hint="namespace_in_use"
        )
    return _existing(ChangeKind.RETIRE, actor, data, instance)


RESOLVERS: Mapping[str, Callable[[User, Data], Wish]] = {
    ChangeKind.CREATE: _create,
    ChangeKind.UPDATE: _update,
    ChangeKind.UPGRADE: _upgrade,
    ChangeKind.ROLLBACK: _rollback,
    ChangeKind.PROMOTE: _promote,
    ChangeKind.RETIRE: _retire,
}


def _existing(kind: ChangeKind, actor: User, data: Data, instance: ServiceInstance, **more: Any) -> Wish:
    return Wish(
        kind=kind,
        actor=actor,
        application=instance.application,
        environment=instance.environment,
        offering=instance.offering,
        name=instance.name,
        instance=instance,
        reason=_reason(data),
        emergency=data.get("emergency") is True,
        **more,
    )


def _instance(actor: User, data: Data) -> ServiceInstance:
    """The living instance that `data` names, if `actor` may see it; and may ask for changes of it."""
    rows = ServiceInstance.objects.visible_to(actor).select_related(
        "application__team",
        "environment__cluster",
        "offering",
        "current_release__offering_version__offering",
        "current_release__plan",
    )
    instance = rows.filter(pk=_id(data, "instance")).first()
    if instance is None:
        raise NotFound("There is no such instance, or it is not visible to you.")
    require(actor, Verb.REQUEST, instance.application.team_id)
    if instance.retired_at is not None:
        raise StateConflict(f"{instance} is retired.")
    return instance


def _settled(actor: User, data: Data) -> tuple[ServiceInstance, Release]:
    instance = _instance(actor, data)
    if instance.current_release is None:
        raise StateConflict(
            f"{instance} has never run, so there is nothing to change. Retire it, or ask for it again."
        )
    return instance, instance.current_release


def _id(data: Data, name: str) -> int:
    value = data.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or not str(value).isdigit()
        or len(str(value)) > 18
    ):
        raise ValidationFailed.at(f"/{name}", f"Give the id of the {name}, a whole number.", "required")
    return int(value)


def _application(actor: User, data: Data, errors: Errors) -> Application | None:
    rows = Application.objects.visible_to(actor).select_related("team")
    return _by_slug(rows, data, "application", errors)


def _environment(data: Data, errors: Errors) -> Environment | None:
    return _by_slug(Environment.objects.select_related("cluster"), data, "environment", errors)


def _by_slug(rows: QuerySet[M], data: Data, field: str, errors: Errors) -> M | None:
    slug = data.get(field)
    if not slug or not isinstance(slug, str):
        errors.add(f"/{field}", f"Say which {field}.", "required")
        return None
    row = rows.filter(slug=slug).first()
    if row is None:
        errors.add(f"/{field}", f"There is no {field} {slug[:60]!r}, or it is not visible to you.", "unknown")
    return row


def _version(offering: Offering, data: Data, errors: Errors, *, new: bool) -> OfferingVersion | None:
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


def _plan(version: OfferingVersion | None, slug: Any, errors: Errors) -> Plan | None:
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


def _needs_namespace(
    offering: Offering, application: Application, environment: Environment, errors: Errors
) -> None:
    if not offering.is_namespace and not instances.has_namespace(application, environment):
        errors.add(
            "/environment",
            f"{application} has no namespace in {environment} yet. Request (or promote) its namespace first.",
            "namespace_missing",
        )


def _inputs(data: Data, base: Release) -> dict[str, Any]:
    """The values given, or those of the running release when none are given."""
    values = data.get("values")
    return dict(values) if values is not None else dict(base.inputs)


def _reason(data: Data) -> str:
    return str(data.get("reason") or "").strip()[:2000]
