"""Other versions of a request's resource, which a rule with matchPolicy Equivalent is about as well.

A rule may name a version that the request does not use. The API server then converts the object to the rule's
version, and that is what expressions see (apiserver/pkg/admission/plugin/policy/matching).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from portal.policy.defaults import is_built_in
from portal.policy.types import AdmissionRequest, Document

# built-in resources that Kubernetes 1.36 serves in more than one version
SERVED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("autoscaling", "horizontalpodautoscalers"): ("v1", "v2"),
}
# what an autoscaler aims at when it says nothing, in percent
DEFAULT_CPU = 80


class Inconvertible(ValueError):
    """The object cannot be had in the version that a policy wants."""


def other_versions(request: AdmissionRequest, named: frozenset[str]) -> tuple[str, ...]:
    """The versions under which the request's resource is known besides its own.

    For kinds that are not built in, those that the rules name are taken to be served.
    """
    if is_built_in(f"{request.group}/{request.version}" if request.group else request.version):
        versions = SERVED.get((request.group, request.resource), ())
    else:
        versions = tuple(sorted(named - {"*", ""}))
    return tuple(version for version in versions if version != request.version)


def converted(request: AdmissionRequest, version: str) -> AdmissionRequest:
    """The request as a policy for another version sees it; raises Inconvertible."""
    convert = _CONVERSIONS.get((request.group, request.resource, version), _renamed)
    api_version = f"{request.group}/{version}"
    return replace(
        request,
        version=version,
        object=None if request.object is None else convert(request.object, api_version),
        old_object=None if request.old_object is None else convert(request.old_object, api_version),
    )


def _renamed(document: Document, api_version: str) -> dict[str, Any]:
    """Custom resources keep their fields unless a webhook converts them."""
    return {**document, "apiVersion": api_version}


def _autoscaler_v1(document: Document, api_version: str) -> dict[str, Any]:
    spec = dict(document.get("spec") or {})
    metrics = spec.pop("metrics", None) or []
    plain = [metric for metric in metrics if _utilization(metric) is not None]
    if len(plain) != len(metrics) or len(plain) > 1 or spec.pop("behavior", None):
        # these move into annotations there
        raise Inconvertible("the autoscaler's metrics and behavior cannot be said in autoscaling/v1")
    if plain:
        spec["targetCPUUtilizationPercentage"] = _utilization(plain[0])
    return {**document, "apiVersion": api_version, "spec": spec}


def _utilization(metric: Any) -> Any:
    resource = metric.get("resource") if isinstance(metric, Mapping) else None
    if not isinstance(resource, Mapping) or resource.get("name") != "cpu":
        return None
    target = resource.get("target")
    return target.get("averageUtilization") if isinstance(target, Mapping) else None


def _autoscaler_v2(document: Document, api_version: str) -> dict[str, Any]:
    spec = dict(document.get("spec") or {})
    aim = spec.pop("targetCPUUtilizationPercentage", None) or DEFAULT_CPU
    target = {"type": "Utilization", "averageUtilization": aim}
    spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**document, "apiVersion": api_version, "spec": spec}


_CONVERSIONS: Mapping[tuple[str, str, str], Callable[[Document, str], dict[str, Any]]] = {
    ("autoscaling", "horizontalpodautoscalers", "v1"): _autoscaler_v1,
    ("autoscaling", "horizontalpodautoscalers", "v2"): _autoscaler_v2,
}
