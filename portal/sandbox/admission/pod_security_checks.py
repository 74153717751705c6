"""The Pod Security Standards, check by check, in the API server's words (k8s.io/pod-security-admission/policy, latest)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from portal.sandbox import pods
from portal.sandbox.objects import Object

# a check's finding: what is forbidden, and where; None when the pod passes
Finding = tuple[str, str] | None
Check = Callable[[Object, Object], Finding]

_DEFAULT_CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}  # fmt: skip
_SAFE_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_RESTRICTED_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image",
}  # fmt: skip
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def evaluate(level: str, metadata: Object, spec: Object) -> list[str]:
    """What of `level` (privileged, baseline, restricted) the pod violates; empty when it passes."""
    checks: tuple[Check, ...] = ()
    if level == "baseline":
        checks = (*_BASELINE_ONLY_FIRST, *_BASELINE)
    elif level == "restricted":
        checks = (*_BASELINE, *_RESTRICTED)
    found = [finding for check in checks if (finding := check(metadata, spec))]
    if level == "baseline":
        found.sort(key=lambda finding: _ORDER.index(finding[0]) if finding[0] in _ORDER else len(_ORDER))
    return [f"{reason} ({detail})" if detail else reason for reason, detail in found]


def _security(container: Object) -> Object:
    return container.get("securityContext") or {}


def _named(containers: Iterable[Object]) -> list[str]:
    return [container["name"] for container in containers]


def _list(kind: str, names: list[str]) -> str:
    return f"{kind}{'s' if len(names) > 1 else ''} {', '.join(_quote(name) for name in names)}"


def _quote(text: object) -> str:
    return f'"{text}"'


def _bad_containers(spec: Object, is_bad: Callable[[Object], bool]) -> list[str]:
    return _named(container for container in pods.containers(spec) if is_bad(container))


def app_armor(metadata: Object, spec: Object) -> Finding:
    def profile_is_bad(holder: Object) -> bool:
        profile = (holder.get("securityContext") or {}).get("appArmorProfile") or {}
        return profile.get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost")

    parts = []
    if profile_is_bad(spec):
        parts.append('pod must not set AppArmor profile type to "Unconfined"')
    if names := _bad_containers(spec, profile_is_bad):
        parts.append(f'{_list("container", names)} must not set AppArmor profile type to "Unconfined"')
    forbidden = sorted(
        f'{key}="{value}"'
        for key, value in (metadata.get("annotations") or {}).items()
        if key.startswith(_APPARMOR)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    if forbidden:
        parts.append(
            f"annotation{'s' if len(forbidden) > 1 else ''} must not set AppArmor profile: {', '.join(forbidden)}"
        )
    return ("forbidden AppArmor profile", ", ".join(parts)) if parts else None


def capabilities_baseline(_: Object, spec: Object) -> Finding:
    def added(container: Object) -> set[str]:
        return set((_security(container).get("capabilities") or {}).get("add") or ()) - _DEFAULT_CAPABILITIES

    names = _bad_containers(spec, lambda container: bool(added(container)))
    if not names:
        return None
    extra = sorted(set().union(*(added(container) for container in pods.containers(spec))))
    return (
        "non-default capabilities",
        f"{_list('container', names)} must not include {', '.join(_quote(c) for c in extra)} in securityContext.capabilities.add",
    )


def host_namespaces(_: Object, spec: Object) -> Finding:
    used = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    return ("host namespaces", ", ".join(used)) if used else None


def host_path_volumes(_: Object, spec: Object) -> Finding:
    names = [volume["name"] for volume in spec.get("volumes") or () if "hostPath" in volume]
    return ("hostPath volumes", _list("volume", names)) if names else None


def host_ports(_: Object, spec: Object) -> Finding:
    names, used = [], set()
    for container in pods.containers(spec):
        ports = {port["hostPort"] for port in container.get("ports") or () if port.get("hostPort")}
        if ports:
            names.append(container["name"])
            used |= ports
    if not names:
        return None
    listed = ", ".join(str(port) for port in sorted(used))
    return (
        "hostPort",
        f"{_list('container', names)} {'use' if len(names) > 1 else 'uses'} hostPort{'s' if len(used) > 1 else ''} {listed}",
    )


def host_probes(_: Object, spec: Object) -> Finding:
    def handlers(container: Object) -> Iterable[Object]:
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            yield container.get(probe) or {}
        for hook in ("postStart", "preStop"):
            yield (container.get("lifecycle") or {}).get(hook) or {}

    def host_of(handler: Object) -> str:
        for action in ("httpGet", "tcpSocket"):
            host: str = (handler.get(action) or {}).get("host") or ""
            if host and host not in ("127.0.0.1", "localhost", "::1"):
                return host
        return ""

    names = _bad_containers(spec, lambda container: any(host_of(h) for h in handlers(container)))
    if not names:
        return None
    hosts = sorted({host for c in pods.containers(spec) for h in handlers(c) if (host := host_of(h))})
    return (
        "probe or lifecycle host",
        f"{_list('container', names)} {'use' if len(names) > 1 else 'uses'} probe or lifecycle host{'s' if len(hosts) > 1 else ''} {', '.join(_quote(h) for h in hosts)}",
    )


def privileged(_: Object, spec: Object) -> Finding:
    names = _bad_containers(spec, lambda container: _security(container).get("privileged") is True)
    return (
        ("privileged", f"{_list('container', names)} must not set securityContext.privileged=true")
        if names
        else None
    )


def proc_mount(_: Object, spec: Object) -> Finding:
    names = _bad_containers(spec, lambda c: _security(c).get("procMount", "Default") not in ("Default", ""))
    return (
        ("procMount", f'{_list("container", names)} must not set securityContext.procMount to "Unmasked"')
        if names
        else None
    )


def selinux(_: Object, spec: Object) -> Finding:
    def options(holder: Object) -> Object:
        return (holder.get("securityContext") or {}).get("seLinuxOptions") or {}

    def is_bad(holder: Object) -> bool:
        found = options(holder)
        return (
            found.get("type", "") not in _SAFE_SELINUX_TYPES
            or bool(found.get("user"))
            or bool(found.get("role"))
        )

    setters = (["pod"] if is_bad(spec) else []) + (
        [_list("container", names)] if (names := _bad_containers(spec, is_bad)) else []
    )
    if not setters:
        return None
    every = [options(spec), *(options(container) for container in pods.containers(spec))]
    kinds = sorted({o.get("type", "") for o in every} - _SAFE_SELINUX_TYPES)
    details = ["type" + ("s " if len(kinds) > 1 else " ") + ", ".join(map(_quote, kinds))] if kinds else []
    details += [f"{field} may not be set" for field in ("user", "role") if any(o.get(field) for o in every)]
    return (
        "seLinuxOptions",
        f"{' and '.join(setters)} set forbidden securityContext.seLinuxOptions: {'; '.join(details)}",
    )


def sysctls(_: Object, spec: Object) -> Finding:
    names = [each["name"] for each in (spec.get("securityContext") or {}).get("sysctls") or ()]
    forbidden = [name for name in names if name not in _SAFE_SYSCTLS]
    return ("forbidden sysctls", ", ".join(forbidden)) if forbidden else None


def host_process(_: Object, spec: Object) -> Finding:
    def is_bad(holder: Object) -> bool:
        return (
            ((holder.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
        ) is True

    names = _bad_containers(spec, is_bad)
    setters = (["pod"] if is_bad(spec) else []) + ([_list("container", names)] if names else [])
    if not setters:
        return None
    return (
        "hostProcess",
        f"{' and '.join(setters)} must not set securityContext.windowsOptions.hostProcess=true",
    )


def _seccomp_type(holder: Object) -> str | None:
    profile = (holder.get("securityContext") or {}).get("seccompProfile") or {}
    found: str | None = profile.get("type")
    return found


def seccomp_baseline(_: Object, spec: Object) -> Finding:
    names = _bad_containers(spec, lambda container: _seccomp_type(container) == "Unconfined")
    setters = (["pod"] if _seccomp_type(spec) == "Unconfined" else []) + (
        [_list("container", names)] if names else []
    )
    if not setters:
        return None
    return (
        "seccompProfile",
        f'{" and ".join(setters)} must not set securityContext.seccompProfile.type to "Unconfined"',
    )


def _is_windows(spec: Object) -> bool:
    return (spec.get("os") or {}).get("name") == "windows"


def privilege_escalation(_: Object, spec: Object) -> Finding:
    if _is_windows(spec):
        return None
    names = _bad_containers(spec, lambda c: _security(c).get("allowPrivilegeEscalation") is not False)
    if not names:
        return None
    return (
        "allowPrivilegeEscalation != false",
        f"{_list('container', names)} must set securityContext.allowPrivilegeEscalation=false",
    )


def capabilities_restricted(_: Object, spec: Object) -> Finding:
    if _is_windows(spec):
        return None
    parts = []
    no_drop = _bad_containers(
        spec, lambda c: "ALL" not in ((_security(c).get("capabilities") or {}).get("drop") or ())
    )
    if no_drop:
        parts.append(f'{_list("container", no_drop)} must set securityContext.capabilities.drop=["ALL"]')

    def added(container: Object) -> set[str]:
        return set((_security(container).get("capabilities") or {}).get("add") or ()) - {"NET_BIND_SERVICE"}

    if names := _bad_containers(spec, lambda c: bool(added(c))):
        extra = sorted(set().union(*(added(container) for container in pods.containers(spec))))
        parts.append(
            f"{_list('container', names)} must not include {', '.join(map(_quote, extra))} in securityContext.capabilities.add"
        )
    return ("unrestricted capabilities", "; ".join(parts)) if parts else None


def restricted_volumes(_: Object, spec: Object) -> Finding:
    names, kinds = [], set()
    for volume in spec.get("volumes") or ():
        bad = {key for key in volume if key != "name"} - _RESTRICTED_VOLUMES
        if bad:
            names.append(volume["name"])
            kinds |= bad
    if not names:
        return None
    listed = ", ".join(map(_quote, sorted(kinds)))
    return (
        "restricted volume types",
        f"{_list('volume', names)} {'use' if len(names) > 1 else 'uses'} restricted volume type{'s' if len(kinds) > 1 else ''} {listed}",
    )


def _unset_unless_pod(
    spec: Object, read: Callable[[Object], object], wanted: tuple[object, ...]
) -> list[str]:
    pod_is_right = read(spec) in wanted
    return [
        c["name"]
        for c in pods.containers(spec)
        if read(c) not in wanted and not (pod_is_right and read(c) is None)
    ]


def run_as_non_root(_: Object, spec: Object) -> Finding:
    def read(holder: Object) -> object:
        return (holder.get("securityContext") or {}).get("runAsNonRoot")

    explicit = _bad_containers(spec, lambda c: read(c) is False)
    if explicit:
        return (
            "runAsNonRoot != true",
            f"{_list('container', explicit)} must not set securityContext.runAsNonRoot=false",
        )
    names = _unset_unless_pod(spec, read, (True,))
    if not names:
        return None
    return (
        "runAsNonRoot != true",
        f"pod or {_list('container', names)} must set securityContext.runAsNonRoot=true",
    )


def run_as_user(_: Object, spec: Object) -> Finding:
    def is_root(holder: Object) -> bool:
        return (holder.get("securityContext") or {}).get("runAsUser") == 0

    names = _bad_containers(spec, is_root)
    setters = (["pod"] if is_root(spec) else []) + ([_list("container", names)] if names else [])
    return ("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0") if setters else None


def seccomp_restricted(metadata: Object, spec: Object) -> Finding:
    if _is_windows(spec):
        return None
    if found := seccomp_baseline(metadata, spec):
        return found
    names = _unset_unless_pod(spec, _seccomp_type, ("RuntimeDefault", "Localhost"))
    if not names:
        return None
    return (
        "seccompProfile",
        f'pod or {_list("container", names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    )


# in the order of the API server's check ids; those in the first row are replaced by stricter ones in restricted
_BASELINE_ONLY_FIRST: tuple[Check, ...] = (capabilities_baseline, host_path_volumes, seccomp_baseline)
_BASELINE: tuple[Check, ...] = (
    app_armor, host_namespaces, host_ports, host_probes, privileged, proc_mount, selinux, sysctls, host_process,
)  # fmt: skip
_RESTRICTED: tuple[Check, ...] = (
    privilege_escalation, capabilities_restricted, restricted_volumes, run_as_non_root, run_as_user, seccomp_restricted,
)  # fmt: skip
_ORDER = (
    "forbidden AppArmor profile", "non-default capabilities", "host namespaces", "hostPath volumes", "hostPort",
    "probe or lifecycle host", "privileged", "procMount", "seLinuxOptions", "seccompProfile", "forbidden sysctls",
    "hostProcess",
)  # fmt: skip
