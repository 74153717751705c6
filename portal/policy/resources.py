"""Kinds and resources: what discovery would tell, for built-in kinds by list and for others by rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.policy.defaults import is_built_in
from portal.policy.types import Document

# plurals that are not formed by rule
IRREGULAR = {
    "Endpoints": "endpoints",
    "NetworkPolicy": "networkpolicies",
    "Gateway": "gateways",
    "SecurityContextConstraints": "securitycontextconstraints",
}
# groups whose resources are called like their kinds
UNCHANGED = frozenset({"constraints.gatekeeper.sh", "mutations.gatekeeper.sh", "expansion.gatekeeper.sh"})
# groups that have nothing in a namespace
CLUSTER_GROUPS = frozenset(
    {"constraints.gatekeeper.sh", "templates.gatekeeper.sh", "mutations.gatekeeper.sh"}
    | {"expansion.gatekeeper.sh", "externaldata.gatekeeper.sh", "config.openshift.io", "console.openshift.io"}
    | {"policy.networking.k8s.io", "security.openshift.io"}
)
# what custom kinds that belong to no namespace start with, and groups where that means something else
CLUSTER_PREFIX = re.compile(r"^(Cluster|Global)[A-Z]")
NOT_BY_PREFIX = frozenset(
    {"cluster.x-k8s.io", "addons.cluster.x-k8s.io", "controlplane.cluster.x-k8s.io", "hive.openshift.io"}
    | {"logging.openshift.io", "observability.openshift.io", "operators.coreos.com"}
)
CLUSTER_SCOPED: Mapping[str, frozenset[str]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume", "ComponentStatus"}),
    "admissionregistration.k8s.io": frozenset(
        {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"}
        | {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"}
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "authentication.k8s.io": frozenset({"SelfSubjectReview", "TokenReview"}),
    "authorization.k8s.io": frozenset(
        {"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"}
    ),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IngressClass", "IPAddress", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "ResourceSlice", "DeviceTaintRule"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
    "gateway.networking.k8s.io": frozenset({"GatewayClass"}),
    "cert-manager.io": frozenset({"ClusterIssuer"}),
    "kyverno.io": frozenset({"ClusterPolicy"}),
    "policies.kyverno.io": frozenset(
        {"ValidatingPolicy", "MutatingPolicy", "GeneratingPolicy", "DeletingPolicy", "ImageValidatingPolicy"}
    ),
    "kueue.x-k8s.io": frozenset(
        {"AdmissionCheck", "ClusterQueue", "Cohort", "MultiKueueCluster", "MultiKueueConfig"}
        | {"ProvisioningRequestConfig", "ResourceFlavor", "Topology", "WorkloadPriorityClass"}
    ),
    "infrastructure.cluster.x-k8s.io": frozenset(
        {"AWSClusterControllerIdentity", "AWSClusterRoleIdentity", "AWSClusterStaticIdentity"}
        | {"OpenStackClusterIdentity"}
    ),
    "runtime.cluster.x-k8s.io": frozenset({"ExtensionConfig"}),
    "machineconfiguration.openshift.io": frozenset(
        {"ContainerRuntimeConfig", "ControllerConfig", "KubeletConfig", "MachineConfig", "MachineConfigPool"}
    ),
    "performance.openshift.io": frozenset({"PerformanceProfile"}),
    # files that a node reads: no cluster serves them, and they belong to no namespace
    "apiserver.config.k8s.io": frozenset({"EncryptionConfiguration"}),
    "kubelet.config.k8s.io": frozenset({"KubeletConfiguration"}),
    "kubeadm.k8s.io": frozenset({"ClusterConfiguration", "InitConfiguration", "JoinConfiguration"}),
    "linux.slipway.dev": frozenset({"LoginPolicy", "SSHDaemon", "Sysctl"}),
}


@dataclass(frozen=True)
class Resource:
    """What an admission request says of its target."""

    group: str
    version: str
    resource: str
    kind: str
    namespaced: bool


def plural_of(kind: str) -> str:
    """The resource's name by the rule that kubebuilder and the API machinery follow."""
    if kind in IRREGULAR:
        return IRREGULAR[kind]
    word = kind.lower()
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


class Resources:
    """Resources by group and kind; knows the definitions that are among the documents themselves."""

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self._defined: dict[tuple[str, str], tuple[str, bool]] = {}
        for document in documents:
            if document.get("kind") == "CustomResourceDefinition":
                self._define(document.get("spec"))

    def _define(self, spec: object) -> None:
        names = spec.get("names") if isinstance(spec, Mapping) else None
        if not isinstance(spec, Mapping) or not isinstance(names, Mapping):
            return
        key = (str(spec.get("group")), str(names.get("kind")))
        if is_built_in(f"{key[0]}/v1"):
            # the server's own kinds cannot be defined anew: policies would no longer be about them
            return
        self._defined[key] = (str(names.get("plural")), spec.get("scope") != "Cluster")

    def of(self, api_version: str, kind: str) -> Resource:
        group, _slash, version = api_version.rpartition("/")
        plural, namespaced = self._defined.get((group, kind), ("", not _is_cluster_scoped(group, kind)))
        usual = kind.lower() if group in UNCHANGED else plural_of(kind)
        return Resource(group, version, plural or usual, kind, namespaced)


def _is_cluster_scoped(group: str, kind: str) -> bool:
    """By list for what is known, by the way that its authors name things for what is not."""
    if kind in CLUSTER_SCOPED.get(group, ()) or group in CLUSTER_GROUPS:
        return True
    custom = not is_built_in(f"{group}/v1") and group not in NOT_BY_PREFIX
    return custom and CLUSTER_PREFIX.match(kind) is not None
