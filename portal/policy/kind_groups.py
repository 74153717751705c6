"""Which API groups come with Kubernetes."""

from __future__ import annotations

BUILT_IN_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)


def is_built_in(api_version: str) -> bool:
    """Whether the group is served from Go types (and not from a custom resource's schema)."""
    group, slash, _version = api_version.rpartition("/")
    return not slash or "." not in group or (group.endswith(".k8s.io") and group in BUILT_IN_GROUPS)
