"""From what somebody sent to a Wish: every name resolved to something that this person may see, or an
error each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.documents import check_json
from portal.core.errors import RetirementNotAnnounced, StateConflict, ValidationFailed
from portal.core.names import why_not_a_release_name
from portal.environments.models import Environment
from portal.lifecycle.models import Application, ServiceInstance
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.selectors import instances
from portal.lifecycle.services import carrying
from portal.lifecycle.services.drift import remedies
from portal.lifecycle.services.naming import (
    Data,
    Errors,
    application_of,
    by_slug,
    check_namespace,
    check_still_in,
    environment_of,
    id_of,
    inputs_of,
    instance_of,
    plan_of,
    reason_of,
    settled,
    version_of,
)
from portal.lifecycle.services.superseding import may_be_superseded
from portal.lifecycle.states import ChangeKind
from services_catalog.models import Offering


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
    application = application_of(actor, data, errors)
    environment = environment_of(data, errors)
    offering = by_slug(Offering.objects.visible_to(actor), data, "offering", errors)
    if application is None or environment is None or offering is None:
        raise ValidationFailed(errors.found)
    require(actor, Verb.REQUEST, application.team_id)
    name = str(data.get("name") or "")
    if offering.is_namespace:
        name = application.namespace_in(environment)
    if not offering.is_offered_to(application.team.slug):
        errors.add("/offering", f"{offering} is not offered to {application.team}.", "not_offered")
    if not offering.is_offered_in(environment.slug):
        errors.add("/environment", f"{offering} is not offered in {environment}.", "not_offered")
    if why := why_not_a_release_name(name):
        errors.add("/name", why)
    instance = _wished_for(application, environment, offering, name)
    if instance is None and _is_taken(application, environment, name):
        errors.add("/name", f"{application} already has {name} in {environment}. Change that one.", "taken")
    check_namespace(offering, application, environment, errors)
    version = version_of(offering, data, errors, new=True)
    plan = plan_of(version, data.get("plan"), errors)
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
        reason=reason_of(data),
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
    instance, base = settled(actor, data)
    errors = Errors()
    version = base.offering_version
    check_still_in(version, errors)
    plan = plan_of(version, data.get("plan") or (base.plan.slug if base.plan else None), errors)
    errors.raise_any()
    return _existing(
        ChangeKind.UPDATE, actor, data, instance, version=version, plan=plan, inputs=inputs_of(data, base)
    )


def _upgrade(actor: User, data: Data) -> Wish:
    instance, base = settled(actor, data)
    errors = Errors()
    if not data.get("version"):
        errors.add("/version", "Say to which version.", "required")
    version = version_of(instance.offering, data, errors, new=False)
    if version is not None and version == base.offering_version:
        errors.add("/version", f"{instance} already runs version {version.version}.", "same_version")
    plan = plan_of(version, data.get("plan") or (base.plan.slug if base.plan else None), errors)
    errors.raise_any()
    return _existing(
        ChangeKind.UPGRADE, actor, data, instance, version=version, plan=plan, inputs=inputs_of(data, base)
    )


def _rollback(actor: User, data: Data) -> Wish:
    instance, base = settled(actor, data)
    source = (
        instance.releases.select_related("offering_version__offering", "plan")
        .filter(pk=id_of(data, "release"))
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
    origin, release = settled(actor, data)
    errors = Errors()
    environment = environment_of(data, errors)
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
    check_namespace(offering, application, environment, errors)
    check_still_in(release.offering_version, errors)
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
        reason=reason_of(data),
        emergency=data.get("emergency") is True,
    )


def _retire(actor: User, data: Data) -> Wish:
    instance = instance_of(actor, data)
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
    ChangeKind.REMEDIATE: remedies.resolve,
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
        reason=reason_of(data),
        emergency=data.get("emergency") is True,
        **more,
    )
