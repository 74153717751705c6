"""The ClusterRoles and bindings that every cluster is born with: the user-facing part of Kubernetes' own.

`admin`, `edit` and `view` are aggregated from the `system:aggregate-to-*` roles, so a chart's own
aggregation labels work too. The control plane's own roles are absent: its user is in system:masters.
"""

from __future__ import annotations

from collections.abc import Sequence

from portal.sandbox.objects import Object

READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_API_VERSION = "rbac.authorization.k8s.io/v1"
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"

# resources that `edit` may write and `view` may read, by API group
_WORKLOADS: dict[str, list[str]] = {
    "": [
        "configmaps", "endpoints", "persistentvolumeclaims", "pods", "replicationcontrollers",
        "replicationcontrollers/scale", "serviceaccounts", "services",
    ],
    "apps": [
        "daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale",
        "statefulsets", "statefulsets/scale",
    ],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}  # fmt: skip
_STATUSES: dict[str, list[str]] = {
    "": [
        "bindings", "events", "limitranges", "namespaces", "namespaces/status", "pods/log", "pods/status",
        "persistentvolumeclaims/status", "replicationcontrollers/status", "resourcequotas",
        "resourcequotas/status", "services/status",
    ],
    "apps": ["controllerrevisions", "daemonsets/status", "deployments/status", "replicasets/status",
             "statefulsets/status"],
    "autoscaling": ["horizontalpodautoscalers/status"],
    "batch": ["cronjobs/status", "jobs/status"],
    "discovery.k8s.io": ["endpointslices"],
    "networking.k8s.io": ["ingresses/status"],
    "policy": ["poddisruptionbudgets/status"],
}  # fmt: skip


def rule(verbs: Sequence[str], group: str, resources: Sequence[str]) -> Object:
    return {"verbs": list(verbs), "apiGroups": [group], "resources": list(resources)}


def _view_rules() -> list[Object]:
    groups = sorted({*_WORKLOADS, *_STATUSES})
    return [rule(READ, group, [*_WORKLOADS.get(group, []), *_STATUSES.get(group, [])]) for group in groups]


def _edit_rules() -> list[Object]:
    return [
        rule(
            READ,
            "",
            ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"],
        ),
        rule(["impersonate"], "", ["serviceaccounts"]),
        rule(WRITE, "", ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]),
        rule(["create"], "", ["pods/eviction"]),
        rule(WRITE, "", [*_WORKLOADS[""], "secrets", "services/proxy", "events"]),
        rule(["create"], "", ["serviceaccounts/token"]),
        *(
            rule(WRITE, group, [*resources, "deployments/rollback"] if group == "apps" else resources)
            for group, resources in _WORKLOADS.items()
            if group
        ),
        rule([*READ, *WRITE], "coordination.k8s.io", ["leases"]),
    ]


def _admin_rules() -> list[Object]:
    return [
        rule(["create"], "authorization.k8s.io", ["localsubjectaccessreviews"]),
        rule([*READ, *WRITE], "rbac.authorization.k8s.io", ["rolebindings", "roles"]),
    ]


_DISCOVERY = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
              "/version", "/version/"]  # fmt: skip
_PUBLIC = ["/healthz", "/livez", "/readyz", "/version", "/version/"]


def cluster_roles() -> list[Object]:
    return [
        _role("cluster-admin", [rule(["*"], "*", ["*"]), {"verbs": ["*"], "nonResourceURLs": ["*"]}]),
        _aggregated("admin"),
        _aggregated("edit", into="admin"),
        _aggregated("view", into="edit"),
        _role("system:aggregate-to-admin", _admin_rules(), {f"{_AGGREGATE}admin": "true"}),
        _role("system:aggregate-to-edit", _edit_rules(), {f"{_AGGREGATE}edit": "true"}),
        _role("system:aggregate-to-view", _view_rules(), {f"{_AGGREGATE}view": "true"}),
        _role("system:discovery", [{"verbs": ["get"], "nonResourceURLs": _DISCOVERY}]),
        _role("system:public-info-viewer", [{"verbs": ["get"], "nonResourceURLs": _PUBLIC}]),
        _role(
            "system:basic-user",
            [
                rule(
                    ["create"],
                    "authorization.k8s.io",
                    ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
                ),
                rule(["create"], "authentication.k8s.io", ["selfsubjectreviews"]),
            ],
        ),
        _role("system:auth-delegator", [
            rule(["create"], "authentication.k8s.io", ["tokenreviews"]),
            rule(["create"], "authorization.k8s.io", ["subjectaccessreviews"]),
        ]),
    ]  # fmt: skip


def cluster_role_bindings() -> list[Object]:
    everyone = ["system:authenticated", "system:unauthenticated"]
    return [
        _binding("cluster-admin", ["system:masters"]),
        _binding("system:basic-user", ["system:authenticated"]),
        _binding("system:discovery", ["system:authenticated"]),
        _binding("system:public-info-viewer", everyone),
    ]


def _metadata(name: str, labels: dict[str, str] | None = None) -> Object:
    return {
        "name": name,
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", **(labels or {})},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }


def _role(name: str, rules: list[Object], labels: dict[str, str] | None = None) -> Object:
    return {
        "apiVersion": _API_VERSION,
        "kind": "ClusterRole",
        "metadata": _metadata(name, labels),
        "rules": rules,
    }


def _aggregated(name: str, into: str = "") -> Object:
    labels = {f"{_AGGREGATE}{into}": "true"} if into else {}
    selector = {"matchLabels": {f"{_AGGREGATE}{name}": "true"}}
    return {**_role(name, [], labels), "aggregationRule": {"clusterRoleSelectors": [selector]}}


def _binding(role: str, groups: Sequence[str]) -> Object:
    return {
        "apiVersion": _API_VERSION,
        "kind": "ClusterRoleBinding",
        "metadata": _metadata(role),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group} for group in groups
        ],
    }
