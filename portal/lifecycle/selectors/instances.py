"""Reading instances."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from portal.environments.models import Environment
from portal.lifecycle.models import Application, ChangeRequest, Release, ServiceInstance
from portal.lifecycle.models.change import BULKY
from portal.lifecycle.states import ChangeState
from services_catalog.models import Role


def namespace_instance(application: Application, environment: Environment) -> ServiceInstance | None:
    """The namespace of an application in an environment, if it is alive and was ever provisioned."""
    return (
        ServiceInstance.objects.alive()
        .filter(application=application, environment=environment, offering__role=Role.NAMESPACE)
        .exclude(current_release=None)
        .select_related("current_release", "offering", "application", "environment__cluster")
        # what is asked for are its objects; the rest is large
        .defer(*(f"current_release__{field}" for field in BULKY if field != "objects_masked"))
        .first()
    )


def namespace_release(application: Application, environment: Environment) -> Release | None:
    instance = namespace_instance(application, environment)
    return instance.current_release if instance else None


def has_namespace(application: Application, environment: Environment) -> bool:
    rows = ServiceInstance.objects.alive().filter(application=application, environment=environment)
    return rows.filter(offering__role=Role.NAMESPACE).exclude(current_release=None).exists()


def namespace_documents(found: Iterable[ServiceInstance]) -> dict[tuple[int, int], dict[str, Any]]:
    """The Namespace objects that these instances live in, by application and environment, as they were
    sealed."""
    places = {(instance.application_id, instance.environment_id) for instance in found}
    rows = (
        ServiceInstance.objects.alive()
        .filter(application__in={place[0] for place in places}, offering__role=Role.NAMESPACE)
        .exclude(current_release=None)
        .values_list("application", "environment", "current_release__objects_masked")
    )
    return {
        (application, environment): document
        for application, environment, documents in rows
        for document in documents
        if (application, environment) in places
        and (document.get("apiVersion"), document.get("kind")) == ("v1", "Namespace")
    }


def in_namespace(application: Application, environment: Environment) -> QuerySet[ServiceInstance]:
    """The living services of a namespace, without the namespace itself."""
    return ServiceInstance.objects.alive().filter(
        application=application, environment=environment, offering__role=Role.SERVICE
    )


def usages_in_namespace(
    application: Application, environment: Environment, *, but: ServiceInstance | None
) -> list[dict[str, str]]:
    """What the services that run in a namespace count against its quota, leaving out one instance."""
    rows = in_namespace(application, environment).exclude(current_release=None)
    if but is not None:
        rows = rows.exclude(pk=but.pk)
    return list(rows.values_list("current_release__usage", flat=True))


@dataclass(frozen=True)
class Exposed:
    """What an instance gives its users: addresses, and the shape (never the values) of connection secrets."""

    endpoints: list[str] = field(default_factory=list)
    secrets: list[dict[str, Any]] = field(default_factory=list)


def connection(instance: ServiceInstance) -> Exposed:
    """Read from the sealed objects of the current release."""
    release = instance.current_release
    if release is None:
        return Exposed()
    return Exposed(
        endpoints=list(endpoints(release.objects_masked, instance.namespace)),
        secrets=[
            {
                "name": document["metadata"]["name"],
                "keys": sorted({**document.get("data", {}), **document.get("stringData", {})}),
            }
            for document in release.objects_masked
            if document.get("kind") == "Secret"
        ],
    )


def endpoints(documents: Iterable[dict[str, Any]], namespace: str) -> Iterable[str]:
    """Where these objects can be reached: hosts of Ingresses, and ports of Services."""
    for document in documents:
        spec = document.get("spec") or {}
        if document.get("kind") == "Ingress":
            tls = {host for entry in spec.get("tls") or [] for host in entry.get("hosts") or []}
            for rule in spec.get("rules") or []:
                if rule.get("host"):
                    yield f"{'https' if rule['host'] in tls else 'http'}://{rule['host']}"
        if document.get("kind") == "Service" and spec.get("clusterIP") != "None":
            for port in spec.get("ports") or []:
                yield f"{document['metadata']['name']}.{namespace}.svc:{port.get('port')}"


def siblings(instance: ServiceInstance) -> QuerySet[ServiceInstance]:
    """The same service of the same application in the other environments."""
    rows = (
        ServiceInstance.objects.alive()
        .for_lists()
        .filter(application=instance.application_id, offering=instance.offering_id)
        .exclude(pk=instance.pk)
    )
    return rows if instance.is_namespace else rows.filter(name=instance.name)


def releases(instance: ServiceInstance) -> QuerySet[Release]:
    """Newest first, without the sealed bulk."""
    return instance.releases.select_related(
        "offering_version", "plan", "created_by", "promoted_from__instance"
    ).defer(
        *BULKY,
        "offering_version__values_schema",
        "offering_version__default_values",
        "offering_version__readme",
    )


def timeline(instance: ServiceInstance, limit: int = 50) -> list[ChangeRequest]:
    """The instance's changes, newest first."""
    return list(ChangeRequest.objects.for_lists().filter(instance=instance)[:limit])


def active_change(instance: ServiceInstance) -> ChangeRequest | None:
    return ChangeRequest.objects.active().for_lists().filter(instance=instance).first()


def proven_releases(instance: ServiceInstance) -> set[int]:
    """Ids of releases that have run here and worked: a gate may let an instance go back to them sooner."""
    done = instance.changes.filter(state=ChangeState.SUCCEEDED).exclude(release=None)
    return {pk for pk in done.values_list("release", flat=True) if pk is not None}
