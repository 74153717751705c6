"""Who may write around the gate without having asked: the control plane of a cluster, by name.

The service accounts are those that Kubernetes itself makes for its controllers (kube-controller-manager with
`--use-service-account-credentials`; names as in its bootstrap policy) and that write objects of other people:
spec, status, finalizers, owner references, or their removal.
"""

from __future__ import annotations

DEPLOYER = "slipway-deployer"
NODES = "system:nodes"
COMPONENTS = (
    "system:apiserver",
    "system:cloud-controller-manager",
    "system:kube-controller-manager",
    "system:kube-scheduler",
)
CONTROLLERS = (
    "attachdetach-controller",
    "cloud-controller-manager",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resource-claim-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "service-account-controller",
    "service-controller",
    "statefulset-controller",
    "storage-version-migrator-controller",
    "ttl-after-finished-controller",
)
CONTROL_PLANE = (*COMPONENTS, *(f"system:serviceaccount:kube-system:{name}" for name in CONTROLLERS))
