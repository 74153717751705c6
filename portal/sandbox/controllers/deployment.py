"""Deployments: one ReplicaSet per pod template, rolled from old to new within surge and availability."""

from __future__ import annotations

from portal.sandbox import conditions, owners
from portal.sandbox.controllers import deployment_status, rollout
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.controllers.rollout import HASH_LABEL, Limits
from portal.sandbox.objects import Object, clone

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
# annotations that stay on the Deployment and are not copied to its ReplicaSets
_PRIVATE = {REVISION, REVISION_HISTORY, DESIRED, MAXIMUM, "kubectl.kubernetes.io/last-applied-configuration"}


class DeploymentController(Controller):
    name = "deployment-controller"

    def watch(self) -> None:
        self.on_self("apps/Deployment")
        self.on_owned("apps/ReplicaSet", "Deployment")

    def reconcile(self, key: Key) -> float | None:
        deployment = self.client.get("apps/Deployment", *key)
        if deployment is None:
            return None
        sets = self._replica_sets(deployment)
        if deployment["metadata"].get("deletionTimestamp"):
            return deployment_status.write(self.client, deployment, None, sets)
        new = self._find_new(deployment, sets)
        if deployment["spec"].get("paused"):
            self._resize_all(deployment, sets)
            return self._finish(deployment, new)
        if new is None:
            new = self._create_new(deployment, sets)
        else:
            new = self._adjust_revision(deployment, new, sets)
        sets = self._replica_sets(deployment)
        old = [each for each in sets if each["metadata"]["uid"] != new["metadata"]["uid"]]
        if self._size_changed(deployment, sets):
            self._resize_all(deployment, sets)
        elif (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            self._recreate(deployment, new, old)
        else:
            self._roll(deployment, new, old)
        return self._finish(deployment, new)

    def _finish(self, deployment: Object, new: Object | None) -> float | None:
        key = deployment["metadata"].get("namespace", ""), deployment["metadata"]["name"]
        fresh = self.client.get("apps/Deployment", *key)
        if fresh is None:
            return None
        sets = self._replica_sets(fresh)
        current = self._find_new(fresh, sets) if new is not None else None
        again = deployment_status.write(self.client, fresh, current, sets)
        if current is not None:
            self._forget_history(fresh, current, sets)
        return again

    def _replica_sets(self, deployment: Object) -> list[Object]:
        """Its ReplicaSets, oldest first; orphans that its selector matches are adopted."""
        found = self.client.owned("apps/ReplicaSet", deployment)
        if not deployment["metadata"].get("deletionTimestamp"):
            found += self.client.adopted("apps/ReplicaSet", deployment, deployment["spec"]["selector"])
        return sorted(found, key=lambda each: (_revision(each), each["metadata"]["creationTimestamp"]))

    def _find_new(self, deployment: Object, sets: list[Object]) -> Object | None:
        wanted = rollout.without_hash(deployment["spec"]["template"])
        for each in sets:
            if rollout.without_hash(each["spec"]["template"]) == wanted:
                return each
        return None

    def _create_new(self, deployment: Object, old: list[Object]) -> Object:
        spec, metadata = deployment["spec"], deployment["metadata"]
        collisions = (deployment.get("status") or {}).get("collisionCount", 0)
        digest = rollout.template_hash(spec["template"], collisions)
        name = f"{metadata['name']}-{digest}"
        template = clone(spec["template"])
        template.setdefault("metadata", {}).setdefault("labels", {})[HASH_LABEL] = digest
        selector = clone(spec["selector"])
        selector.setdefault("matchLabels", {})[HASH_LABEL] = digest
        limits = rollout.limits_of(spec)
        if (spec.get("strategy") or {}).get("type") == "Recreate":
            size = 0 if any(_size(each) for each in old) else limits.replicas
        else:
            size = rollout.new_size(limits, 0, sum(_size(each) for each in old))
        revision = max((_revision(each) for each in old), default=0) + 1
        min_ready = {"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}
        created = self.client.create(
            "apps/ReplicaSet",
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": name,
                    "namespace": metadata["namespace"],
                    "labels": template["metadata"]["labels"],
                    "annotations": {**_shared(metadata), **_sizes(limits), REVISION: str(revision)},
                    "ownerReferences": [owners.reference_to(deployment)],
                },
                "spec": {"replicas": size, **min_ready, "selector": selector, "template": template},
            },
        )
        if size:
            self._say(deployment, f"Scaled up replica set {name} from 0 to {size}")
        deployment_status.note(
            self.client, deployment, "NewReplicaSetCreated", f'Created new replica set "{name}"', revision
        )
        return created

    def _adjust_revision(self, deployment: Object, new: Object, sets: list[Object]) -> Object:
        """An older ReplicaSet that is wanted again (a rollback) becomes the newest revision."""
        revision = 1 + max(
            (_revision(each) for each in sets if each["metadata"]["uid"] != new["metadata"]["uid"]), default=0
        )
        annotations = dict(new["metadata"].get("annotations") or {})
        before = _revision(new)
        wanted = {**annotations, **_shared(deployment["metadata"])}
        if before < revision:
            wanted[REVISION] = str(revision)
            if before:
                history = annotations.get(REVISION_HISTORY, "")
                wanted[REVISION_HISTORY] = f"{history},{before}" if history else str(before)
        min_ready = deployment["spec"].get("minReadySeconds", 0)
        if wanted != annotations or new["spec"].get("minReadySeconds", 0) != min_ready:
            changed = clone(new)
            changed["metadata"]["annotations"] = wanted
            changed["spec"]["minReadySeconds"] = min_ready
            new = self.client.update("apps/ReplicaSet", changed)
        deployment_status.note(
            self.client,
            deployment,
            "FoundNewReplicaSet",
            f'Found new replica set "{new["metadata"]["name"]}"',
            max(before, revision),
        )
        return new

    def _size_changed(self, deployment: Object, sets: list[Object]) -> bool:
        wanted = str(deployment["spec"].get("replicas", 1))
        return any(
            _size(each) and (each["metadata"].get("annotations") or {}).get(DESIRED, wanted) != wanted
            for each in sets
        )

    def _resize_all(self, deployment: Object, sets: list[Object]) -> None:
        """The Deployment itself was scaled: one active set takes it all, several share it in proportion."""
        limits = rollout.limits_of(deployment["spec"])
        active = [each for each in sets if _size(each)]
        new = self._find_new(deployment, sets)
        if len(active) <= 1:
            target = active[0] if active else (new or (sets[-1] if sets else None))
            if target is not None:
                self._scale(deployment, target, limits.replicas, limits)
            return
        if new is not None and _size(new) == limits.replicas == (new.get("status") or {}).get(
            "availableReplicas", 0
        ):
            for each in active:
                if each is not new:
                    self._scale(deployment, each, 0, limits)
            return
        former = max(int((each["metadata"].get("annotations") or {}).get(MAXIMUM, 0)) for each in active)
        for each, size in zip(
            active, rollout.proportional_sizes(limits, [_size(each) for each in active], former), strict=True
        ):
            self._scale(deployment, each, size, limits)

    def _recreate(self, deployment: Object, new: Object, old: list[Object]) -> None:
        limits = rollout.limits_of(deployment["spec"])
        for each in old:
            self._scale(deployment, each, 0, limits)
        if not any(self._pods_left(each) for each in old):
            self._scale(deployment, new, limits.replicas, limits)

    def _pods_left(self, replica_set: Object) -> bool:
        return any(
            (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            for pod in self.client.owned("Pod", replica_set)
        )

    def _roll(self, deployment: Object, new: Object, old: list[Object]) -> None:
        limits = rollout.limits_of(deployment["spec"])
        total = _size(new) + sum(_size(each) for each in old)
        size = rollout.new_size(limits, _size(new), total)
        if size != _size(new):
            self._scale(deployment, new, size, limits)
            return
        sizes = rollout.old_sizes(
            limits,
            [(_size(each), _available(each)) for each in old],
            (_size(new), _available(new)),
        )
        for each, wanted in zip(old, sizes, strict=True):
            self._scale(deployment, each, wanted, limits)
        self._scale(deployment, new, _size(new), limits)

    def _scale(self, deployment: Object, replica_set: Object, size: int, limits: Limits) -> None:
        annotations = dict(replica_set["metadata"].get("annotations") or {})
        before = _size(replica_set)
        wanted = {**annotations, **_sizes(limits)}
        if before == size and annotations == wanted:
            return
        changed = clone(replica_set)
        changed["metadata"]["annotations"] = wanted
        changed["spec"]["replicas"] = size
        self.client.update("apps/ReplicaSet", changed)
        if before != size:
            direction = "up" if size > before else "down"
            name = replica_set["metadata"]["name"]
            self._say(deployment, f"Scaled {direction} replica set {name} from {before} to {size}")

    def _forget_history(self, deployment: Object, new: Object, sets: list[Object]) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit", 10)
        progressing = conditions.find((deployment.get("status") or {}).get("conditions") or [], "Progressing")
        if progressing is not None and progressing.get("reason") != "NewReplicaSetAvailable":
            return
        idle = [
            each
            for each in sets
            if each["metadata"]["uid"] != new["metadata"]["uid"]
            and not _size(each)
            and not (each.get("status") or {}).get("replicas")
            and not each["metadata"].get("deletionTimestamp")
        ]
        for each in idle[: max(0, len(idle) - limit)]:
            self.client.delete("apps/ReplicaSet", each)

    def _say(self, deployment: Object, message: str) -> None:
        self.client.event(deployment, "Normal", "ScalingReplicaSet", message)


def _size(replica_set: Object) -> int:
    size: int = replica_set["spec"].get("replicas", 1)
    return size


def _available(replica_set: Object) -> int:
    available: int = (replica_set.get("status") or {}).get("availableReplicas", 0)
    return available


def _revision(obj: Object) -> int:
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def _shared(metadata: Object) -> dict[str, str]:
    annotations: dict[str, str] = metadata.get("annotations") or {}
    return {key: value for key, value in annotations.items() if key not in _PRIVATE}


def _sizes(limits: Limits) -> dict[str, str]:
    return {DESIRED: str(limits.replicas), MAXIMUM: str(limits.most)}
