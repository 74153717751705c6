"""StatefulSets: pods with a number and volumes of their own, started in order, updated from the last."""

from __future__ import annotations

from portal.sandbox import owners, pods
from portal.sandbox.controllers import podcontrol, revisions
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.controllers.revisions import HASH_LABEL
from portal.sandbox.objects import Object, clone

KIND = "apps/StatefulSet"
POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


class StatefulSetController(Controller):
    name = "statefulset-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.on_owned("Pod", "StatefulSet")

    def reconcile(self, key: Key) -> float | None:
        stateful_set = self.client.get(KIND, *key)
        if stateful_set is None or stateful_set["metadata"].get("deletionTimestamp"):
            return None
        update, others = revisions.sync(self.client, stateful_set)
        before = (stateful_set.get("status") or {}).get("currentRevision")
        known = {each["metadata"]["name"]: each for each in [*others, update]}
        current = known.get(before or "", update)
        self._manage(stateful_set, current, update)
        again, in_use = self._write_status(stateful_set, current, update)
        revisions.forget(self.client, stateful_set, others, in_use)
        return again

    def _manage(self, stateful_set: Object, current: Object, update: Object) -> None:
        """One step towards the wanted pods; in order, each waits for the one before unless parallel."""
        spec = stateful_set["spec"]
        first = (spec.get("ordinals") or {}).get("start", 0)
        wanted = range(first, first + spec.get("replicas", 1))
        parallel = spec.get("podManagementPolicy") == "Parallel"
        mine = {_ordinal(pod): pod for pod in self.client.owned("Pod", stateful_set)}
        for ordinal in wanted:
            pod = mine.get(ordinal)
            if pod is not None and pods.is_terminal(pod):
                self.client.delete("Pod", pod)
                return
            if pod is None:
                self._create(
                    stateful_set, ordinal, self._revision_for(stateful_set, ordinal, current, update)
                )
            if not parallel and (pod is None or not _healthy(pod)):
                return
        for ordinal in sorted(set(mine) - set(wanted), reverse=True):
            if not mine[ordinal]["metadata"].get("deletionTimestamp"):
                self._delete(stateful_set, mine[ordinal])
            if not parallel:
                return
        self._update_one(stateful_set, update, [mine[ordinal] for ordinal in wanted if ordinal in mine])

    def _update_one(self, stateful_set: Object, update: Object, running: list[Object]) -> None:
        strategy = stateful_set["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for pod in reversed(running):
            if _ordinal(pod) < partition:
                return
            if _revision_of(pod) != _digest(update) and not pod["metadata"].get("deletionTimestamp"):
                self._delete(stateful_set, pod)
                return
            if not _healthy(pod):
                return

    def _revision_for(self, stateful_set: Object, ordinal: int, current: Object, update: Object) -> Object:
        strategy = stateful_set["spec"].get("updateStrategy") or {}
        partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        return current if ordinal < partition else update

    def _create(self, stateful_set: Object, ordinal: int, revision: Object) -> None:
        metadata, spec = stateful_set["metadata"], stateful_set["spec"]
        name = f"{metadata['name']}-{ordinal}"
        template = {
            key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"
        }
        pod = podcontrol.from_template(template, stateful_set, name=name)
        pod["metadata"].setdefault("labels", {}).update(
            {POD_NAME: name, POD_INDEX: str(ordinal), HASH_LABEL: revision["metadata"]["name"]}
        )
        pod["spec"].update({"hostname": name, "subdomain": spec.get("serviceName", "")})
        claims = spec.get("volumeClaimTemplates") or []
        replaced = {claim["metadata"]["name"] for claim in claims}
        volumes = [each for each in pod["spec"].get("volumes") or [] if each["name"] not in replaced]
        for claim in claims:
            claim_name = f"{claim['metadata']['name']}-{name}"
            self._ensure_claim(stateful_set, claim, claim_name)
            volumes.append(
                {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}}
            )
        if volumes:
            pod["spec"]["volumes"] = volumes
        self.client.create("Pod", pod)
        message = f"create Pod {name} in StatefulSet {metadata['name']} successful"
        self.client.event(stateful_set, "Normal", "SuccessfulCreate", message)

    def _ensure_claim(self, stateful_set: Object, template: Object, name: str) -> None:
        namespace = stateful_set["metadata"]["namespace"]
        if self.client.get("PersistentVolumeClaim", namespace, name) is not None:
            return
        labels = {
            **(template["metadata"].get("labels") or {}),
            **((stateful_set["spec"].get("selector") or {}).get("matchLabels") or {}),
        }
        retention = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        metadata: Object = {"name": name, "namespace": namespace, "labels": labels}
        if template["metadata"].get("annotations"):
            metadata["annotations"] = template["metadata"]["annotations"]
        if retention.get("whenDeleted") == "Delete":
            reference = owners.reference_to(stateful_set)
            metadata["ownerReferences"] = [{**reference, "controller": False, "blockOwnerDeletion": False}]
        self.client.create(
            "PersistentVolumeClaim",
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": metadata,
                "spec": clone(template["spec"]),
            },
        )
        message = (
            f"create Claim {name} Pod {name.removeprefix(template['metadata']['name'] + '-')} in StatefulSet "
            f"{stateful_set['metadata']['name']} success"
        )
        self.client.event(stateful_set, "Normal", "SuccessfulCreate", message)

    def _delete(self, stateful_set: Object, pod: Object) -> None:
        self.client.delete("Pod", pod)
        metadata = stateful_set["metadata"]
        message = f"delete Pod {pod['metadata']['name']} in StatefulSet {metadata['name']} successful"
        self.client.event(stateful_set, "Normal", "SuccessfulDelete", message)

    def _write_status(
        self, stateful_set: Object, current: Object, update: Object
    ) -> tuple[float | None, set[str]]:
        """Store the status; in how many seconds to look again, and the names of revisions in use."""
        mine = [pod for pod in self.client.owned("Pod", stateful_set) if not pods.is_terminal(pod)]
        live = [pod for pod in mine if pods.is_active(pod)]
        available, again = podcontrol.available(live, stateful_set["spec"].get("minReadySeconds", 0))
        updated = sum(_revision_of(pod) == _digest(update) for pod in live)
        ready = sum(pods.is_ready(pod) for pod in live)
        replicas = stateful_set["spec"].get("replicas", 1)
        if updated == len(mine) == ready == replicas:
            current = update
        on_current = sum(_revision_of(pod) == _digest(current) for pod in live)
        counts = {"readyReplicas": ready, "currentReplicas": on_current, "updatedReplicas": updated}
        status = {
            "observedGeneration": stateful_set["metadata"].get("generation", 0),
            "replicas": len(mine),
            **{field: number for field, number in counts.items() if number},
            "currentRevision": current["metadata"]["name"],
            "updateRevision": update["metadata"]["name"],
            "collisionCount": 0,
            "availableReplicas": available,
        }
        if status != (stateful_set.get("status") or {}):
            self.client.update_status(KIND, {**stateful_set, "status": status})
        return again, {current["metadata"]["name"], *(_revision_of(pod) for pod in mine)}


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _healthy(pod: Object) -> bool:
    return pods.is_active(pod) and pods.is_ready(pod)


def _revision_of(pod: Object) -> str:
    label: str = (pod["metadata"].get("labels") or {}).get(HASH_LABEL, "")
    return label


def _digest(revision: Object) -> str:
    """What a StatefulSet's pods carry as their revision: the revision's whole name."""
    name: str = revision["metadata"]["name"]
    return name
