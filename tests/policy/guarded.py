"""What the tests of the guard speak in: who asks, about which object, in a gated namespace."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from portal.policy import Admission, AdmissionRequest, Bundle, UserInfo, load_bundle
from portal.policy.guard import guard_documents
from tests.policy.scenes import namespace

PLACE = "storefront-production"
PORTAL = "slipway-portal"
KUBE_SYSTEM = "system:serviceaccount:kube-system:"
DENY = load_bundle(guard_documents(["production"], [PORTAL], "deny"))
AUDIT = load_bundle(guard_documents(["production"], [PORTAL], "audit"))

ADMIN = UserInfo("kubernetes-admin", ("system:masters", "system:authenticated"))
OLGA = UserInfo("olga", ("slipway:operators", "system:authenticated"))
ROBOT = UserInfo(f"system:serviceaccount:{PLACE}:robot", ("system:serviceaccounts",))
NEIGHBOUR = UserInfo("system:serviceaccount:ledger-production:slipway-deployer", ("system:serviceaccounts",))
DEPLOYER = UserInfo(f"system:serviceaccount:{PLACE}:slipway-deployer", ("system:serviceaccounts",))
THE_PORTAL = UserInfo(PORTAL, ("system:authenticated",))
NODE = UserInfo("system:node:worker-1", ("system:nodes", "system:authenticated"))
STRANGERS = (ADMIN, OLGA, ROBOT, NEIGHBOUR)
HELM = {"app.kubernetes.io/managed-by": "Helm"}
OWN = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": PLACE}
BUNDLE = {"meta.helm.sh/release-name": "storefront", "meta.helm.sh/release-namespace": "slipway-system"}


def thing(
    kind: str = "Deployment", api_version: str = "apps/v1", name: str = "web", **metadata: Any
) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": PLACE, **metadata},
        "spec": {"replicas": 2},
    }


def changed(document: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    result = deepcopy(document)
    result["metadata"] |= metadata
    result["spec"] = {"replicas": 7}
    return result


MANAGED = thing(labels=HELM, annotations=OWN)
FURNITURE = thing("ResourceQuota", "v1", "quota", labels=HELM, annotations=BUNDLE)
PLAIN = thing(labels={"app": "web"})
RECORD = {
    "apiVersion": "v1",
    "kind": "Secret",
    "type": "helm.sh/release.v1",
    "metadata": {"name": "sh.helm.release.v1.web.v1", "labels": {"owner": "helm", "name": "web"}},
}
PLURALS = {
    "Deployment": ("apps", "deployments"),
    "ResourceQuota": ("", "resourcequotas"),
    "Secret": ("", "secrets"),
    "Pod": ("", "pods"),
    "Scale": ("apps", "deployments"),
    "TokenRequest": ("", "serviceaccounts"),
    "Namespace": ("", "namespaces"),
    "Certificate": ("cert-manager.io", "certificates"),
}


def ask(
    user: UserInfo,
    operation: Any,
    new: Any = None,
    old: Any = None,
    *,
    environment: str = "production",
    part: str = "",
    name: str | None = None,
) -> AdmissionRequest:
    subject = new or old
    group, plural = PLURALS[subject["kind"]]
    return AdmissionRequest(
        operation=operation,
        group=group,
        version="v1",
        resource=plural,
        kind=subject["kind"],
        name=subject["metadata"]["name"] if name is None else name,
        namespace=PLACE,
        object=new,
        old_object=old,
        user=user,
        namespace_object=namespace(environment, PLACE),
        sub_resource=part,
    )


def write(user: UserInfo, operation: str, document: dict[str, Any], **options: Any) -> AdmissionRequest:
    if operation == "CREATE":
        return ask(user, "CREATE", document, None, **options)
    if operation == "DELETE":
        return ask(user, "DELETE", None, document, **options)
    return ask(user, "UPDATE", changed(document), document, **options)


def admit(request: AdmissionRequest, bundle: Bundle = DENY) -> Admission:
    return bundle.admit(request)


OPERATIONS = ("CREATE", "UPDATE", "DELETE")
