"""What an offering's version declares about its verification, worked out for one release.

The declaration's format is services_catalog/verification.py. A check that cannot be made, such as a metric
where no metrics service is known, is refused when a change is asked for; should it only show later, it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from portal.clusters import prometheus
from portal.clusters.errors import ClusterError
from portal.clusters.proxy import ServiceProxy, why_not_a_path
from portal.clusters.types import ServicePort
from portal.core import pointers
from portal.core.errors import SlipwayError
from portal.lifecycle.models import Release, ServiceInstance
from services_catalog.models import OfferingVersion
from services_catalog.verification import filled

SECONDS = 5.0


@dataclass(frozen=True)
class Finding:
    """What one check found once: `detail` in a few words, `said` a wrong answer."""

    ok: bool
    detail: str
    said: str = ""


@dataclass(frozen=True)
class HttpCheck:
    """GET through the API server's proxy; right when the status is one of `status` and the text is there."""

    name: str
    times: int
    service: ServicePort
    path: str
    status: tuple[int, ...]
    contains: str = ""
    kind = "http"

    @property
    def asks(self) -> str:
        return f"GET {self.service.service}:{self.service.port}{self.path}"

    @property
    def wanted(self) -> str:
        status = " or ".join(str(each) for each in self.status)
        return f"{status} with “{self.contains}”" if self.contains else status

    def run(self, proxy: ServiceProxy) -> Finding:
        answer = proxy.get(self.service, self.path, seconds=SECONDS)
        if answer.status not in self.status:
            return Finding(False, f"got {answer.status}, wanted {self.wanted}", answer.body)
        if self.contains not in answer.body:
            said = f"got {answer.status} without “{self.contains}”, wanted it"
            return Finding(False, said, answer.body)
        return Finding(True, f"answered {answer.status} in {answer.seconds * 1000:.0f} ms")


@dataclass(frozen=True)
class MetricCheck:
    """An instant query; right when every series keeps the bounds."""

    name: str
    times: int
    service: ServicePort
    query: str
    least: float | None
    most: float | None
    kind = "metric"

    @property
    def asks(self) -> str:
        return self.query

    @property
    def wanted(self) -> str:
        bounds = (("at least", self.least), ("at most", self.most))
        return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)

    def run(self, proxy: ServiceProxy) -> Finding:
        values = prometheus.query(proxy, self.service, self.query, seconds=SECONDS)
        worst = max(values, key=self._excess)
        of = f" in the worst of {len(values)} series" if len(values) > 1 else ""
        if self._excess(worst) > 0:
            return Finding(False, f"is {worst:g}{of}, wanted {self.wanted}")
        return Finding(True, f"is {worst:g}{of}, {self.wanted}")

    def _excess(self, value: float) -> float:
        """How far outside of the bounds; not above 0 inside."""
        over = value - self.most if self.most is not None else -float("inf")
        under = self.least - value if self.least is not None else -float("inf")
        return max(over, under)


@dataclass(frozen=True)
class Impossible:
    """A check that cannot be made for this release."""

    name: str
    times: int
    why: str
    kind = "none"
    asks = ""
    wanted = ""

    def run(self, proxy: ServiceProxy) -> Finding:
        return Finding(False, self.why)


Check = HttpCheck | MetricCheck | Impossible


def of_release(release: Release, instance: ServiceInstance) -> list[Check]:
    """The checks of a release in its place; none when its version declares none."""
    names = {"namespace": instance.namespace, "release": instance.name}
    return planned(release.offering_version, release.values, names)


def planned(version: OfferingVersion, values: Mapping[str, Any], names: Mapping[str, str]) -> list[Check]:
    """`names` are the namespace and the release; `values` the complete ones, unmasked."""
    return [_check(declared, values, names) for declared in version.verification.get("checks") or ()]


def errors(
    version: OfferingVersion, values: Mapping[str, Any], names: Mapping[str, str]
) -> list[dict[str, str]]:
    """Why a release could not be verified, as errors of the request."""
    return [
        {
            "path": "/version",
            "message": f"What would run could not be verified ({check.name}): {check.why}",
            "code": "not_verifiable",
        }
        for check in planned(version, values, names)
        if isinstance(check, Impossible)
    ]


def _check(declared: Mapping[str, Any], values: Mapping[str, Any], names: Mapping[str, str]) -> Check:
    name, times = declared["name"], int(declared.get("times", 1))
    try:
        if "metric" in declared:
            return _metric(name, times, declared["metric"], names)
        return _http(name, times, declared["http"], values, names)
    except SlipwayError as exc:
        return Impossible(name, times, exc.message)
    except ValueError as exc:
        return Impossible(name, times, str(exc))


def _http(
    name: str, times: int, declared: Mapping[str, Any], values: Mapping[str, Any], names: Mapping[str, str]
) -> HttpCheck:
    path = declared["path"]
    if not isinstance(path, str):
        where = path["values"]
        path = pointers.get(values, pointers.parse(where))
        if not isinstance(path, str) or why_not_a_path(path):
            why = why_not_a_path(path) if isinstance(path, str) else "Write a path such as /healthz."
            raise ValueError(f"{where} is the path that is asked for. {why}")
    service = ServicePort(names["namespace"], filled(declared["service"], names), str(declared["port"]))
    status = tuple(declared.get("status") or (200,))
    return HttpCheck(name, times, service, path, status, declared.get("contains", ""))


def _metric(name: str, times: int, declared: Mapping[str, Any], names: Mapping[str, str]) -> MetricCheck:
    if not settings.SLIPWAY_METRICS_SERVICE:
        raise ValueError(
            "it asks for a metric, and this portal knows no metrics service. Ask a platform engineer to set "
            "SLIPWAY_METRICS_SERVICE."
        )
    service = ServicePort.parse(settings.SLIPWAY_METRICS_SERVICE)
    query = filled(declared["query"], names)
    return MetricCheck(name, times, service, query, declared.get("min"), declared.get("max"))


def run(check: Check, proxy: ServiceProxy) -> Finding:
    """What a check finds now. Whatever keeps it from an answer is wrong: it is not known to be right."""
    try:
        return check.run(proxy)
    except ClusterError as exc:
        return Finding(False, exc.message)
