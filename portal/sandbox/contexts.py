"""What travels with a request: who asks and with which options; and what admission plugins see of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource
from portal.sandbox.users import UserInfo, system

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]
FieldValidation = Literal["Strict", "Warn", "Ignore"]
Propagation = Literal["", "Background", "Foreground", "Orphan"]


@dataclass(frozen=True)
class RequestContext:
    """`warnings` is filled while the request is served and becomes `Warning` headers."""

    user: UserInfo
    field_manager: str = "unknown"
    dry_run: bool = False
    field_validation: FieldValidation = "Warn"
    # server-side apply only: take fields over from other managers
    force: bool = False
    subresource: str = ""
    # of the client; names the field manager when the request does not
    propagation: Propagation = ""
    # with a deletion
    grace_period_seconds: int | None = None
    precondition_uid: str = ""
    precondition_version: str = ""
    warnings: list[str] = field(default_factory=list, compare=False)

    def on(self, subresource: str) -> RequestContext:
        return replace(self, subresource=subresource)


def system_context(component: str, field_manager: str = "") -> RequestContext:
    """How a controller asks, e.g. `system_context("kube-controller-manager")`."""
    return RequestContext(
        system(component), field_manager=field_manager or component, field_validation="Ignore"
    )


@dataclass
class Attributes:
    """One admission request. A mutating plugin may change `object` in place; it is this request's own
    copy."""

    operation: Operation
    resource: Resource
    subresource: str
    namespace: str
    name: str
    object: Object | None
    old_object: Object | None
    user: UserInfo
    dry_run: bool
    options: Object
    warnings: list[str] = field(default_factory=list)


class AdmissionPlugin(Protocol):
    """Raises ApiError to refuse. Called for every resource and subresource: it picks what concerns it."""

    def mutate(self, attrs: Attributes) -> None: ...

    def validate(self, attrs: Attributes) -> None: ...


class Authorizer(Protocol):
    """Decides whether `user` may; the reason is what the API server would put in its Forbidden message."""

    def allowed(
        self,
        user: UserInfo,
        verb: str,
        group: str,
        plural: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> tuple[bool, str]: ...

    def allowed_path(self, user: UserInfo, verb: str, path: str) -> tuple[bool, str]: ...
