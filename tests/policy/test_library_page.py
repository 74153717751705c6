"""docs/policy-library.md, and the words in which modes are said."""

from __future__ import annotations

from typing import Any

import pytest

from portal.policy import load_bundle
from portal.policy.binding_words import environments_named, in_words
from portal.policy.library_page import page
from tests.policy.scenes import DEPLOYMENTS, POLICIES, binding, policy

ENVIRONMENT = "slipway.dev/environment"
PAGE = POLICIES.parent / "docs" / "policy-library.md"


def _where(*expressions: tuple[str, str, list[str]]) -> dict[str, Any]:
    """matchResources with these requirements on the namespace's labels."""
    found = [
        {"key": key, "operator": operator, **({"values": values} if values else {})}
        for key, operator, values in expressions
    ]
    return {"namespaceSelector": {"matchExpressions": found}}


def _said(*bindings: dict[str, Any]) -> str:
    return in_words(load_bundle([policy("p", "true"), *bindings]).bindings)


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ({}, "everywhere"),
        (_where((ENVIRONMENT, "Exists", [])), "everywhere"),
        (_where((ENVIRONMENT, "In", ["dev"])), "in dev"),
        (_where((ENVIRONMENT, "In", ["staging", "dev", "test"])), "in dev, staging and test"),
        (_where((ENVIRONMENT, "Exists", []), (ENVIRONMENT, "NotIn", ["dev"])), "everywhere but in dev"),
        (_where((ENVIRONMENT, "In", ["dev", "qa"]), (ENVIRONMENT, "NotIn", ["qa"])), "in dev"),
        (_where((ENVIRONMENT, "In", ["dev"]), (ENVIRONMENT, "In", ["qa"])), "nowhere"),
        (_where((ENVIRONMENT, "DoesNotExist", [])), "outside of environments"),
        (
            _where((ENVIRONMENT, "In", ["dev"]), ("gpu", "Exists", []), ("tier", "NotIn", ["a", "b"])),
            "in dev, where the namespace has a label `gpu` and `tier` not set to `a` or `b`",
        ),
        (
            {"objectSelector": {"matchLabels": {"app": "web"}}},
            "everywhere, for objects with `app` set to `web`",
        ),
        (
            {"resourceRules": [{"operations": ["*"], **DEPLOYMENTS}]},
            "everywhere, for deployments",
        ),
    ],
)
def test_where_a_binding_acts_is_said_in_words(match: dict[str, Any], words: str) -> None:
    assert _said(binding("p", matchResources=match)) == f"Deny {words}"


def test_all_bindings_of_a_policy_are_said_and_none_means_off() -> None:
    mild = binding("p", "Warn", named="a", matchResources=_where((ENVIRONMENT, "In", ["dev"])))
    strict = binding("p", "Deny", "Audit", named="b", matchResources=_where((ENVIRONMENT, "NotIn", ["dev"])))
    assert _said(mild, strict) == "Warn in dev; Deny and audit everywhere but in dev"
    assert _said(mild, {**mild, "metadata": {"name": "again"}}) == "Warn in dev"
    assert _said() == "Off"


def test_environments_are_known_by_the_bindings_that_name_them() -> None:
    bundle = load_bundle(
        [
            policy("p", "true"),
            binding(
                "p", named="a", matchResources=_where((ENVIRONMENT, "In", ["qa"]), ("tier", "In", ["x"]))
            ),
            binding("p", named="b", matchResources=_where((ENVIRONMENT, "NotIn", ["dev"]))),
        ]
    )
    assert environments_named(bundle.bindings) == ["dev", "qa"]


def _config(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "slipway-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _with_params(named: str, param: str, environment: str) -> dict[str, Any]:
    reference = {"name": param, "namespace": "slipway-system", "parameterNotFoundAction": "Deny"}
    match = _where((ENVIRONMENT, "In", [environment]))
    return binding("limits", named=named, paramRef=reference, matchResources=match)


def _limits() -> dict[str, Any]:
    document = policy("limits", "true", paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
    notes = {
        "title": "Not too much",
        "category": "Resources",
        "severity": "low",
        "rationale": "It is shared.",
        "remediation": "Ask for less.",
        "sla": "36h",
        "standards": "CIS 1.1, NSA",
        "fix": "[{'op': 'remove', 'path': '/data'}]",
    }
    document["metadata"]["annotations"] = {f"policy.slipway.dev/{key}": text for key, text in notes.items()}
    return document


def test_a_policys_section_says_all_that_people_want_to_know() -> None:
    documents = [
        _limits(),
        _with_params("limits", "few", "dev"),
        _config("few", cpu="2", hosts="# ours\na\n\nb"),
    ]
    said = page(load_bundle(documents))
    assert "\n### limits\n\n**Not too much.** Deny in dev.\n" in said
    assert "\nSeverity low, to be remedied within 36 hours · CIS 1.1, NSA\n" in said
    assert "\nIt is shared.\n\n*How to fix it:* Ask for less.\n\nA ready fix is offered" in said
    assert "\nSettings, in `ConfigMap/few`:\n\n- `cpu`: `2`\n- `hosts`: `a`, `b`\n" in said


def test_settings_that_differ_by_environment_say_where_each_counts() -> None:
    documents = [
        _limits(),
        _with_params("a", "few", "dev"),
        _with_params("b", "many", "production"),
        *(_config("few", cpu="2"), _config("many", cpu="8"), _config("other", cpu="99")),
    ]
    said = page(load_bundle(documents))
    assert "Settings in dev, in `ConfigMap/few`:\n\n- `cpu`: `2`\n" in said
    assert "Settings in production, in `ConfigMap/many`:\n\n- `cpu`: `8`\n" in said
    assert "99" not in said


def test_policies_stand_by_category_and_name() -> None:
    def of(name: str, category: str) -> dict[str, Any]:
        document = policy(name, "true")
        document["metadata"]["annotations"] = {"policy.slipway.dev/category": category}
        return document

    said = page(
        load_bundle([of("z", "Access"), of("b", "Network"), of("a", "Network"), policy("lone", "true")])
    )
    headings = [line for line in said.splitlines() if line.startswith("##")]
    assert headings == ["## Access", "### z", "## Network", "### a", "### b", "## Others", "### lone"]
    assert "| [a](#a) | a | medium | Off |" in said


def test_the_page_is_what_the_policies_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load_bundle(POLICIES)), "run: manage.py policy docs"
