"""Granted exceptions, as the engine knows them: what they lift, and until which second.

Judging asks `Waivers.of`; a cluster that has the policies installed asks the match condition which `guard`
adds to a policy. Both end on the same second: the guard compares with the API server's own clock, which CEL
can read from what the server has just written into the object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.core.objects import ObjectKey
from portal.policy.types import Document

CONDITION = "slipway-exceptions"
INSTANCE_LABEL = "app.kubernetes.io/instance"
# the characters that controllers make names of (k8s.io/apimachinery/pkg/util/rand)
SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{1,10}"


@dataclass(frozen=True)
class Waiver:
    """One exception: `policy` is lifted in `namespace` up to, and not at, `until`.

    `instance` narrows it to one Helm release, `kind` and `name` to one object (a workload's Pods included);
    "" leaves that open.
    """

    exception: int
    policy: str
    namespace: str
    since: datetime
    until: datetime
    instance: str = ""
    kind: str = ""
    name: str = ""

    def covers(self, policy: str, key: ObjectKey, namespace: str, instance: str) -> bool:
        return (
            self.policy == policy
            and bool(self.namespace)
            and self.namespace == namespace
            and self.instance in ("", instance)
            and self.kind in ("", key.kind)
            and self.name in ("", key.name)
        )

    def honoured_at(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


@dataclass(frozen=True)
class Waivers:
    """The exceptions that may count in one judgement: of documents of `instance`, at the moment `now`."""

    items: Sequence[Waiver] = ()
    now: datetime | None = None
    instance: str = ""

    def of(self, policy: str, key: ObjectKey, namespace: str) -> Waiver | None:
        """The exception that lifts `policy` from this object now: the one that lasts longest."""
        if self.now is None:
            return None
        found = [
            waiver
            for waiver in self.items
            if waiver.honoured_at(self.now) and waiver.covers(policy, key, namespace, self.instance)
        ]
        return max(found, key=lambda waiver: waiver.until, default=None)


def guarded(policy: Document, waivers: Iterable[Waiver]) -> Document:
    """The policy with a match condition that leaves out what its exceptions cover, for as long as they do."""
    own = sorted(
        (waiver for waiver in waivers if waiver.policy == (policy.get("metadata") or {}).get("name")),
        key=lambda waiver: waiver.exception,
    )
    if not own:
        return policy
    spec: Mapping[str, Any] = policy["spec"]
    condition = {"name": CONDITION, "expression": " && ".join(f"!({_expression(waiver)})" for waiver in own)}
    return {**policy, "spec": {**spec, "matchConditions": [*(spec.get("matchConditions") or ()), condition]}}


def _expression(waiver: Waiver) -> str:
    """Whether an exception covers the request. Never an error: what cannot be read is not covered."""
    until = f"timestamp({_text(waiver.until.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ'))})"
    parts = ["request.operation in ['CREATE', 'UPDATE']", f"request.namespace == {_text(waiver.namespace)}"]
    if waiver.instance:
        parts.append(
            f"object.metadata.?labels[{_text(INSTANCE_LABEL)}].orValue('') == {_text(waiver.instance)}"
        )
    if waiver.name:
        parts.append(_same_object(waiver.kind, waiver.name))
    parts.append(
        "(request.operation == 'CREATE'"
        f" ? has(object.metadata.creationTimestamp) && timestamp(object.metadata.creationTimestamp) < {until}"
        " : has(object.metadata.managedFields) && size(object.metadata.managedFields) > 0"
        f" && object.metadata.managedFields.all(entry, has(entry.time) && timestamp(entry.time) < {until}))"
    )
    return " && ".join(parts)


def _same_object(kind: str, name: str) -> str:
    """The object itself, or a Pod that its controllers made."""
    exact = f"request.kind.kind == {_text(kind)} && object.metadata.?name.orValue('') == {_text(name)}"
    owners = {
        "Deployment": ("ReplicaSet", f"^{re.escape(name)}-{SUFFIX}$"),
        "CronJob": ("Job", f"^{re.escape(name)}-[0-9]+$"),
    }
    owner, pattern = owners.get(kind, (kind, f"^{re.escape(name)}$"))
    owned = (
        f"request.kind.kind == 'Pod' && object.metadata.?ownerReferences.orValue([]).exists(owner, "
        f"owner.kind == {_text(owner)} && owner.name.matches({_text(pattern)}))"
    )
    return f"({exact} || {owned})"


def _text(value: str) -> str:
    """A CEL string literal; JSON's escapes are CEL's."""
    return json.dumps(value, ensure_ascii=False)
