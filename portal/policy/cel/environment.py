"""The two environments of an expression: one that checks its types, and one that evaluates it.

They differ because Python functions can neither take "any" value nor return opaque or optional ones: the
checker is told Kubernetes' types, the evaluator dispatches on what the values are at run time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeAlias

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings

from portal.policy.cel.functions import ALL, Function
from portal.policy.cel.functions.declare import BYTES, DYN, LIST, STRING, CelType, Opaque

Env: TypeAlias = Any

# strings version 2 is what Kubernetes 1.36 offers
STRINGS_VERSION = 2
GROUP_KIND = ("group", "version", "kind")
GROUP_RESOURCE = ("group", "version", "resource")
ROOTS = ("object", "oldObject", "request", "namespaceObject")
TYPED: Mapping[str, CelType] = {
    **{f"request.{name}.{part}": STRING for name in ("kind", "requestKind") for part in GROUP_KIND},
    **{
        f"request.{name}.{part}": STRING
        for name in ("resource", "requestResource")
        for part in GROUP_RESOURCE
    },
    **{
        f"request.{name}": STRING
        for name in ("subResource", "requestSubResource", "name", "namespace", "operation")
    },
    **{f"request.userInfo.{name}": STRING for name in ("username", "uid")},
    "request.userInfo.groups": cel.Type.List(STRING),
    "request.userInfo.extra": cel.Type.Map(STRING, cel.Type.List(STRING)),
    "request.dryRun": cel.Type.BOOL,
    **{f"namespaceObject.metadata.{name}": STRING for name in ("name", "generateName", "namespace", "UID")},
    **{
        f"namespaceObject.metadata.{name}": cel.Type.Map(STRING, STRING) for name in ("labels", "annotations")
    },
    "namespaceObject.metadata.finalizers": cel.Type.List(STRING),
    "namespaceObject.spec.finalizers": cel.Type.List(STRING),
    "namespaceObject.status.phase": STRING,
}


def _extensions() -> list[Any]:
    return [ext_strings.ExtStrings(STRINGS_VERSION), ext_optional.ExtOptional(), ext_bindings.ExtBindings()]


@cache
def checking_environment(declared: frozenset[str]) -> Env:
    """Knows the types that the API server knows; one for each set of declared roots."""
    names: dict[str, CelType] = dict.fromkeys(declared, DYN)
    names |= {name: kind for name, kind in TYPED.items() if name.partition(".")[0] in names}
    return cel.NewEnv(variables=names, extensions=_extensions(), functions=_checked_functions())


@cache
def evaluating_environment() -> Env:
    """One for all expressions of the process; safe to share between threads and across fork."""
    names = dict.fromkeys((*ROOTS, "params"), DYN)
    return cel.NewEnv(variables=names, extensions=_extensions(), functions=_evaluated_functions())


@cache
def _checked_functions() -> list[Any]:
    def overloads(function: Function) -> Iterable[tuple[str, Any]]:
        for number, overload in enumerate(function.overloads):
            result = _checked(overload.result)
            parameters = [_checked(parameter) for parameter in overload.parameters]
            # two overloads may look alike to the evaluator, not to the checker
            name = f"{'m' if function.member else 'f'}_{function.name}_{number}"
            yield (
                function.name,
                cel.Overload(name, result, parameters, is_member=function.member, impl=_absent),
            )

    return _declarations(overloads)


@cache
def _evaluated_functions() -> list[Any]:
    seen: set[tuple[Any, ...]] = set()

    def overloads(function: Function) -> Iterable[tuple[str, Any]]:
        for overload in function.overloads:
            parameters = [_evaluated(parameter) for parameter in overload.parameters]
            signature = (function.name, function.member, *(kind.name() for kind in parameters))
            if signature in seen:
                continue
            seen.add(signature)
            name, implementation = "_".join(map(str, signature)), overload.implementation
            yield (
                function.name,
                cel.Overload(name, DYN, parameters, is_member=function.member, impl=implementation),
            )

    return _declarations(overloads)


def _declarations(overloads: Any) -> list[Any]:
    """The evaluator wants each name once, with all its overloads."""
    by_name: dict[str, list[Any]] = {}
    for function in ALL:
        for name, overload in overloads(function):
            by_name.setdefault(name, []).append(overload)
    return [cel.FunctionDecl(name, found) for name, found in by_name.items()]


def _checked(kind: Any) -> CelType:
    return kind.type if isinstance(kind, Opaque) else kind


def _evaluated(kind: Any) -> CelType:
    if isinstance(kind, Opaque):
        return BYTES
    return LIST if kind.name().startswith("LIST") else kind


def _absent(*_arguments: Any) -> None:
    raise NotImplementedError("the checker does not evaluate")
