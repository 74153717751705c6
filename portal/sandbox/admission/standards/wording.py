"""What checks are made of: who offends, and how the API server lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from portal.sandbox import pods
from portal.sandbox.objects import Object

# what is forbidden, and where; None when the pod passes
Finding = tuple[str, str] | None
Check = Callable[[Object, Object], Finding]


def security(holder: Object) -> Object:
    """The securityContext of a pod spec or a container."""
    return holder.get("securityContext") or {}


def in_user_namespace(spec: Object) -> bool:
    return spec.get("hostUsers") is False


def offenders(spec: Object, offends: Callable[[Object], bool]) -> list[str]:
    return [container["name"] for container in pods.containers(spec) if offends(container)]


def quoted(values: Iterable[object]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def plural(word: str, values: list[str] | list[int]) -> str:
    return word if len(values) == 1 else f"{word}s"


def listed(word: str, names: list[str]) -> str:
    """`container "a"`, `containers "a", "b"`."""
    return f"{plural(word, names)} {quoted(names)}"


def setters(spec: Object, offends: Callable[[Object], bool]) -> str:
    """`pod and container "a"`: who of them sets it; empty when nobody does."""
    names = offenders(spec, offends)
    return " and ".join((["pod"] if offends(spec) else []) + ([listed("container", names)] if names else []))


def capabilities(container: Object, field: str) -> set[str]:
    return set((security(container).get("capabilities") or {}).get(field) or ())


def seccomp_type(holder: Object) -> str | None:
    found: str | None = (security(holder).get("seccompProfile") or {}).get("type")
    return found
