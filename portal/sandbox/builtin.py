"""The built-in resources, as a Kubernetes 1.36 API server announces them."""

from __future__ import annotations

from portal.sandbox.resources import VERBS, Resource, Subresource

CREATE = ("create",)
CONNECT = ("create", "delete", "get", "patch", "update")
READ_WRITE = tuple(verb for verb in VERBS if verb != "deletecollection")
SCALE = Subresource("scale", group="autoscaling", version="v1", kind="Scale")
STATUS = Subresource("status")
BOTH = (SCALE, STATUS)
ALL = ("all",)
EXTENSIONS = ("api-extensions",)


def _of(
    group_version: str,
    kind: str,
    plural: str,
    short: str = "",
    *,
    sub: tuple[Subresource, ...] = (),
    cluster: bool = False,
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = VERBS,
    stored_as: str = "",
    storage_key: str = "",
) -> Resource:
    group, _, version = group_version.rpartition("/")
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        short_names=tuple(short.split()),
        namespaced=not cluster,
        verbs=verbs,
        subresources={each.name: each for each in sub},
        categories=categories,
        stored_as=stored_as,
        storage_key=storage_key,
    )


_POD_SUBRESOURCES = (
    Subresource("binding", CREATE, kind="Binding"),
    Subresource("ephemeralcontainers", ("get", "patch", "update")),
    Subresource("eviction", CREATE, "policy", "v1", "Eviction"),
    Subresource("log", ("get",)),
    Subresource("proxy", CONNECT, kind="PodProxyOptions"),
    STATUS,
)
_SERVICE_SUBRESOURCES = (Subresource("proxy", CONNECT, kind="ServiceProxyOptions"), STATUS)
_TOKEN = Subresource("token", CREATE, "authentication.k8s.io", "v1", "TokenRequest")
_FINALIZE = Subresource("finalize", ("update",))
_APPROVAL = Subresource("approval")

