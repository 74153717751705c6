"""The end of a container's log: bounded, secrets masked, as the log of a rollout is."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django.db.models import Q

from portal.clusters import container_logs
from portal.clusters.containers import Container, containers_of
from portal.clusters.pods import log_line_of
from portal.clusters.types import LogLine
from portal.core.errors import NotFound
from portal.core.masking import mask_text
from portal.lifecycle.models import Release, ServiceInstance
from portal.lifecycle.operations import pods
from portal.lifecycle.operations.pods import PodDetail
from portal.lifecycle.operations.secrets import Redactor, of

DEFAULT_LINES, MOST_LINES = 200, 2_000
MOST_BYTES = 256 * 1024
# releases whose secrets are looked for: its own of late, and those of neighbours, which it may be bound to
MOST_RELEASES = 30
OWN_RELEASES = 5


@dataclass(frozen=True)
class PodLog:
    """`is_cut`: the last lines alone are more than MOST_BYTES. `is_final`: nothing more will come."""

    detail: PodDetail
    container: Container
    lines: tuple[LogLine, ...]
    is_previous: bool
    is_cut: bool

    @property
    def is_final(self) -> bool:
        return self.is_previous or (
            self.container.state == "ended" and self.detail.state in ("failed", "quiet")
        )

    @property
    def has_previous(self) -> bool:
        return self.container.last is not None


def read(
    instance: ServiceInstance,
    pod: str,
    container: str = "",
    *,
    previous: bool = False,
    lines: int = DEFAULT_LINES,
) -> PodLog:
    """By default of the pod's first container. `previous`: of the run before this one, which may be none.
    Raises NotFound (no such pod of this instance, no such container) and ClusterError."""
    document = pods.find(instance, pod)
    chosen = _choose(containers_of(document), container)
    text, is_cut = container_logs.tail(
        instance.environment.cluster.connection,
        instance.namespace,
        pod,
        chosen.name,
        lines=min(max(lines, 1), MOST_LINES),
        previous=previous,
        most_bytes=MOST_BYTES,
    )
    shown = mask_text(_redactor(instance)(text)).replace("\0", "\N{REPLACEMENT CHARACTER}")
    found = tuple(log_line_of(line, chosen.name) for line in shown.split("\n") if line)
    return PodLog(pods.detail_of(document), chosen, found, previous, is_cut)


def _choose(containers: tuple[Container, ...], name: str) -> Container:
    wanted = (each for each in containers if (each.name == name if name else not each.is_initial))
    found = next(wanted, None)
    if found is None:
        known = ", ".join(each.name for each in containers)
        raise NotFound(f"The pod has no container {name[:63]!r}. Choose one of: {known}.")
    return found


def _redactor(instance: ServiceInstance) -> Redactor:
    """Of all that is secret in what runs or ran lately here: as it is, in base64, and line by line."""
    secrets = [
        text
        for release in _releases(instance)
        for text in of(release.offering_version.values_schema, release.values)
    ]
    encoded = [base64.b64encode(text.encode()).decode() for text in secrets]
    lines = [line.strip() for text in secrets if "\n" in text for line in text.splitlines()]
    return Redactor([*secrets, *encoded, *lines])


def _releases(instance: ServiceInstance) -> list[Release]:
    place = {"application": instance.application_id, "environment": instance.environment_id}
    neighbours = ServiceInstance.objects.alive().filter(**place).exclude(current_release=None)
    own = instance.releases.order_by("-number").values_list("pk", flat=True)[:OWN_RELEASES]
    wanted = Q(pk__in=list(own)) | Q(pk__in=neighbours.values("current_release"))
    rows = Release.objects.filter(wanted).select_related("offering_version")
    return list(rows.only("values", "offering_version__values_schema")[:MOST_RELEASES])
