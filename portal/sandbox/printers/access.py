"""Roles and bindings, admission policies and what extends the API."""

from __future__ import annotations

from typing import Any

from portal.sandbox.objects import Object
from portal.sandbox.printers.common import Printer, age, columns, name, selector

_CREATED = ("Created At",)
_SUBJECTS = ("Users", "Groups", "ServiceAccounts")
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"


def _service_account(obj: Object) -> list[Any]:
    return [name(obj), len(obj.get("secrets") or ()), age(obj)]


def _named_and_created(obj: Object) -> list[Any]:
    return [name(obj), obj["metadata"].get("creationTimestamp", "")]


def _binding(obj: Object) -> list[Any]:
    reference = obj.get("roleRef") or {}
    by_kind: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for each in obj.get("subjects") or ():
        shown = (
            f"{each.get('namespace', '')}/{each['name']}"
            if each["kind"] == "ServiceAccount"
            else each["name"]
        )
        by_kind.setdefault(each["kind"], []).append(shown)
    return [
        name(obj),
        f"{reference.get('kind', '')}/{reference.get('name', '')}",
        age(obj),
        *(", ".join(by_kind[kind]) for kind in ("User", "Group", "ServiceAccount")),
    ]


def _policy(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    kind = spec.get("paramKind")
    shown = f"{kind['apiVersion']}/{kind['kind']}" if kind else "<unset>"
    return [name(obj), len(spec.get("validations") or ()), shown, age(obj)]


def _policy_binding(obj: Object) -> list[Any]:
    spec = obj.get("spec") or {}
    reference = spec.get("paramRef")
    shown = "<unset>"
    if reference and reference.get("name"):
        shown = f"{reference.get('namespace', '*')}/{reference['name']}"
    elif reference:
        shown = selector(reference.get("selector"))
    return [name(obj), spec.get("policyName", ""), shown, age(obj)]


def _webhooks(obj: Object) -> list[Any]:
    return [name(obj), len(obj.get("webhooks") or ()), age(obj)]


def _api_service(obj: Object) -> list[Any]:
    return [name(obj), "Local", "True", age(obj)]


PRINTERS = {
    ("", "ServiceAccount"): Printer(columns("core.v1.ServiceAccount", "Secrets", "Age"), _service_account),
    ("", "LimitRange"): Printer(columns("core.v1.LimitRange", *_CREATED), _named_and_created),
    (_RBAC, "Role"): Printer(columns("rbac.v1.Role", *_CREATED), _named_and_created),
    (_RBAC, "ClusterRole"): Printer(columns("rbac.v1.ClusterRole", *_CREATED), _named_and_created),
    (_RBAC, "RoleBinding"): Printer(columns("rbac.v1.RoleBinding", "Role", "Age", wide=_SUBJECTS), _binding),
    (_RBAC, "ClusterRoleBinding"): Printer(
        columns("rbac.v1.ClusterRoleBinding", "Role", "Age", wide=_SUBJECTS), _binding),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Printer(columns("", *_CREATED), _named_and_created),
    ("apiregistration.k8s.io", "APIService"): Printer(columns("", "Service", "Available", "Age"),
    _api_service),
    (_ADMISSION, "ValidatingAdmissionPolicy"): Printer(
        columns("admissionregistration.v1.ValidatingAdmissionPolicy", "Validations", "ParamKind", "Age"),
        _policy),
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): Printer(
        columns("admissionregistration.v1.ValidatingAdmissionPolicyBinding", "PolicyName", "ParamRef", "Age"),
        _policy_binding),
    (_ADMISSION, "ValidatingWebhookConfiguration"): Printer(columns("", "Webhooks", "Age"), _webhooks),
    (_ADMISSION, "MutatingWebhookConfiguration"): Printer(columns("", "Webhooks", "Age"), _webhooks),
}  # fmt: skip