_CORE = [
    _of("v1", "ConfigMap", "configmaps", "cm"),
    _of("v1", "Endpoints", "endpoints", "ep"),
    _of("v1", "Event", "events", "ev"),
    _of("v1", "LimitRange", "limitranges", "limits"),
    _of("v1", "Namespace", "namespaces", "ns", sub=(_FINALIZE, STATUS), cluster=True, verbs=READ_WRITE),
    _of("v1", "Node", "nodes", "no", sub=(STATUS,), cluster=True),
    _of("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", sub=(STATUS,)),
    _of("v1", "PersistentVolume", "persistentvolumes", "pv", sub=(STATUS,), cluster=True),
    _of("v1", "Pod", "pods", "po", sub=_POD_SUBRESOURCES, categories=ALL),
    _of("v1", "PodTemplate", "podtemplates"),
    _of("v1", "ReplicationController", "replicationcontrollers", "rc", sub=BOTH, categories=ALL),
    _of("v1", "ResourceQuota", "resourcequotas", "quota", sub=(STATUS,)),
    _of("v1", "Secret", "secrets"),
    _of("v1", "ServiceAccount", "serviceaccounts", "sa", sub=(_TOKEN,)),
    _of("v1", "Service", "services", "svc", sub=_SERVICE_SUBRESOURCES, categories=ALL),
]
_WORKLOADS = [
    _of("apps/v1", "ControllerRevision", "controllerrevisions"),
    _of("apps/v1", "DaemonSet", "daemonsets", "ds", sub=(STATUS,), categories=ALL),
    _of("apps/v1", "Deployment", "deployments", "deploy", sub=BOTH, categories=ALL),
    _of("apps/v1", "ReplicaSet", "replicasets", "rs", sub=BOTH, categories=ALL),
    _of("apps/v1", "StatefulSet", "statefulsets", "sts", sub=BOTH, categories=ALL),
    _of("batch/v1", "CronJob", "cronjobs", "cj", sub=(STATUS,), categories=ALL),
    _of("batch/v1", "Job", "jobs", sub=(STATUS,), categories=ALL),
    _of("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", sub=(STATUS,),
    categories=ALL),
    _of(
        "autoscaling/v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", sub=(STATUS,),
        categories=ALL, stored_as="autoscaling/v2",
    ),
    _of("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", sub=(STATUS,)),
]  # fmt: skip
_REVIEWS = [
    _of("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", cluster=True, verbs=CREATE),
    _of("authentication.k8s.io/v1", "TokenReview", "tokenreviews", cluster=True, verbs=CREATE),
    _of("authorization.k8s.io/v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=CREATE),
    _of(
        "authorization.k8s.io/v1",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
        cluster=True,
        verbs=CREATE,
    ),
    _of(
        "authorization.k8s.io/v1",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreviews",
        cluster=True,
        verbs=CREATE,
    ),
    _of("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", cluster=True, verbs=CREATE),
]
_NETWORK = [
    _of("networking.k8s.io/v1", "IngressClass", "ingressclasses", cluster=True),
    _of("networking.k8s.io/v1", "Ingress", "ingresses", "ing", sub=(STATUS,)),
    _of("networking.k8s.io/v1", "IPAddress", "ipaddresses", "ip", cluster=True),
    _of("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "netpol"),
    _of("networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", sub=(STATUS,), cluster=True),
    _of("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
]
_RBAC = [
    _of("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", cluster=True),
    _of("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", cluster=True),
    _of("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    _of("rbac.authorization.k8s.io/v1", "Role", "roles"),
]
_CLUSTER = [
    _of("storage.k8s.io/v1", "CSIDriver", "csidrivers", cluster=True),
    _of("storage.k8s.io/v1", "CSINode", "csinodes", cluster=True),
    _of("storage.k8s.io/v1", "CSIStorageCapacity", "csistoragecapacities"),
    _of("storage.k8s.io/v1", "StorageClass", "storageclasses", "sc", cluster=True),
    _of("storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", sub=(STATUS,), cluster=True),
    _of("storage.k8s.io/v1", "VolumeAttributesClass", "volumeattributesclasses", "vac", cluster=True),
    _of("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", "pc", cluster=True),
    _of("coordination.k8s.io/v1", "Lease", "leases"),
    _of("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", cluster=True),
    _of("certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", "csr",
        sub=(_APPROVAL, STATUS), cluster=True),
]  # fmt: skip
_EXTENSIONS = [
    _of("events.k8s.io/v1", "Event", "events", "ev", stored_as="v1", storage_key="/events"),
    _of("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
        cluster=True, categories=EXTENSIONS),
    _of("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding",
    "mutatingadmissionpolicybindings",
        cluster=True, categories=EXTENSIONS),
    _of("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
        cluster=True, categories=EXTENSIONS),
    _of("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies",
        sub=(STATUS,), cluster=True, categories=EXTENSIONS),
    _of("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings", cluster=True, categories=EXTENSIONS),
    _of("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
        cluster=True, categories=EXTENSIONS),
    _of("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", "crd crds",
        sub=(STATUS,), cluster=True, categories=EXTENSIONS),
    _of("apiregistration.k8s.io/v1", "APIService", "apiservices", sub=(STATUS,), cluster=True,
        categories=EXTENSIONS),
]  # fmt: skip

# in the order in which /apis announces the groups
BUILT_IN: tuple[Resource, ...] = (
    *_CORE, *_EXTENSIONS[-1:], *_WORKLOADS[:5], *_EXTENSIONS[:1], *_REVIEWS, *_WORKLOADS[7:9],
    *_WORKLOADS[5:7],
    *_CLUSTER[-1:], *_NETWORK[:5], *_WORKLOADS[9:], *_RBAC, *_CLUSTER[:6], *_EXTENSIONS[1:7],
    *_EXTENSIONS[7:8],
    *_CLUSTER[6:9], *_NETWORK[5:],
)  # fmt: skip
# storage of webhooks and of mutating policies is accepted, calling them is not: docs/sandbox.md
