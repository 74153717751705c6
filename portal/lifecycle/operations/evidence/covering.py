"""Nothing secret gets from a cluster into the database: masked and covered before anything is compared."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from portal.core.masking import MASK
from portal.lifecycle.models import Release
from portal.lifecycle.operations import secrets

# what the API server or kubectl writes, which says nothing about what anybody wants
OF_THE_SERVER = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Cover:
    """Puts a fingerprint in the place of each declared secret of these releases, wherever it stands."""

    def __init__(self, releases: Iterable[Release | None]) -> None:
        found = {
            secret
            for release in releases
            if release is not None
            for secret in secrets.of(release.offering_version.values_schema, release.values)
        }
        self._marks = {
            text: secrets.mark(secret)
            for secret in found
            if len(secret) >= secrets.SHORTEST_MASKED
            for text in (secret, json.dumps(secret)[1:-1], encoded(secret))
        }
        longest_first = sorted(self._marks, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if self._marks else None

    def text(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._marks[match.group()], text)

    def document(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A copy for people: Secrets as fingerprints, declared secrets covered, the server's own left out."""
        return self.masked(secrets.masked([plain(_settled(document))])[0])

    def masked(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """As `document`, of one whose Secrets are fingerprints already."""
        covered: dict[str, Any] = self._covered(plain(document))
        return covered

    def refusal(self, message: str, document: Mapping[str, Any]) -> str:
        """What a cluster says of `document`: it quotes values in its messages."""
        message = self.text(message)
        data = _settled(document).get("data") if document.get("kind") == "Secret" else None
        for value in (data or {}).values() if isinstance(data, Mapping) else ():
            for text in sorted({str(value), _decoded(value)}, key=len, reverse=True):
                message = message.replace(text, MASK) if text else message
        return message

    def _covered(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {name: self._covered(child) for name, child in value.items()}
        if isinstance(value, list):
            return [self._covered(child) for child in value]
        return value


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without status and what else the server keeps."""
    metadata = {k: v for k, v in (document.get("metadata") or {}).items() if k not in OF_THE_SERVER}
    if LAST_APPLIED in (metadata.get("annotations") or {}):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED}
    return {**{k: v for k, v in document.items() if k != "status"}, "metadata": metadata}


def is_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether nothing differs but what the server keeps for itself."""
    return plain(one) == plain(other)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(value: Any) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except ValueError:
        return ""


def _settled(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Secret as the server stores it, so that the same secret has the same fingerprint on both sides."""
    given = document.get("stringData")
    if document.get("kind") != "Secret" or not isinstance(given, Mapping):
        return document
    data = {**(document.get("data") or {}), **{name: encoded(str(text)) for name, text in given.items()}}
    return {**{k: v for k, v in document.items() if k != "stringData"}, "data": data}
