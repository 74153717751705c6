"""A mode for each policy and environment, as bindings."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from portal.policy import Bundle, load_bundle
from portal.policy.modes import ModeImpossible, mode_in, with_modes
from tests.policy.scenes import POLICIES, binding, deployment, judge, policy

ENVIRONMENTS = {"matchExpressions": [{"key": "slipway.dev/environment", "operator": "Exists"}]}


def bundle(**spec: Any) -> Bundle:
    bound = binding("p", "Deny", matchResources={"namespaceSelector": ENVIRONMENTS})
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
    return load_bundle([policy("p", "object.spec.replicas > 3", rule=rule, **spec), bound])


def outcome(bundle: Bundle, environment: str) -> str:
    found = [verdict.outcome for verdict in judge(bundle, deployment(), environment=environment).verdicts]
    return found[0] if found else "off"


@pytest.mark.parametrize(
    ("mode", "expected"), [("off", "off"), ("audit", "audit"), ("warn", "warn"), ("enforce", "deny")]
)
def test_a_mode_holds_in_its_environment_and_nowhere_else(mode: Any, expected: str) -> None:
    changed = with_modes(bundle(), {("p", "dev"): mode})
    assert outcome(changed, "dev") == expected
    assert outcome(changed, "production") == "deny"
    assert mode_in(changed.bindings, {"slipway.dev/environment": "dev"}) == mode
    assert mode_in(changed.bindings, {"slipway.dev/environment": "production"}) == "enforce"


def test_modes_of_several_environments_stand_side_by_side() -> None:
    changed = with_modes(bundle(), {("p", "dev"): "warn", ("p", "staging"): "warn", ("p", "test"): "audit"})
    assert [outcome(changed, name) for name in ("dev", "staging", "test", "production")] == [
        "warn",
        "warn",
        "audit",
        "deny",
    ]
    assert {b.name for b in changed.bindings} == {"p", "p-set-warn", "p-set-audit"}


def test_a_policy_that_is_off_everywhere_judges_nothing_cluster_scoped_either() -> None:
    rule = {"apiGroups": ["rbac.authorization.k8s.io"], "apiVersions": ["v1"], "resources": ["clusterroles"]}
    bound = binding("p", "Deny", matchResources={"namespaceSelector": ENVIRONMENTS})
    whole = load_bundle([policy("p", "false", rule=rule), bound])
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    off: Any = {("p", "dev"): "off", ("p", "staging"): "off"}
    assert judge(with_modes(whole, off, ["dev", "staging", "production"]), role).denied == 1
    assert judge(with_modes(whole, off, ["dev", "staging"]), role).denied == 0


def test_another_mode_is_another_digest_and_the_compiled_policies_are_shared() -> None:
    before = bundle()
    after = with_modes(before, {("p", "dev"): "warn"})
    assert after.digest != before.digest
    assert after.policies[0] is before.policies[0]
    assert with_modes(before, {}) is before


def test_what_comes_out_can_be_loaded_by_a_cluster() -> None:
    changed = with_modes(
        load_bundle(POLICIES), {("probes", "dev"): "enforce", ("image-registries", "dev"): "off"}
    )
    again = load_bundle(list(yaml.safe_load_all(yaml.safe_dump_all(changed.installable()))))
    assert again.digest == changed.digest


def test_params_of_the_usual_binding_hold_in_a_new_mode() -> None:
    changed = with_modes(load_bundle(POLICIES), {("image-registries", "dev"): "warn"})
    foreign = deployment(image="docker.io/library/nginx:1")
    said = [v for v in judge(changed, foreign).verdicts if v.policy == "image-registries"]
    assert [v.outcome for v in said] == ["warn"]
    assert "registry.example.com" in said[0].message


def test_an_unbound_policy_that_takes_params_cannot_be_switched_on() -> None:
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    unbound = load_bundle([policy("p", "params.data.x == 'y'", paramKind=kind)])
    with pytest.raises(ModeImpossible):
        with_modes(unbound, {("p", "dev"): "warn"})
    assert not with_modes(unbound, {("p", "dev"): "off"}).bindings


def test_a_mode_of_a_policy_that_is_gone_changes_nothing() -> None:
    assert with_modes(bundle(), {("gone", "dev"): "enforce"}).digest == bundle().digest
