"""PodSecurity: the namespace's labels say which level is enforced and which is warned about."""

from __future__ import annotations

from portal.sandbox import pods, statuses
from portal.sandbox.admission import standards
from portal.sandbox.admission.base import Plugin, is_plain
from portal.sandbox.contexts import Attributes
from portal.sandbox.objects import Object
from portal.sandbox.resources import Resources
from portal.sandbox.store import Store

PREFIX = "pod-security.kubernetes.io/"
# existing pods named in the warning when a namespace is tightened
SHOWN_PODS = 5


class PodSecurity(Plugin):
    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._namespaces = resources.require("", "Namespace")
        self._pods = resources.require("", "Pod")

    def validate(self, attrs: Attributes) -> None:
        if attrs.operation not in ("CREATE", "UPDATE") or attrs.object is None:
            return
        if is_plain(attrs, "", "namespaces"):
            self._check_namespace(attrs)
        elif _concerns(attrs):
            self._check_pod(attrs)

    def _check_pod(self, attrs: Attributes) -> None:
        template = pods.template_in(attrs.resource.group, attrs.resource.kind, attrs.object or {})
        namespace = self._store.get(self._namespaces, None, attrs.namespace)
        if template is None or namespace is None:
            return
        labels = namespace["metadata"].get("labels") or {}
        if attrs.resource.plural == "pods":
            found = _violations(labels, "enforce", template)
            if found:
                raise statuses.forbidden(attrs.resource, attrs.name, f"violates {found}")
        warning = _violations(labels, "warn", template)
        if warning:
            attrs.warnings.append(f"would violate {warning}")

    def _check_namespace(self, attrs: Attributes) -> None:
        labels = ((attrs.object or {})["metadata"].get("labels")) or {}
        errors = []
        for mode in ("enforce", "audit", "warn"):
            level = labels.get(f"{PREFIX}{mode}")
            if level is not None and level not in standards.LEVELS:
                field = f"metadata.labels[{PREFIX}{mode}]"
                errors.append(
                    statuses.field_invalid(field, level, f"must be one of {', '.join(standards.LEVELS)}")
                )
            version = labels.get(f"{PREFIX}{mode}-version")
            if version is not None and not _is_version(version):
                field = f"metadata.labels[{PREFIX}{mode}-version]"
                errors.append(
                    statuses.field_invalid(
                        field, version, 'must be "latest" or "v1.x" where x is a valid minor version'
                    )
                )
        if errors:
            raise statuses.invalid_object(attrs.resource, attrs.name, errors)
        if attrs.operation == "UPDATE" and attrs.old_object is not None:
            before = (attrs.old_object["metadata"].get("labels")) or {}
            if labels.get(f"{PREFIX}enforce") != before.get(f"{PREFIX}enforce"):
                self._warn_of_existing(attrs, labels)

    def _warn_of_existing(self, attrs: Attributes, labels: dict[str, str]) -> None:
        """Tightening a namespace does not touch the pods in it; their owner should know."""
        level, version = _level(labels, "enforce")
        found = []
        for pod in self._store.list(self._pods, attrs.name):
            problems = standards.evaluate(level, pod["metadata"], pod["spec"])
            if problems:
                reasons = ", ".join(problem.partition(" (")[0] for problem in problems)
                found.append(f"{pod['metadata']['name']}: {reasons}")
        if found:
            attrs.warnings.append(
                f'existing pods in namespace "{attrs.name}" violate the new PodSecurity enforce level '
                f'"{level}:{version}"'
            )
            attrs.warnings.extend(found[:SHOWN_PODS])


def _concerns(attrs: Attributes) -> bool:
    """Pods and their templates; of subresources only ephemeral containers; of updates only changed specs."""
    if attrs.subresource not in ("", "ephemeralcontainers"):
        return False
    if attrs.operation == "UPDATE" and attrs.old_object is not None and attrs.object is not None:
        return bool(attrs.old_object.get("spec") != attrs.object.get("spec"))
    return True


def _level(labels: dict[str, str], mode: str) -> tuple[str, str]:
    return labels.get(f"{PREFIX}{mode}", "privileged"), labels.get(f"{PREFIX}{mode}-version", "latest")


def _violations(labels: dict[str, str], mode: str, pod: Object) -> str:
    """`PodSecurity "restricted:latest": …`, or empty. Any version is judged by the latest checks."""
    level, version = _level(labels, mode)
    found = standards.evaluate(level, pod.get("metadata") or {}, pod["spec"])
    return f'PodSecurity "{level}:{version}": {", ".join(found)}' if found else ""


def _is_version(text: str) -> bool:
    major, _, minor = text.partition(".")
    return text == "latest" or (major == "v1" and minor.isdecimal())
