"""Reading a kubeconfig that somebody registered: one context of it, everything inline, nothing to execute.

The kubernetes client would write certificates to temporary files and run whatever `users[].user.exec` names;
a registered cluster must be able to do neither.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from portal.clusters.errors import BadKubeconfig
from portal.clusters.types import Connection
from portal.core.documents import load_mapping
from portal.core.errors import InvalidInput

FLATTEN = "Register the output of `kubectl config view --raw --flatten --minify`."
# File references would be read from this machine, `exec` and `auth-provider` would run programs on it.
NOT_ACCEPTED = {
    "certificate-authority": f"names a file. {FLATTEN}",
    "client-certificate": f"names a file. {FLATTEN}",
    "client-key": f"names a file. {FLATTEN}",
    "tokenFile": "names a file. Put a service account's token in its place.",
    "exec": "runs a program on this machine. Put a service account's token in its place.",
    "auth-provider": "runs a program on this machine. Put a service account's token in its place.",
    "as": "impersonates already. Register the cluster with the identity itself.",
}


@dataclass(frozen=True)
class Access:
    """One context, taken apart. PEM texts are decoded."""

    server: str
    ca: str | None = field(default=None, repr=False)
    verify: bool = True
    tls_server_name: str | None = None
    proxy_url: str | None = None
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_certificate: str | None = field(default=None, repr=False)
    client_key: str | None = field(default=None, repr=False)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.server)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@lru_cache(maxsize=256)
def access_of(kubeconfig: str, context: str | None = None) -> Access:
    """Raises BadKubeconfig, saying what to change."""
    try:
        config = load_mapping(kubeconfig)
    except InvalidInput as exc:
        raise BadKubeconfig(f"The kubeconfig cannot be read: {exc.message}") from None
    name = context or config.get("current-context")
    if not name:
        raise BadKubeconfig("The kubeconfig has no current-context. Name the context to use.")
    chosen = _named(config, "contexts", "context", str(name))
    cluster = _named(config, "clusters", "cluster", str(chosen.get("cluster")))
    user = _named(config, "users", "user", str(chosen.get("user"))) if chosen.get("user") else {}
    for section, entry in (("cluster", cluster), ("user", user)):
        for key, why in NOT_ACCEPTED.items():
            if entry.get(key):
                raise BadKubeconfig(f"The kubeconfig's {section} has {key!r}, which {why}")
    return _access(cluster, user)


def _access(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Access:
    server = str(cluster.get("server") or "").rstrip("/")
    try:
        usable = urlsplit(server).scheme in {"http", "https"} and bool(Access(server).address[0])
    except ValueError:
        usable = False
    if not usable:
        raise BadKubeconfig("The kubeconfig's cluster has no `server: https://…` address.")
    return Access(
        server=server,
        ca=_decoded(cluster, "certificate-authority-data"),
        verify=not cluster.get("insecure-skip-tls-verify"),
        tls_server_name=cluster.get("tls-server-name") or None,
        proxy_url=cluster.get("proxy-url") or None,
        token=user.get("token") or None,
        username=user.get("username") or None,
        password=user.get("password") or None,
        client_certificate=_decoded(user, "client-certificate-data"),
        client_key=_decoded(user, "client-key-data"),
    )


def kubeconfig_for_helm(connection: Connection) -> bytes:
    """A kubeconfig with just this connection's context and, inside, its impersonation."""
    access = access_of(connection.kubeconfig, connection.context)
    cluster: dict[str, Any] = {"server": access.server}
    if access.ca:
        cluster["certificate-authority-data"] = _encoded(access.ca)
    if not access.verify:
        cluster["insecure-skip-tls-verify"] = True
    if access.tls_server_name:
        cluster["tls-server-name"] = access.tls_server_name
    if access.proxy_url:
        cluster["proxy-url"] = access.proxy_url
    user: dict[str, Any] = {
        key: value
        for key, value in {
            "token": access.token,
            "username": access.username,
            "password": access.password,
            "client-certificate-data": _encoded(access.client_certificate),
            "client-key-data": _encoded(access.client_key),
            "as": connection.impersonate,
            "as-groups": list(connection.impersonate_groups),
        }.items()
        if value
    }
    # JSON is YAML
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
    ).encode()


def _named(config: Mapping[str, Any], section: str, key: str, name: str) -> Mapping[str, Any]:
    entries = config.get(section)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and str(entry.get("name")) == name:
            value = entry.get(key)
            return value if isinstance(value, dict) else {}
    raise BadKubeconfig(f"The kubeconfig has no {key} named {name!r}.")


def _decoded(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    if not value:
        return None
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BadKubeconfig(f"The kubeconfig's {key!r} is not base64 of a PEM text.") from None


def _encoded(pem: str | None) -> str | None:
    return base64.b64encode(pem.encode()).decode() if pem else None
