"""What was seen of an instance, in few bytes: where it is the same, nothing has to be compared again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from portal.clusters.types import Document
from portal.core.digests import digest_of
from portal.core.objects import ObjectKey
from portal.lifecycle.models import Release

# to be raised when the comparison itself changes
VERSION = 1
AUTOSCALER = "HorizontalPodAutoscaler"
KEPT = ("uid", "labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp")


def mark(document: Mapping[str, Any]) -> str:
    """Another one after every write but that of a status. Where an object has a generation, the API server
    raises it with each change of what people want; where it has none, the resource version does. Autoscalers
    have none and write down all the time what they do, so theirs is what they are to do."""
    metadata = document.get("metadata") or {}
    written = [entry for entry in metadata.get("managedFields") or () if entry.get("subresource") != "status"]
    version = metadata.get("generation") or metadata.get("resourceVersion")
    if document.get("kind") == AUTOSCALER and "spec" in document:
        version = document["spec"]
    seen = [version, written, *(metadata.get(name) for name in KEPT)]
    return hashlib.blake2b(json.dumps(seen, sort_keys=True).encode(), digest_size=12).hexdigest()


def fingerprint(
    release: Release,
    sealed: Iterable[ObjectKey],
    seen: Mapping[ObjectKey, Document],
    others: Iterable[Document],
) -> str:
    """Of the release, its objects as they are, and `others`: what beside them matters."""
    objects = [(str(key), key.namespace, mark(seen[key]) if key in seen else "") for key in sorted(sealed)]
    strange = sorted(mark(document) for document in others)
    return digest_of([VERSION, release.digest, sorted(settings.SLIPWAY_DRIFT_CONTROLLERS), objects, strange])
