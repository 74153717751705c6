"""The restricted level: on top of baseline, what good practice asks of every pod."""

from __future__ import annotations

from collections.abc import Callable

from portal.sandbox import pods
from portal.sandbox.admission.standards import baseline
from portal.sandbox.admission.standards.wording import (
    Check,
    Finding,
    capabilities,
    in_user_namespace,
    listed,
    offenders,
    plural,
    quoted,
    seccomp_type,
    security,
    setters,
)
from portal.sandbox.objects import Object

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def _is_windows(spec: Object) -> bool:
    return bool((spec.get("os") or {}).get("name") == "windows")


def privilege_escalation(_: Object, spec: Object) -> Finding:
    names = offenders(spec, lambda each: security(each).get("allowPrivilegeEscalation") is not False)
    if not names or _is_windows(spec):
        return None
    where = f"{listed('container', names)} must set securityContext.allowPrivilegeEscalation=false"
    return "allowPrivilegeEscalation != false", where


def dropped_capabilities(_: Object, spec: Object) -> Finding:
    if _is_windows(spec):
        return None
    parts = []
    if names := offenders(spec, lambda container: "ALL" not in capabilities(container, "drop")):
        parts.append(f'{listed("container", names)} must set securityContext.capabilities.drop=["ALL"]')
    if names := offenders(
        spec, lambda container: bool(capabilities(container, "add") - {"NET_BIND_SERVICE"})
    ):
        every = set().union(*(capabilities(container, "add") for container in pods.containers(spec)))
        extra = quoted(sorted(every - {"NET_BIND_SERVICE"}))
        parts.append(
            f"{listed('container', names)} must not include {extra} in securityContext.capabilities.add"
        )
    return ("unrestricted capabilities", "; ".join(parts)) if parts else None


def volumes(_: Object, spec: Object) -> Finding:
    def kinds(volume: Object) -> set[str]:
        return set(volume) - {"name"} - _VOLUMES

    found = [volume for volume in spec.get("volumes") or () if kinds(volume)]
    if not found:
        return None
    names, every = [each["name"] for each in found], sorted(set().union(*map(kinds, found)))
    verb = "use" if len(names) > 1 else "uses"
    where = f"{listed('volume', names)} {verb} restricted {plural('volume type', every)} {quoted(every)}"
    return "restricted volume types", where


def _lacking(spec: Object, read: Callable[[Object], object], wanted: tuple[object, ...]) -> list[str]:
    """Containers that neither say it themselves nor inherit it from the pod."""
    inherited = read(spec) in wanted
    return offenders(spec, lambda each: read(each) not in wanted and not (inherited and read(each) is None))


def run_as_non_root(_: Object, spec: Object) -> Finding:
    def read(holder: Object) -> object:
        return security(holder).get("runAsNonRoot")

    if in_user_namespace(spec):
        return None
    reason = "runAsNonRoot != true"
    if who := setters(spec, lambda holder: read(holder) is False):
        return reason, f"{who} must not set securityContext.runAsNonRoot=false"
    names = _lacking(spec, read, (True,))
    where = f"pod or {listed('container', names)} must set securityContext.runAsNonRoot=true" if names else ""
    return (reason, where) if names else None


def run_as_user(_: Object, spec: Object) -> Finding:
    if in_user_namespace(spec):
        return None
    who = setters(spec, lambda holder: security(holder).get("runAsUser") == 0)
    return ("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def seccomp(metadata: Object, spec: Object) -> Finding:
    if _is_windows(spec):
        return None
    if found := baseline.seccomp(metadata, spec):
        return found
    names = _lacking(spec, seccomp_type, ("RuntimeDefault", "Localhost"))
    if not names:
        return None
    field = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return "seccompProfile", f"pod or {listed('container', names)} must set {field}"


CHECKS: tuple[Check, ...] = (
    privilege_escalation, dropped_capabilities, baseline.masked_proc, volumes, run_as_non_root, run_as_user,
    seccomp,
)  # fmt: skip
REPLACED: tuple[Check, ...] = (
    baseline.added_capabilities,
    baseline.host_path_volumes,
    baseline.proc_mount,
    baseline.seccomp,
)
