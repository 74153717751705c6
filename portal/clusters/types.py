"""What goes into and comes out of a cluster. Frozen; nothing here knows helm or kubernetes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from portal.core.errors import InvalidInput
from portal.core.names import DNS_LABEL, MAX_NAMESPACE_NAME, MAX_RELEASE_NAME
from portal.core.objects import ObjectKey

Document = dict[str, Any]
State = Literal["ready", "working", "failed", "missing"]

MIB = 1024 * 1024


@dataclass(frozen=True)
class Connection:
    """How to reach one cluster, and as whom.

    `kubeconfig` is YAML text that carries everything inline: certificates and tokens as data, no files, no
    programs to run. It never shows in a repr, a log or an argument list.
    """

    name: str
    kubeconfig: str = field(repr=False)
    context: str | None = None
    impersonate: str | None = None
    impersonate_groups: tuple[str, ...] = ()

    def impersonating(self, user: str, groups: tuple[str, ...] = ()) -> Connection:
        return dataclasses.replace(self, impersonate=user, impersonate_groups=tuple(groups))


@dataclass(frozen=True)
class Target:
    """A Helm release in a namespace. Checked here, since both end up on a command line."""

    release: str
    namespace: str

    def __post_init__(self) -> None:
        for value, what, longest in (
            (self.release, "release", MAX_RELEASE_NAME),
            (self.namespace, "namespace", MAX_NAMESPACE_NAME),
        ):
            if not DNS_LABEL.fullmatch(value) or len(value) > longest:
                raise InvalidInput(
                    f"{value[:80]!r} cannot name a {what}. Use at most {longest} lower case letters, digits "
                    "and '-', starting and ending with a letter or digit."
                )

    def __str__(self) -> str:
        return f"{self.namespace}/{self.release}"


@dataclass(frozen=True)
class Capabilities:
    """A chart's `.Capabilities`; `api_versions` hold both `apps/v1` and `apps/v1/Deployment`."""

    kube_version: str
    api_versions: tuple[str, ...]


@dataclass(frozen=True)
class RenderLimits:
    """Bounds on one rendering: wall-clock seconds, bytes of output, bytes of private memory."""

    seconds: float = 20
    output_bytes: int = 8 * MIB
    memory_bytes: int = 1024 * MIB


@dataclass(frozen=True)
class Rendered:
    """All that a chart would create: CRDs, objects, hooks (tests too), members of Lists one by one."""

    manifest: str = field(repr=False)
    documents: tuple[Document, ...] = field(repr=False)
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Applied:
    """A revision as helm recorded it, hooks included; a chart's `crds/` are no part of a release."""

    revision: int
    status: str
    documents: tuple[Document, ...] = field(repr=False)


@dataclass(frozen=True)
class Revision:
    revision: int
    status: str
    chart: str
    updated: datetime
    description: str


@dataclass(frozen=True)
class ObjectStatus:
    key: ObjectKey
    state: State
    message: str


@dataclass(frozen=True)
class ClusterInfo:
    """`node_count` is None for those who may not list nodes."""

    version: str
    node_count: int | None


@dataclass(frozen=True)
class Pod:
    """`ready` is "containers ready/containers"; `message` says why it is not, in the kubelet's words."""

    name: str
    namespace: str
    phase: str
    ready: str
    restarts: int
    node: str
    containers: tuple[str, ...]
    created: datetime | None
    message: str


@dataclass(frozen=True)
class LogLine:
    """One line of a container's output; `time` is None for a line that carries none."""

    time: datetime | None
    container: str
    text: str


@dataclass(frozen=True)
class Event:
    """Something that Kubernetes reported; `kind` is Normal or Warning, `count` how often."""

    key: ObjectKey
    kind: str
    reason: str
    message: str
    count: int
    last_seen: datetime | None


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service, by number or name. Checked here, since all three become part of an address."""

    namespace: str
    service: str
    port: str

    def __post_init__(self) -> None:
        named = DNS_LABEL.fullmatch(self.namespace) and DNS_LABEL.fullmatch(self.service)
        if not named or not DNS_LABEL.fullmatch(self.port) or len(self.service) > MAX_NAMESPACE_NAME:
            raise InvalidInput(
                f"{str(self)[:200]!r} is no port of a service. Write namespace/service:port, "
                "the port by number or name."
            )

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> ServicePort:
        """Of `namespace/service:port`. Raises InvalidInput."""
        namespace, _, rest = text.partition("/")
        service, _, port = rest.partition(":")
        return cls(namespace, service, port)


@dataclass(frozen=True)
class HttpAnswer:
    """What a service answered: `body` is its beginning (64 KiB at most), `seconds` how long it took."""

    status: int
    body: str = field(repr=False)
    seconds: float
