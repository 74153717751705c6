"""Buckets, answered as COSI's controller and a driver's sidecar do for an object store that is not there.

Source: kubernetes-sigs/container-object-storage-interface-api, v1alpha1: types, and BucketInfo, which is what
the Secret of a BucketAccess holds.
"""

from __future__ import annotations

import base64
import json
import secrets

from portal.sandbox import owners
from portal.sandbox.controllers.base import Key, key_of
from portal.sandbox.controllers.operator import Operator
from portal.sandbox.objects import Object, dig
from portal.sandbox.store import Event

GROUP = "objectstorage.k8s.io"
VERSION = f"{GROUP}/v1alpha1"
CLAIM, ACCESS = f"{GROUP}/BucketClaim", f"{GROUP}/BucketAccess"
BUCKET = f"{GROUP}/Bucket"
CLASS, ACCESS_CLASS = f"{GROUP}/BucketClass", f"{GROUP}/BucketAccessClass"
ENDPOINT, REGION = "https://s3.sandbox.slipway.dev", "sandbox"


class BucketOperator(Operator):
    """Makes a Bucket for each claim; when the claim goes, the class says what becomes of it."""

    name = "container-object-storage-controller"
    kind = CLAIM
    also = (CLASS,)

    def watch(self) -> None:
        super().watch()
        # a claim may have gone while nobody looked
        for bucket in self.all(BUCKET):
            self.queue.add(_claim_of(bucket))

    def reconcile(self, key: Key) -> float | None:
        claim = self.found(CLAIM, key)
        if claim is None:
            self._let_go(key)
            return None
        if claim["metadata"].get("deletionTimestamp") or dig(claim, "status", "bucketReady"):
            return None
        chosen = self.found(CLASS, ("", claim["spec"].get("bucketClassName", "")))
        name = claim["spec"].get("existingBucketName") or self._made(claim, chosen)
        status: Object = {"bucketReady": bool(name)}
        if name:
            status["bucketName"] = name
        else:
            missing = claim["spec"].get("bucketClassName", "")
            message = f'bucketclasses.objectstorage.k8s.io "{missing}" not found'
            self.client.event(claim, "Warning", "FailedCreateBucket", message)
        if status != claim.get("status"):
            self.client.update_status(CLAIM, {**claim, "status": status})
        return None

    def _made(self, claim: Object, chosen: Object | None) -> str:
        if chosen is None:
            return ""
        metadata = claim["metadata"]
        name = f"{chosen['metadata']['name']}-{metadata['uid']}"
        if self.found(BUCKET, ("", name)) is None:
            spec = {
                "bucketClaim": {each: metadata[each] for each in ("namespace", "name", "uid")},
                "bucketClassName": chosen["metadata"]["name"],
                "driverName": chosen["driverName"],
                "deletionPolicy": chosen["deletionPolicy"],
                "protocols": claim["spec"]["protocols"],
            }
            bucket = self.client.create(
                BUCKET, {"apiVersion": VERSION, "kind": "Bucket", "metadata": {"name": name}, "spec": spec}
            )
            status = {"bucketReady": True, "bucketID": name}
            self.client.update_status(BUCKET, {**bucket, "status": status})
        return name

    def _let_go(self, key: Key) -> None:
        for bucket in self.all(BUCKET):
            if _claim_of(bucket) == key and bucket["spec"].get("deletionPolicy") == "Delete":
                self.client.delete(BUCKET, bucket)


class BucketAccessOperator(Operator):
    """Writes the Secret that an access names, once there is a bucket."""

    name = "objectstorage-sidecar"
    kind = ACCESS
    also = (CLAIM, ACCESS_CLASS)

    def concerned(self, event: Event) -> list[Key]:
        if event.resource.kind == "BucketAccessClass":
            return super().concerned(event)
        namespace, name = key_of(event.object)
        return [
            key_of(access)
            for access in self.all(ACCESS)
            if access["metadata"]["namespace"] == namespace and access["spec"]["bucketClaimName"] == name
        ]

    def reconcile(self, key: Key) -> float | None:
        access = self.found(ACCESS, key)
        if access is None or access["metadata"].get("deletionTimestamp"):
            return None
        if dig(access, "status", "accessGranted"):
            return None
        claim = self.found(CLAIM, (key[0], access["spec"]["bucketClaimName"]))
        chosen = self.found(ACCESS_CLASS, ("", access["spec"]["bucketAccessClassName"]))
        if chosen is None or not dig(claim, "status", "bucketReady"):
            return None
        self._write(access, claim or {}, chosen)
        account = f"ba-{access['metadata']['uid']}"
        status = {"accessGranted": True, "accountID": account}
        self.client.update_status(ACCESS, {**access, "status": status})
        return None

    def _write(self, access: Object, claim: Object, chosen: Object) -> None:
        """A Secret of that name that is there already is taken for the right one."""
        namespace, name = access["metadata"]["namespace"], access["spec"]["credentialsSecretName"]
        if self.client.get("Secret", namespace, name) is not None:
            return
        bucket, uid = claim["status"]["bucketName"], access["metadata"]["uid"]
        info = {
            "metadata": {"name": f"bc-{uid}", "creationTimestamp": None},
            "spec": {
                "bucketName": bucket,
                "authenticationType": chosen["authenticationType"],
                "secretS3": {
                    "endpoint": ENDPOINT,
                    "region": REGION,
                    "accessKeyID": secrets.token_hex(10).upper(),
                    "accessSecretKey": secrets.token_urlsafe(30),
                },
                "secretAzure": None,
                "protocols": claim["spec"]["protocols"],
            },
        }
        encoded = base64.b64encode(json.dumps(info).encode()).decode()
        reference = {**owners.reference_to(access), "controller": False}
        self.client.create(
            "Secret",
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace, "ownerReferences": [reference]},
                "type": "Opaque",
                "data": {"BucketInfo": encoded},
            },
        )


def _claim_of(bucket: Object) -> Key:
    claim = bucket["spec"]["bucketClaim"]
    return claim["namespace"], claim["name"]
