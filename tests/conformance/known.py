"""What deliberately differs from the recording, and why: at most eight entries, each checked to be still needed."""

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


CONTROLLED = "^(deploy-|replicasets|pods)"
KNOWN = (
    Difference(
        "The recorder's own controller manager called itself kcm, and its stand-in for a node OpenAPI-Generator. "
        "Ours bear the names they have in any cluster.",
        ".",
        r"managedFields\[\d+\]\.manager: '(kcm|OpenAPI-Generator)' became 'kube-controller-manager'",
    ),
    Difference(
        "Controllers act at moments of their own: within milliseconds here, within a second in the recording. What "
        "they had written by then shows in answers (status, revisions, generations, their managedFields).",
        CONTROLLED,
        r"\.status|deployment.kubernetes.io/|managedFields|\.generation|annotations\.x|^\.metadata\.annotations is",
    ),
    Difference(
        "The pod-template-hash is a hash of the printed Go struct, which only Go has; ours is one of the template's "
        "JSON. Names that contain it differ, and with them the order of the ReplicaSets.",
        "^(replicasets|pods)",
        r"web-[0-9a-z]+|pod-template-hash|\.spec\.(replicas|template)|\.generation",
    ),
    Difference(
        "kube-root-ca.crt holds the certificate of this cluster's authority; the recorder's controllers had none.",
        "^cm-list-label-absent$",
        r"data\.ca\.crt",
    ),
    Difference(
        "The recording's API server ran without the ServiceAccount admission plugin, which every real cluster has: "
        "pods here get the default service account.",
        "^(pods|limitrange-defaults)",
        r"\.spec\.(serviceAccountName|serviceAccount) is new",
    ),
    Difference(
        "The simulated node reports what a kubelet does; the recorder's stand-in wrote less and called its node "
        "otherwise.",
        "^pods",
        r"\.status\.|\.spec\.nodeName",
    ),
)
