"""ControllerRevisions: the history of a StatefulSet's or DaemonSet's pod template."""

from __future__ import annotations

from portal.sandbox import owners
from portal.sandbox.controllers import rollout
from portal.sandbox.controllers.client import Client
from portal.sandbox.objects import Object, clone

KIND = "apps/ControllerRevision"
HASH_LABEL = "controller-revision-hash"


def sync(client: Client, owner: Object) -> tuple[Object, list[Object]]:
    """The revision of the template as it is (made, or made newest, when needed), and all others by age."""
    data = {"spec": {"template": {**clone(owner["spec"]["template"]), "$patch": "replace"}}}
    known: list[Object] = sorted(client.owned(KIND, owner), key=lambda each: each["revision"])
    newest = known[-1]["revision"] if known else 0
    current = next((each for each in known if each.get("data") == data), None)
    if current is None:
        current = client.create(KIND, _new(owner, data, newest + 1))
    elif current["revision"] != newest:
        current = client.update(KIND, {**current, "revision": newest + 1})
    uid = current["metadata"]["uid"]
    return current, [each for each in known if each["metadata"]["uid"] != uid]


def _new(owner: Object, data: Object, revision: int) -> Object:
    digest = rollout.template_hash(data)
    labels = {**(owner["spec"]["template"].get("metadata", {}).get("labels") or {}), HASH_LABEL: digest}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{digest}",
            "namespace": owner["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [owners.reference_to(owner)],
        },
        "data": data,
        "revision": revision,
    }


def forget(client: Client, owner: Object, old: list[Object], in_use: set[str]) -> None:
    """Delete the oldest unused revisions beyond the history limit."""
    idle = [each for each in old if each["metadata"]["name"] not in in_use]
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    for each in idle[: max(0, len(idle) - limit)]:
        client.delete(KIND, each)
