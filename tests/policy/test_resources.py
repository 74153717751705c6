"""Plurals and scopes of kinds that no discovery tells, as their definitions have them."""

from __future__ import annotations

import pytest

from portal.policy import load_bundle
from portal.policy.resources import Resources
from tests.policy.scenes import binding, judge, policy


@pytest.mark.parametrize(
    ("api_version", "kind", "plural", "namespaced"),
    [
        ("cluster.x-k8s.io/v1beta2", "Cluster", "clusters", True),
        ("cluster.x-k8s.io/v1beta2", "ClusterClass", "clusterclasses", True),
        ("controlplane.cluster.x-k8s.io/v1beta2", "KubeadmControlPlane", "kubeadmcontrolplanes", True),
        ("gateway.envoyproxy.io/v1alpha1", "EnvoyProxy", "envoyproxies", True),
        ("gateway.networking.k8s.io/v1", "Gateway", "gateways", True),
        ("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses", False),
        ("infrastructure.cluster.x-k8s.io/v1beta2", "AWSCluster", "awsclusters", True),
        (
            "infrastructure.cluster.x-k8s.io/v1beta2",
            "AWSClusterRoleIdentity",
            "awsclusterroleidentities",
            False,
        ),
        ("kafka.strimzi.io/v1", "Kafka", "kafkas", True),
        ("kafka.strimzi.io/v1", "KafkaMirrorMaker2", "kafkamirrormaker2s", True),
        ("kubeadm.k8s.io/v1beta4", "ClusterConfiguration", "clusterconfigurations", False),
        ("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", "kubeletconfigurations", False),
        ("kueue.x-k8s.io/v1beta2", "ClusterQueue", "clusterqueues", False),
        ("linux.slipway.dev/v1", "LoginPolicy", "loginpolicies", False),
        ("linux.slipway.dev/v1", "SSHDaemon", "sshdaemons", False),
        ("linux.slipway.dev/v1", "Sysctl", "sysctls", False),
        ("machineconfiguration.openshift.io/v1", "MachineConfig", "machineconfigs", False),
        ("networking.istio.io/v1", "ServiceEntry", "serviceentries", True),
        ("rabbitmq.com/v1beta1", "Policy", "policies", True),
        ("rabbitmq.com/v1beta1", "RabbitmqCluster", "rabbitmqclusters", True),
        ("security.istio.io/v1", "AuthorizationPolicy", "authorizationpolicies", True),
        ("tuned.openshift.io/v1", "Tuned", "tuneds", True),
    ],
)
def test_kinds_of_the_ecosystem_are_known_by_plural_and_scope(
    api_version: str, kind: str, plural: str, namespaced: bool
) -> None:
    resource = Resources().of(api_version, kind)
    assert (resource.resource, resource.namespaced) == (plural, namespaced)


def test_a_node_file_without_metadata_and_without_an_environment_is_judged() -> None:
    rule = {
        "apiGroups": ["kubelet.config.k8s.io"],
        "apiVersions": ["*"],
        "resources": ["kubeletconfigurations"],
    }
    selector = {"matchExpressions": [{"key": "slipway.dev/environment", "operator": "Exists"}]}
    bundle = load_bundle(
        [
            policy("p", "object.?readOnlyPort.orValue(0) == 0", rule=rule),
            binding("p", matchResources={"namespaceSelector": selector}),
        ]
    )
    file = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "readOnlyPort": 10255,
    }
    (verdict,) = judge(bundle, file, environment="").verdicts
    assert (verdict.policy, verdict.outcome) == ("p", "deny")


@pytest.mark.parametrize(
    ("api_version", "kind", "plural", "namespaced"),
    [
        ("external-secrets.io/v1", "ClusterSecretStore", "clustersecretstores", False),
        ("crd.projectcalico.org/v1", "GlobalNetworkPolicy", "globalnetworkpolicies", False),
        ("cluster.x-k8s.io/v1beta1", "ClusterClass", "clusterclasses", True),
        ("operators.coreos.com/v1alpha1", "ClusterServiceVersion", "clusterserviceversions", True),
        ("lab.example.com/v1", "Cluster", "clusters", True),
        ("lab.example.com/v1", "Clustering", "clusterings", True),
        ("constraints.gatekeeper.sh/v1beta1", "K8sRequiredLabels", "k8srequiredlabels", False),
        ("security.openshift.io/v1", "SecurityContextConstraints", "securitycontextconstraints", False),
        ("policies.kyverno.io/v1", "ValidatingPolicy", "validatingpolicies", False),
        ("policies.kyverno.io/v1", "NamespacedValidatingPolicy", "namespacedvalidatingpolicies", True),
    ],
)
def test_custom_kinds_without_a_definition_are_placed_by_what_is_known_of_them(
    api_version: str, kind: str, plural: str, namespaced: bool
) -> None:
    found = Resources().of(api_version, kind)
    assert (found.resource, found.namespaced) == (plural, namespaced)
