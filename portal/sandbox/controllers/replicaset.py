"""ReplicaSets: as many active pods as wanted, the least useful ones removed first."""

from __future__ import annotations

from portal.sandbox import conditions, pods
from portal.sandbox.controllers import podcontrol
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object
from portal.sandbox.statuses import ApiError

KIND = "apps/ReplicaSet"


class ReplicaSetController(Controller):
    name = "replicaset-controller"

    def watch(self) -> None:
        self.on_self(KIND)
        self.on_owned("Pod", "ReplicaSet")

    def reconcile(self, key: Key) -> float | None:
        replica_set = self.client.get(KIND, *key)
        if replica_set is None:
            return None
        failure: ApiError | None = None
        if not replica_set["metadata"].get("deletionTimestamp"):
            failure = self._manage(replica_set)
        again = self._write_status(replica_set, failure)
        if failure is not None:
            raise failure
        return again

    def _manage(self, replica_set: Object) -> ApiError | None:
        """Create or delete pods; the refusal that stopped it, if any."""
        mine = self.client.owned("Pod", replica_set)
        mine += self.client.adopted("Pod", replica_set, replica_set["spec"]["selector"])
        active = [pod for pod in mine if pods.is_active(pod)]
        missing = replica_set["spec"].get("replicas", 1) - len(active)
        if missing < 0:
            for pod in sorted(active, key=podcontrol.usefulness)[:-missing]:
                self.client.delete("Pod", pod)
                self.client.event(
                    replica_set, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}"
                )
        for _ in range(missing):
            try:
                self._create(replica_set)
            except ApiError as refusal:
                self.client.event(
                    replica_set, "Warning", "FailedCreate", f"Error creating: {refusal.message}"
                )
                return refusal
        return None

    def _create(self, replica_set: Object) -> None:
        prefix = f"{replica_set['metadata']['name']}-"
        pod = podcontrol.from_template(replica_set["spec"]["template"], replica_set, generate_name=prefix)
        created = self.client.create("Pod", pod)
        self.client.event(
            replica_set, "Normal", "SuccessfulCreate", f"Created pod: {created['metadata']['name']}"
        )

    def _write_status(self, replica_set: Object, failure: ApiError | None) -> float | None:
        mine = self.client.owned("Pod", replica_set)
        active = [pod for pod in mine if pods.is_active(pod)]
        labels = replica_set["spec"]["template"].get("metadata", {}).get("labels") or {}
        available, again = podcontrol.available(active, replica_set["spec"].get("minReadySeconds", 0))
        counts = {
            "fullyLabeledReplicas": sum(
                labels.items() <= (pod["metadata"].get("labels") or {}).items() for pod in active
            ),
            "readyReplicas": sum(pods.is_ready(pod) for pod in active),
            "availableReplicas": available,
        }
        before = replica_set.get("status") or {}
        listed = before.get("conditions") or []
        if failure is not None:
            listed = conditions.put(listed, "ReplicaFailure", "True", "FailedCreate", failure.message)
        elif len(active) >= replica_set["spec"].get("replicas", 1):
            listed = conditions.without(listed, "ReplicaFailure")
        status = {
            "replicas": len(active),
            **{field: number for field, number in counts.items() if number},
            "terminatingReplicas": podcontrol.terminating(mine),
            "observedGeneration": replica_set["metadata"].get("generation", 0),
            **({"conditions": listed} if listed else {}),
        }
        if status != before:
            self.client.update_status(KIND, {**replica_set, "status": status})
        return again
