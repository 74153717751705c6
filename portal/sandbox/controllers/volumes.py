"""Volumes: claims are bound to volumes of their own, made on demand by the simulated provisioner."""

from __future__ import annotations

from portal.sandbox import amounts, pods
from portal.sandbox.controllers.base import Controller, Key
from portal.sandbox.objects import Object, clone
from portal.sandbox.store import Event

CLAIM = "PersistentVolumeClaim"
VOLUME = "PersistentVolume"
CLASS = "storage.k8s.io/StorageClass"
PROVISIONER = "sandbox.slipway.dev/simulated"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
PROTECTION = "kubernetes.io/pvc-protection"


def standard_class() -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "Immediate",
    }


class VolumeController(Controller):
    """Keys are claims; a volume's changes wake the claim that it is bound to."""

    name = "persistentvolume-binder"

    def watch(self) -> None:
        self.on_self(CLAIM)
        self.on(VOLUME, _claim_of)
        self.on("Pod", _claims_used)
        self.on(CLASS, lambda event: self._pending())

    def _pending(self) -> list[Key]:
        return [
            (claim["metadata"]["namespace"], claim["metadata"]["name"])
            for claim in self.client.list(CLAIM)
            if (claim.get("status") or {}).get("phase") != "Bound"
        ]

    def reconcile(self, key: Key) -> float | None:
        claim = self.client.get(CLAIM, *key)
        if claim is None:
            self._release(key)
        elif claim["metadata"].get("deletionTimestamp"):
            self._let_go(claim)
        elif claim["spec"].get("volumeName"):
            self._bound(claim)
        else:
            self._bind(claim)
        return None

    def _bind(self, claim: Object) -> None:
        volume = self._matching(claim)
        if volume is None:
            volume = self._provision(claim)
        if volume is None:
            if (claim.get("status") or {}).get("phase") != "Pending":
                self.client.update_status(CLAIM, {**claim, "status": {"phase": "Pending"}})
            return
        changed = clone(claim)
        changed["spec"]["volumeName"] = volume["metadata"]["name"]
        changed["metadata"].setdefault("annotations", {})["pv.kubernetes.io/bind-completed"] = "yes"
        self._bound(self.client.update(CLAIM, changed))

    def _matching(self, claim: Object) -> Object | None:
        """An available volume made by hand: same class, modes it has, large enough; the smallest of them."""
        wanted = amounts.parse(claim["spec"]["resources"]["requests"]["storage"])
        fits = [
            volume
            for volume in self.client.list(VOLUME)
            if (volume.get("status") or {}).get("phase", "Available") == "Available"
            and not volume["spec"].get("claimRef")
            and volume["spec"].get("storageClassName", "") == (claim["spec"].get("storageClassName") or "")
            and set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ())
            and wanted <= amounts.parse(volume["spec"]["capacity"]["storage"])
        ]
        if not fits:
            return None
        volume = clone(min(fits, key=lambda each: amounts.parse(each["spec"]["capacity"]["storage"])))
        volume["spec"]["claimRef"] = _claim_reference(claim)
        return self.client.update(VOLUME, volume)

    def _provision(self, claim: Object) -> Object | None:
        name = claim["spec"].get("storageClassName")
        if not name:
            message = "no persistent volumes available for this claim and no storage class is set"
            self.client.event(claim, "Normal", "FailedBinding", message)
            return None
        storage_class = self.client.get(CLASS, "", name)
        if storage_class is None:
            message = f'storageclass.storage.k8s.io "{name}" not found'
            self.client.event(claim, "Warning", "ProvisioningFailed", message)
            return None
        if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and not self._has_consumer(claim):
            message = "waiting for first consumer to be created before binding"
            self.client.event(claim, "Normal", "WaitForFirstConsumer", message)
            return None
        if storage_class["provisioner"] != PROVISIONER:
            message = (
                "Waiting for a volume to be created either by the external provisioner "
                f"'{storage_class['provisioner']}' or manually by the system administrator."
            )
            self.client.event(claim, "Normal", "ExternalProvisioning", message)
            return None
        volume = self._make(claim, storage_class)
        message = f"Successfully provisioned volume {volume['metadata']['name']}"
        self.client.event(claim, "Normal", "ProvisioningSucceeded", message)
        return volume

    def _make(self, claim: Object, storage_class: Object) -> Object:
        name = f"pvc-{claim['metadata']['uid']}"
        existing = self.client.get(VOLUME, "", name)
        if existing is not None:
            return existing
        return self.client.create(
            VOLUME,
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {
                    "name": name,
                    "annotations": {"pv.kubernetes.io/provisioned-by": storage_class["provisioner"]},
                },
                "spec": {
                    "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
                    "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                    "storageClassName": storage_class["metadata"]["name"],
                    "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
                    "claimRef": _claim_reference(claim),
                    "csi": {"driver": PROVISIONER, "volumeHandle": name},
                },
            },
        )

    def _bound(self, claim: Object) -> None:
        volume = self.client.get(VOLUME, "", claim["spec"]["volumeName"])
        if volume is None:
            status = {**(claim.get("status") or {}), "phase": "Lost"}
        else:
            self._expand(claim, volume)
            status = {
                "phase": "Bound",
                "accessModes": volume["spec"].get("accessModes") or [],
                "capacity": {"storage": _capacity(claim, volume)},
            }
            if (volume.get("status") or {}).get("phase") != "Bound":
                fresh = self.client.get(VOLUME, "", volume["metadata"]["name"]) or volume
                self.client.update_status(VOLUME, {**fresh, "status": {"phase": "Bound"}})
        if status != (claim.get("status") or {}):
            self.client.update_status(CLAIM, {**claim, "status": status})

    def _expand(self, claim: Object, volume: Object) -> None:
        wanted = _capacity(claim, volume)
        if wanted != volume["spec"]["capacity"]["storage"]:
            changed = clone(volume)
            changed["spec"]["capacity"]["storage"] = wanted
            self.client.update(VOLUME, changed)

    def _has_consumer(self, claim: Object) -> bool:
        return any(
            claim["metadata"]["name"] in pods.claims_in(pod)
            for pod in self.client.list("Pod", claim["metadata"]["namespace"])
        )

    def _let_go(self, claim: Object) -> None:
        """A claim in use by a pod stays until the pod is gone."""
        finalizers = claim["metadata"].get("finalizers") or []
        if PROTECTION not in finalizers or self._has_consumer(claim):
            return
        changed = clone(claim)
        changed["metadata"]["finalizers"] = [each for each in finalizers if each != PROTECTION]
        self.client.update(CLAIM, changed)

    def _release(self, key: Key) -> None:
        for volume in self.client.list(VOLUME):
            reference = volume["spec"].get("claimRef") or {}
            if (reference.get("namespace"), reference.get("name")) != key:
                continue
            current = self.client.get(CLAIM, *key)
            if current is not None and current["metadata"]["uid"] == reference.get("uid"):
                continue
            if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
                self.client.delete(VOLUME, volume)
            elif (volume.get("status") or {}).get("phase") != "Released":
                self.client.update_status(VOLUME, {**volume, "status": {"phase": "Released"}})


def _capacity(claim: Object, volume: Object) -> str:
    """What the claim asks, never less than the volume has."""
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    has: str = volume["spec"]["capacity"]["storage"]
    return wanted if amounts.parse(has) < amounts.parse(wanted) else has


def _claim_reference(claim: Object) -> Object:
    metadata = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": CLAIM,
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }


def _claim_of(event: Event) -> list[Key]:
    reference = event.object["spec"].get("claimRef")
    return [(reference["namespace"], reference["name"])] if reference else []


def _claims_used(event: Event) -> list[Key]:
    if event.type == "MODIFIED":
        return []
    namespace = event.object["metadata"]["namespace"]
    return [(namespace, name) for name in pods.claims_in(event.object)]
