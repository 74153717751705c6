"""All that is not as sealed of one instance. Only what the cluster's metadata leaves open costs a dry run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal.clusters.kubernetes import Kubernetes
from portal.clusters.readiness import may_be_gone
from portal.clusters.types import Document
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import DriftItem
from portal.lifecycle.operations.drift import ownership, secret_data
from portal.lifecycle.operations.drift.comparing import Compared, Difference, differences
from portal.lifecycle.operations.drift.intact import is_intact
from portal.lifecycle.operations.drift.ownership import Owner
from portal.lifecycle.operations.drift.pacing import Pace
from portal.lifecycle.operations.drift.reading import all_of
from portal.lifecycle.operations.drift.subjects import Subject
from portal.lifecycle.operations.drift.trying import Answer, applied
from portal.lifecycle.operations.evidence.bounds import short_value
from portal.lifecycle.operations.evidence.covering import Cover
from portal.lifecycle.operations.rendering import connection_for

How = DriftItem.How
REQUEST_SECONDS = 10.0
Scaled = Collection[tuple[str, str, str]]


@dataclass(frozen=True)
class Found:
    """One thing that is not as sealed; `path` is empty for a whole object. Values are masked and bounded."""

    key: ObjectKey
    path: str
    how: str
    sealed: Any = None
    live: Any = None
    owner: Owner | None = None


class Examination:
    """Of one subject: `live` holds its objects as they are, `strangers` what is foreign in its place."""

    def __init__(
        self,
        subject: Subject,
        live: Mapping[ObjectKey, Document],
        strangers: Iterable[Document],
        *,
        scaled: Scaled,
        pace: Pace,
    ) -> None:
        self._subject = subject
        self._live = live
        self._strangers = list(strangers)
        self._scaled = scaled
        self._pace = pace

    def found(self) -> list[Found]:
        """Objects first, then fields. Raises ClusterUnreachable."""
        open_ = [key for key in self._subject.sealed if key in self._live and not self._is_intact(key)]
        answers = dict(zip(open_, all_of(self._tried, open_), strict=True))
        bare = [key for key in open_ if not ownership.is_recorded(self._live[key])]
        anew = dict(zip(bare, all_of(self._tried_anew, bare), strict=True))
        missing = [
            key
            for key, document in self._subject.sealed.items()
            if key not in self._live and not may_be_gone(document)
        ]
        return [
            *(Found(key, "", How.MISSING) for key in missing),
            *(_foreign(document) for document in self._strangers),
            *(
                found
                for key, answer in answers.items()
                for found in self._differing(key, answer, anew.get(key))
            ),
        ]

    def _is_intact(self, key: ObjectKey) -> bool:
        sealed, live = self._subject.sealed[key], self._live[key]
        return is_intact(secret_data.settled(sealed), secret_data.masked(live, sealed))

    def _tried(self, key: ObjectKey) -> Answer:
        """Nothing of a sealed Secret is known but fingerprints, which say enough: it has no defaults."""
        document = self._subject.sealed[key]
        if secret_data.is_secret(document):
            return Answer()
        self._pace()
        return applied(self._deployer, document)

    def _tried_anew(self, key: ObjectKey) -> Answer:
        """Under a name that nothing has, so that nothing of what is there shines through."""
        document = self._subject.sealed[key]
        if secret_data.is_secret(document):
            return Answer(secret_data.settled(document))
        self._pace()
        name = f"slipway-{hashlib.blake2b(key.name.encode(), digest_size=8).hexdigest()}"
        answer = applied(self._deployer, {**document, "metadata": {**document["metadata"], "name": name}})
        if answer.document is None:
            return answer
        made = answer.document
        return Answer({**made, "metadata": {**made["metadata"], "name": key.name}})

    def _differing(self, key: ObjectKey, answer: Answer, anew: Answer | None) -> Sequence[Found]:
        live, sealed = self._live[key], self._subject.sealed[key]
        shown = self._cover.masked(secret_data.masked(live, sealed))
        made = self._cover.masked(answer.document) if answer.document is not None else None
        new = self._cover.masked(anew.document) if anew is not None and anew.document is not None else None
        compared = Compared(shown, self._cover.masked(secret_data.settled(sealed)), made, new)
        is_scaled = (key.namespace, key.kind, key.name) in self._scaled
        return [_field(key, difference) for difference in differences(live, compared, is_scaled=is_scaled)]

    @cached_property
    def _deployer(self) -> Kubernetes:
        return Kubernetes(connection_for(self._subject.instance), timeout_seconds=REQUEST_SECONDS)

    @cached_property
    def _cover(self) -> Cover:
        return Cover([self._subject.release])


def _field(key: ObjectKey, difference: Difference) -> Found:
    return Found(
        key,
        difference.path,
        How(difference.how),
        short_value(difference.sealed),
        short_value(difference.live),
        difference.owner,
    )


def _foreign(document: Document) -> Found:
    return Found(key_of(document), "", How.FOREIGN, owner=ownership.writer(document))
