"""Many instances that run as sealed: copies of one that the portal itself brought to run."""

from __future__ import annotations

import json
from typing import Any

from portal.clusters.kubernetes import Kubernetes
from portal.clusters.listing import Listing
from portal.lifecycle.models import Application, Release, ServiceInstance
from portal.lifecycle.operations.drift import subjects

IN_ONE_NAMESPACE = 5


def copies(seed: ServiceInstance, count: int) -> list[ServiceInstance]:
    """Rows and objects; the objects are applied as helm applies them, by the same field manager."""
    cluster = Kubernetes(seed.environment.cluster.connection)
    listing = Listing(seed.environment.cluster.connection, before=lambda: None)
    found: list[ServiceInstance] = []
    for number in range(count):
        if number % IN_ONE_NAMESPACE == 0:
            application = Application.objects.create(
                team=seed.application.team, slug=f"app-{number}", name=f"App {number}"
            )
            cluster.ensure_namespace(application.namespace_in(seed.environment), {})
        instance = _copy(seed, application, f"copy-{number}")
        (subject,) = subjects.of([instance], listing)
        for document in subject.sealed.values():
            cluster.apply(document, "helm")
        found.append(instance)
    return found


def _copy(seed: ServiceInstance, application: Application, name: str) -> ServiceInstance:
    instance = ServiceInstance.objects.create(
        application=application,
        environment=seed.environment,
        offering=seed.offering,
        name=name,
        created_by=seed.created_by,
    )
    sealed = seed.current_release
    assert sealed is not None
    kept = ("offering_version", "plan", "chart", "inputs", "values", "masked_values", "policy_digest")
    instance.current_release = Release.objects.create(
        instance=instance,
        number=1,
        objects_digest=sealed.objects_digest,
        target={**sealed.target, "namespace": instance.namespace, "release": name},
        images=sealed.images,
        objects_masked=_renamed(sealed.objects_masked, seed, instance),
        created_by=seed.created_by,
        **{field: getattr(sealed, field) for field in kept},
    )
    instance.save()
    return instance


def _renamed(documents: Any, seed: ServiceInstance, instance: ServiceInstance) -> Any:
    text = json.dumps(documents)
    for old, new in (
        (seed.namespace, instance.namespace),
        (f'"{seed.application.slug}"', f'"{instance.application.slug}"'),
        (seed.name, instance.name),
    ):
        text = text.replace(old, new)
    return json.loads(text)
