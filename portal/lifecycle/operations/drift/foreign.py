"""What is in an instance's place and in no sealed release: who put it there meant it to belong.

No such thing are: what another object owns, what controllers made (claims of a StatefulSet, kube-root-ca.crt,
endpoints), hooks, Helm's records, what Helm was told to keep, and what shows no sign of the release at all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from portal.clusters.types import Document
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import Release
from portal.lifecycle.operations import field_writers
from portal.lifecycle.operations.drift import ownership
from portal.lifecycle.operations.drift.subjects import Identity, Subject, identity
from portal.lifecycle.operations.drift.trying import MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE

INSTANCE = "app.kubernetes.io/instance"
KEEP = "helm.sh/resource-policy"
HELM_RECORD = "sh.helm.release.v1."
# what governs a namespace as a whole: nobody but its own release should
GOVERNING = frozenset(
    {
        ("", "ResourceQuota"),
        ("", "LimitRange"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
    }
)


class Strangers:
    """What is in no sealed release, by namespace; worked out once for all instances there."""

    def __init__(self, subjects: Iterable[Subject], seen: Iterable[Document]) -> None:
        subjects = list(subjects)
        taken = {identity(key) for subject in subjects for key in (*subject.sealed, *subject.hooks)}
        self._claims = {
            re.compile(f"{re.escape(template)}-{re.escape(key.name)}-[0-9]+")
            for subject in subjects
            for key, document in subject.sealed.items()
            for template in _claim_templates(document)
        }
        self._releases = {
            (subject.instance.target.namespace, subject.instance.target.release) for subject in subjects
        }
        self._by_namespace: dict[str, list[Document]] = defaultdict(list)
        for document in seen:
            key = key_of(document)
            if key.namespace and identity(key) not in taken and not self._is_nobodys(document, key):
                self._by_namespace[key.namespace].append(document)

    def of(self, subject: Subject) -> list[Document]:
        """Those that bear the release's marks; of a namespace's own release those that govern it, too."""
        found = self._by_namespace.get(subject.instance.namespace, ())
        mine = [document for document in found if self._is_of(document, subject)]
        return [document for document in mine if not (_is_kept(document) and was_sealed(document, subject))]

    def _is_of(self, document: Document, subject: Subject) -> bool:
        target = subject.instance.target
        release = _helm_release(document)
        if release is not None and release in self._releases:
            return release == (target.namespace, target.release)
        if subject.instance.is_namespace and identity(key_of(document))[:2] in GOVERNING:
            return True
        labels = (document.get("metadata") or {}).get("labels") or {}
        return labels.get(INSTANCE) == target.release or release == (target.namespace, target.release)

    def _is_nobodys(self, document: Document, key: ObjectKey) -> bool:
        metadata = document.get("metadata") or {}
        if metadata.get("ownerReferences") or metadata.get("deletionTimestamp"):
            return True
        if key.kind == "Secret" and key.name.startswith(HELM_RECORD):
            return True
        if key.kind == "PersistentVolumeClaim" and any(form.fullmatch(key.name) for form in self._claims):
            return True
        managers = {str(entry.get("manager") or "") for entry in metadata.get("managedFields") or ()}
        ours = field_writers.OURS - {ownership.HELM}
        return bool(managers) and all(ownership.is_controller(name) or name in ours for name in managers)


def _helm_release(document: Document) -> tuple[str, str] | None:
    """(namespace, name) of the Helm release that it says it belongs to."""
    metadata = document.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if (metadata.get("labels") or {}).get(MANAGED_BY) != "Helm" or RELEASE_NAME not in annotations:
        return None
    return str(annotations.get(RELEASE_NAMESPACE) or ""), str(annotations[RELEASE_NAME])


def _claim_templates(document: Mapping[str, object]) -> Iterator[str]:
    if document.get("kind") != "StatefulSet":
        return
    spec = document.get("spec")
    for template in (spec.get("volumeClaimTemplates") or ()) if isinstance(spec, Mapping) else ():
        yield str((template.get("metadata") or {}).get("name") or "")


def _is_kept(document: Document) -> bool:
    return ((document.get("metadata") or {}).get("annotations") or {}).get(KEEP) == "keep"


def was_sealed(document: Document, subject: Subject) -> bool:
    """Whether an earlier release of the instance had it."""
    wanted: Identity = identity(key_of(document))
    earlier = Release.objects.filter(instance=subject.instance).order_by("-number").only("objects_masked")
    return any(
        identity(key_of(sealed, subject.instance.namespace)) == wanted
        for release in earlier.iterator(chunk_size=10)
        for sealed in release.objects_masked
    )
