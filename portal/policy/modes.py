"""Modes: how a policy acts in an environment. A mode is a binding, so that a cluster can be told the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from portal.core.errors import SlipwayError
from portal.policy.documents import API_GROUP, BINDING_KIND, Binding, Policy
from portal.policy.reading_bindings import read_binding
from portal.policy.types import ENVIRONMENT_LABEL

if TYPE_CHECKING:
    from portal.policy.bundle import Bundle

Mode = Literal["off", "audit", "warn", "enforce"]
MODES: tuple[Mode, ...] = get_args(Mode)
ACTION_OF: Mapping[Mode, str] = {"audit": "Audit", "warn": "Warn", "enforce": "Deny"}
RANK: Mapping[Mode, int] = {mode: rank for rank, mode in enumerate(MODES)}
# {(policy, environment): mode}
Overrides: TypeAlias = Mapping[tuple[str, str], Mode]


class ModeImpossible(SlipwayError):
    """The policy takes params, and no binding says which."""

    code = "mode_impossible"
    default_message = (
        "This policy has no binding that says where its params are, so it cannot be switched on."
    )


def mode_in(bindings: Iterable[Binding], labels: Mapping[str, Any]) -> Mode:
    """The strictest mode that any of a policy's bindings gives it in an environment with these labels."""
    strictest: Mode = "off"
    for binding in bindings:
        if binding.match.namespaces.matches(labels):
            mode = _mode_of(binding)
            strictest = mode if RANK[mode] > RANK[strictest] else strictest
    return strictest


def _mode_of(binding: Binding) -> Mode:
    return next((mode for mode in reversed(MODES[1:]) if ACTION_OF[mode] in binding.actions), "off")


def with_modes(bundle: Bundle, overrides: Overrides, environments: Collection[str] = ()) -> Bundle:
    """The bundle with other modes in some environments; everywhere else its own bindings hold.

    `environments` are all there are: where each has a mode of its own, the policy's own bindings go, which
    would still judge what is cluster-scoped. Raises ModeImpossible. A policy that the bundle does not have is
    passed over.
    """
    if not overrides:
        return bundle
    bindings: list[Binding] = []
    for policy, own in bundle.bound:
        chosen = {environment: mode for (name, environment), mode in overrides.items() if name == policy.name}
        bindings += _rebind(policy, own, chosen, environments) if chosen else own
    return bundle.rebound(bindings)


def _rebind(
    policy: Policy, own: tuple[Binding, ...], chosen: Mapping[str, Mode], environments: Collection[str]
) -> list[Binding]:
    everywhere = bool(environments) and set(environments) <= set(chosen)
    kept = [] if everywhere else [_compiled(_elsewhere(binding, sorted(chosen))) for binding in own]
    modes = sorted(set(chosen.values()) - {"off"})
    if modes and policy.param_kind and not own:
        raise ModeImpossible
    return kept + [
        _compiled(_binding(policy, own, mode, sorted(e for e, m in chosen.items() if m == mode)))
        for mode in modes
    ]


def _elsewhere(binding: Binding, environments: list[str]) -> dict[str, Any]:
    """The binding with the environments that have a mode of their own left out."""
    beyond = {"key": ENVIRONMENT_LABEL, "operator": "NotIn", "values": environments}
    return _selecting(binding.document, [*_expressions(binding.document), beyond])


def _binding(policy: Policy, own: tuple[Binding, ...], mode: Mode, environments: list[str]) -> dict[str, Any]:
    """A binding of this mode in these environments, otherwise like the policy's strictest own one."""
    like = max(own, key=lambda binding: RANK[_mode_of(binding)], default=None)
    document: Mapping[str, Any] = like.document if like else {"spec": {}}
    others = [each for each in _expressions(document) if each.get("key") != ENVIRONMENT_LABEL]
    here = {"key": ENVIRONMENT_LABEL, "operator": "In", "values": environments}
    result = _selecting(document, [*others, here])
    result |= {"apiVersion": f"{API_GROUP}/v1", "kind": BINDING_KIND}
    result["metadata"] = {"name": f"{policy.name}-set-{mode}"}
    result["spec"] |= {"policyName": policy.name, "validationActions": [ACTION_OF[mode]]}
    return result


def _expressions(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    selector = ((document["spec"].get("matchResources") or {}).get("namespaceSelector")) or {}
    labels = [
        {"key": key, "operator": "In", "values": [value]}
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    return [*labels, *(selector.get("matchExpressions") or ())]


def _selecting(document: Mapping[str, Any], expressions: list[Mapping[str, Any]]) -> dict[str, Any]:
    spec = document["spec"]
    resources = {**(spec.get("matchResources") or {}), "namespaceSelector": {"matchExpressions": expressions}}
    return {**document, "spec": {**spec, "matchResources": resources}}


def _compiled(document: dict[str, Any]) -> Binding:
    binding, problems = read_binding(document)
    if binding is None:
        raise ValueError("; ".join(map(str, problems)))
    return binding
