"""A Job's selector and the labels of its pods are made by the API server unless the Job brings its own."""

from __future__ import annotations

from portal.sandbox.admission.base import Plugin, is_plain
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object

UID = "batch.kubernetes.io/controller-uid"


class JobSelectors(Plugin):
    def mutate(self, attrs: Attributes) -> None:
        if attrs.operation != "CREATE" or not is_plain(attrs, "batch", "jobs") or attrs.object is None:
            return
        spec = attrs.object["spec"]
        if spec.get("manualSelector"):
            return
        metadata = spec["template"].setdefault("metadata", {})
        metadata["labels"] = {**(metadata.get("labels") or {}), **_labels(attrs.object["metadata"])}
        spec["selector"] = {"matchLabels": {UID: attrs.object["metadata"]["uid"]}}


def _labels(metadata: Object) -> dict[str, str]:
    uid, name = metadata["uid"], metadata["name"]
    return {
        UID: uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
