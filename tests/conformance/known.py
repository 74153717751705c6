"""What deliberately differs from the recording, and why: at most eight entries, each checked to be still
needed."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """`steps` and `found` are patterns of the exchange's step and of the difference as replay.py words it."""

    reason: str
    steps: str
    found: str

    def explains(self, step: str, found: str) -> bool:
        return bool(re.search(self.steps, step) and re.search(self.found, found))


_NODE = r"hostIPs?|podIPs?|observedGeneration|conditions|containerStatuses"
KNOWN = (
    Difference(
        "The recorder's own controller manager called itself kcm, and its stand-in for a node "
        "OpenAPI-Generator. "
        "Ours bear the names they have in any cluster.",
        ".",
        r"managedFields\[\d+\]\.manager: '(kcm|OpenAPI-Generator)' became 'kube-controller-manager'",
    ),
    Difference(
        "Controllers act at moments of their own: within milliseconds here, within a second in the "
        "recording. How "
        "far a rollout had come when a write was answered shows in its status, and in who owns that.",
        "^deploy-(apply|strategic|scale|status)",
        r"^\.status|f:status|managedFields: 1 items became 2|annotations( is "
        r"new|\.deployment\.kubernetes\.io/revision)",
    ),
    Difference(
        "A rollout that the recording's next request overtook had begun here: one revision more, and "
        "ReplicaSets "
        "that were scaled in other steps.",
        "^(deploy-ready|deploy-delete-foreground|replicasets)$",
        r"revision: '[12]' became '[123]'|\.generation|observedGeneration|max-replicas|annotations\.x",
    ),
    Difference(
        "The pod-template-hash is a hash of the printed Go struct, which only Go has; ours is one of "
        "the template's "
        "JSON. Names that contain it differ.",
        "^(deploy-ready|deploy-delete-foreground|replicasets|pods.*)$",
        r"became '(ReplicaSet \"web-|web-)?[0-9a-f]{5,10}",
    ),
    Difference(
        "kube-root-ca.crt holds the certificate of this cluster's authority; the recorder's "
        "controllers had none.",
        "^cm-list-label-absent$",
        r"data\.ca\.crt",
    ),
    Difference(
        "The recording's API server ran without the ServiceAccount admission plugin, which every "
        "real cluster has: "
        "pods here get the default service account.",
        "^(pods|limitrange-defaults)",
        r"\.spec\.(serviceAccountName|serviceAccount) is new",
    ),
    Difference(
        "The simulated node reports what a kubelet does (addresses, container ids, one condition more); the "
        "recorder's stand-in wrote less.",
        "^pods",
        rf"\.status\.({_NODE})|f:status\.f:({_NODE})",
    ),
)
