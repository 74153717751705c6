"""The baseline level: no known way to more than a container should have."""

from __future__ import annotations

from collections.abc import Iterable

from portal.sandbox import pods
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

_DEFAULT_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_SAFE_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def app_armor(metadata: Object, spec: Object) -> Finding:
    def kind(holder: Object) -> str | None:
        profile = security(holder).get("appArmorProfile")
        return None if profile is None else str(profile.get("type") or "")

    def offends(holder: Object) -> bool:
        return kind(holder) not in (None, "RuntimeDefault", "Localhost")

    who = setters(spec, offends)
    values = sorted({str(kind(holder)) for holder in (spec, *pods.containers(spec)) if offends(holder)})
    annotations = sorted(
        f'{key}="{value}"'
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_APPARMOR) and value not in ("", "runtime/default") and value[:10] != "localhost/"
    )
    values += annotations
    if not values:
        return None
    setting = [who] if who else []
    setting += [plural("annotation", annotations)] if annotations else []
    where = f"{' and '.join(setting)} must not set AppArmor profile type to {quoted(values)}"
    return plural("forbidden AppArmor profile", values), where


def added_capabilities(_: Object, spec: Object) -> Finding:
    names = offenders(spec, lambda container: bool(capabilities(container, "add") - _DEFAULT_CAPABILITIES))
    if not names:
        return None
    every = set().union(*(capabilities(container, "add") for container in pods.containers(spec)))
    extra = quoted(sorted(every - _DEFAULT_CAPABILITIES))
    where = f"{listed('container', names)} must not include {extra} in securityContext.capabilities.add"
    return "non-default capabilities", where


def host_namespaces(_: Object, spec: Object) -> Finding:
    used = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    return ("host namespaces", ", ".join(used)) if used else None


def host_path_volumes(_: Object, spec: Object) -> Finding:
    names = [volume["name"] for volume in spec.get("volumes") or () if "hostPath" in volume]
    return ("hostPath volumes", listed("volume", names)) if names else None


def host_ports(_: Object, spec: Object) -> Finding:
    def used(container: Object) -> set[int]:
        return {port["hostPort"] for port in container.get("ports") or () if port.get("hostPort")}

    names = offenders(spec, lambda container: bool(used(container)))
    if not names:
        return None
    # sorted as texts
    ports = sorted(map(str, set().union(*(used(container) for container in pods.containers(spec)))))
    shown = ", ".join(ports)
    verb = "use" if len(names) > 1 else "uses"
    return "hostPort", f"{listed('container', names)} {verb} {plural('hostPort', ports)} {shown}"


def host_probes(_: Object, spec: Object) -> Finding:
    def hosts(container: Object) -> set[str]:
        return {_host(handler) for handler in _handlers(container)} - {""}

    names = offenders(spec, lambda container: bool(hosts(container)))
    if not names:
        return None
    every = sorted(set().union(*(hosts(container) for container in pods.containers(spec))))
    verb = "use" if len(names) > 1 else "uses"
    where = f"{listed('container', names)} {verb} {plural('probe or lifecycle host', every)} {quoted(every)}"
    return "probe or lifecycle host", where


def _handlers(container: Object) -> Iterable[Object]:
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield container.get(probe) or {}
    for hook in ("postStart", "preStop"):
        yield (container.get("lifecycle") or {}).get(hook) or {}


def _host(handler: Object) -> str:
    action = handler.get("httpGet") or handler.get("tcpSocket") or {}
    return str(action.get("host") or "")


def privileged(_: Object, spec: Object) -> Finding:
    names = offenders(spec, lambda container: security(container).get("privileged") is True)
    where = f"{listed('container', names)} must not set securityContext.privileged=true" if names else ""
    return ("privileged", where) if names else None


def proc_mount(metadata: Object, spec: Object) -> Finding:
    # root in a user namespace is nobody outside of it
    return None if in_user_namespace(spec) else masked_proc(metadata, spec)


def masked_proc(_: Object, spec: Object) -> Finding:
    def kind(container: Object) -> str:
        found: str = security(container).get("procMount") or "Default"
        return found

    names = offenders(spec, lambda container: kind(container) != "Default")
    kinds = sorted({kind(container) for container in pods.containers(spec)} - {"Default"})
    where = f"{listed('container', names)} must not set securityContext.procMount to {quoted(kinds)}"
    return ("procMount", where) if names else None


def selinux(_: Object, spec: Object) -> Finding:
    def options(holder: Object) -> Object:
        return security(holder).get("seLinuxOptions") or {}

    def offends(holder: Object) -> bool:
        found = options(holder)
        return found.get("type", "") not in _SAFE_SELINUX_TYPES or bool(
            found.get("user") or found.get("role")
        )

    who = setters(spec, offends)
    if not who:
        return None
    every = [options(spec), *(options(container) for container in pods.containers(spec))]
    kinds = sorted({each.get("type", "") for each in every} - _SAFE_SELINUX_TYPES)
    details = [listed("type", kinds)] if kinds else []
    details += [f"{field} may not be set" for field in ("user", "role") if any(o.get(field) for o in every)]
    return "seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(details)}"


def seccomp(_: Object, spec: Object) -> Finding:
    who = setters(spec, lambda holder: seccomp_type(holder) == "Unconfined")
    where = f'{who} must not set securityContext.seccompProfile.type to "Unconfined"'
    return ("seccompProfile", where) if who else None


def sysctls(_: Object, spec: Object) -> Finding:
    names = [each["name"] for each in security(spec).get("sysctls") or ()]
    forbidden = [name for name in names if name not in _SAFE_SYSCTLS]
    return ("forbidden sysctls", ", ".join(forbidden)) if forbidden else None


def host_process(_: Object, spec: Object) -> Finding:
    who = setters(
        spec, lambda holder: (security(holder).get("windowsOptions") or {}).get("hostProcess") is True
    )
    where = f"{who} must not set securityContext.windowsOptions.hostProcess=true"
    return ("hostProcess", where) if who else None


# in the order of the API server's check ids
CHECKS: tuple[Check, ...] = (
    app_armor, added_capabilities, host_namespaces, host_path_volumes, host_ports, host_probes, privileged,
    proc_mount, selinux, seccomp, sysctls, host_process,
)  # fmt: skip
