"""Who a request comes from, as the API server knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS_NAME = "system:anonymous"


@dataclass(frozen=True)
class UserInfo:
    """A user name, and the groups and extras that authentication (or impersonation) gave it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ADMIN = UserInfo("kubernetes-admin", (MASTERS, AUTHENTICATED))
ANONYMOUS = UserInfo(ANONYMOUS_NAME, (UNAUTHENTICATED,))


def system(component: str) -> UserInfo:
    """A control plane component such as `kube-controller-manager`; may do everything."""
    return UserInfo(f"system:{component}", (MASTERS, AUTHENTICATED))
