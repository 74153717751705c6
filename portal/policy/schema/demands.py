"""Which fields must be there: what the definitions require, less what the API server does without."""

from __future__ import annotations

from portal.policy.schema.types import Node

# Required by the definitions because Go always writes them; absent they are zero, which validation takes.
_TAKEN_WHEN_ABSENT = frozenset(
    {
        "CSIDriver.spec", "CSINode.spec", "CSINodeSpec.drivers", "ControllerRevision.revision",
        "CustomResourceDefinitionVersion.served", "CustomResourceDefinitionVersion.storage",
        "Event.eventTime", "Event.involvedObject", "HTTPHeader.value", "ISCSIPersistentVolumeSource.lun",
        "ISCSIVolumeSource.lun", "LimitRangeSpec.limits", "PodFailurePolicy.rules",
        "PreferredSchedulingTerm.preference", "ScaleIOPersistentVolumeSource.secretRef",
        "ScaleIOVolumeSource.secretRef", "SleepAction.seconds", "Sysctl.value", "TokenRequest.audience",
    }
)  # fmt: skip
# groups that still change: there the definitions are not taken at their word
_UNSETTLED = ("io.k8s.api.resource.", "alpha", "beta")
# checked as identity, and written by controllers
_NOT_THE_AUTHORS = frozenset({"metadata", "status"})


_known: dict[str, tuple[str, ...]] = {}


def of(node: Node) -> tuple[str, ...]:
    """The fields that a struct of this type must have, or must have something in."""
    found = _known.get(node.definition)
    if found is None:
        found = _known[node.definition] = _demanded(node)
    return found


def _demanded(node: Node) -> tuple[str, ...]:
    if not node.definition or any(part in node.definition for part in _UNSETTLED):
        return ()
    struct = node.struct
    names = [name for name in node.required if f"{struct}.{name}" not in _TAKEN_WHEN_ABSENT]
    # what is no pointer in Go is there even when nobody wrote it, and then lacks what it must have itself
    names += [name for name in sorted(node.inline) if name in node.fields and of(node.fields[name])]
    return tuple(name for name in dict.fromkeys(names) if name not in _NOT_THE_AUTHORS)
