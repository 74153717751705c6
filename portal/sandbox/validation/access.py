"""Roles and bindings."""

from __future__ import annotations

from portal.sandbox.objects import Object
from portal.sandbox.statuses import (
    FieldError,
    field_forbidden,
    field_invalid,
    field_required,
    field_unsupported,
)

RBAC = "rbac.authorization.k8s.io"


def _rules(obj: Object, *, namespaced: bool) -> list[FieldError]:
    errors = []
    for index, rule in enumerate(obj.get("rules") or ()):
        path = f"rules[{index}]"
        if not rule.get("verbs"):
            errors.append(field_required(f"{path}.verbs", "verbs must contain at least one value"))
        urls = rule.get("nonResourceURLs")
        if urls:
            if namespaced:
                errors.append(
                    field_invalid(
                        f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"
                    )
                )
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                errors.append(
                    field_invalid(
                        f"{path}.nonResourceURLs",
                        urls,
                        "rules cannot apply to both regular resources and non-resource URLs",
                    )
                )
            continue
        if not rule.get("apiGroups"):
            errors.append(
                field_required(f"{path}.apiGroups", "resource rules must supply at least one api group")
            )
        if not rule.get("resources"):
            errors.append(
                field_required(f"{path}.resources", "resource rules must supply at least one resource")
            )
    return errors


def _role(obj: Object) -> list[FieldError]:
    return _rules(obj, namespaced=True)


def _cluster_role(obj: Object) -> list[FieldError]:
    return _rules(obj, namespaced=False)


def _binding(obj: Object, kinds: tuple[str, ...]) -> list[FieldError]:
    reference = obj.get("roleRef") or {}
    errors = []
    if reference.get("apiGroup") != RBAC:
        errors.append(field_unsupported("roleRef.apiGroup", reference.get("apiGroup", ""), [RBAC]))
    if reference.get("kind") not in kinds:
        errors.append(field_unsupported("roleRef.kind", reference.get("kind", ""), kinds))
    if not reference.get("name"):
        errors.append(field_required("roleRef.name"))
    for index, subject in enumerate(obj.get("subjects") or ()):
        errors += _subject(subject, f"subjects[{index}]", clusterwide=len(kinds) == 1)
    return errors


def _subject(subject: Object, path: str, *, clusterwide: bool) -> list[FieldError]:
    errors = []
    if not subject.get("name"):
        errors.append(field_required(f"{path}.name"))
    kind, group = subject.get("kind"), subject.get("apiGroup") or ""
    if kind == "ServiceAccount":
        if group:
            errors.append(field_unsupported(f"{path}.apiGroup", group, [""]))
        if clusterwide and not subject.get("namespace"):
            errors.append(field_required(f"{path}.namespace"))
    elif kind in ("User", "Group"):
        if group != RBAC:
            errors.append(field_unsupported(f"{path}.apiGroup", group, [RBAC]))
    else:
        errors.append(field_unsupported(f"{path}.kind", kind or "", ["Group", "ServiceAccount", "User"]))
    if kind != "ServiceAccount" and subject.get("namespace"):
        errors.append(field_forbidden(f"{path}.namespace", "must not be set for users and groups"))
    return errors


def _role_binding(obj: Object) -> list[FieldError]:
    return _binding(obj, ("ClusterRole", "Role"))


def _cluster_role_binding(obj: Object) -> list[FieldError]:
    return _binding(obj, ("ClusterRole",))


def _same_role(new: Object, old: Object) -> list[FieldError]:
    if new.get("roleRef") == old.get("roleRef"):
        return []
    return [field_invalid("roleRef", new.get("roleRef"), "cannot change roleRef")]


CHECKS = {
    (RBAC, "Role"): _role,
    (RBAC, "ClusterRole"): _cluster_role,
    (RBAC, "RoleBinding"): _role_binding,
    (RBAC, "ClusterRoleBinding"): _cluster_role_binding,
}
UPDATE_CHECKS = {(RBAC, "RoleBinding"): _same_role, (RBAC, "ClusterRoleBinding"): _same_role}
