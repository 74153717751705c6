"""What the policies of now say of a release that was sealed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Release, ServiceInstance
from portal.lifecycle.operations import waivers
from portal.lifecycle.operations.rendering import deployer_of, render_release
from portal.lifecycle.operations.scanning import namespace_object
from portal.lifecycle.selectors import bundle, instances
from portal.policy import Judgement, UserInfo
from portal.policy.expansion import keyed


def judge_release(change: ChangeRequest) -> Judgement:
    """Render the change's release again and judge it against what it would replace. Raises ClusterError,
    PoliciesUnusable."""
    if change.release is None:
        return Judgement(())
    rendered = render_release(change.release, instance=change.subject)
    base = change.base_release.objects_masked if change.base_release else []
    return judge(rendered.documents, release=change.release, instance=change.subject, before=base)


def judge(
    documents: Sequence[Mapping[str, Any]],
    *,
    release: Release,
    instance: ServiceInstance,
    before: Sequence[Mapping[str, Any]],
) -> Judgement:
    """The judgement of `documents` as updates of `before`, under the exceptions that count now."""
    namespace = instances.namespace_release(instance.application, instance.environment)
    candidates = [*documents, *(namespace.objects_masked if namespace else [])]
    found = next(
        (d for d in candidates if d.get("kind") == "Namespace" and d.get("apiVersion") == "v1"), None
    )
    return bundle.current().judge(
        documents,
        namespace=found or namespace_object(instance),
        user=UserInfo(deployer_of(instance.namespace), ("system:serviceaccounts", "system:authenticated")),
        old=keyed(before, documents, instance.namespace),
        waivers=waivers.for_instance(
            instance.application, instance.environment, instance.name, release.values, now=clock.now()
        ),
    )
