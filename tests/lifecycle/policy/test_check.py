"""`manage.py policy check`: how it ends, and what it says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.policy.scenes import NEEDS_A, run, write
from tests.policy.scenes import DEPLOYMENTS, EVERYTHING, binding, config_map, deployment, policy


def test_what_passes_ends_with_0(check: Any, here: Path) -> None:
    result = check(write(here / "good.yaml", config_map(a="1")))
    assert (result.status, result.err) == (0, "")
    assert result.out == "Allowed: 1 object in 1 file; 2 passed, 0 warned, 0 denied.\n"


def test_what_is_denied_ends_with_1_and_says_where(check: Any, here: Path) -> None:
    write(here / "app" / "bad.yaml", config_map("fine", a="1"), config_map("bare"))
    result = check("app")
    assert result.status == 1
    assert (
        "ConfigMap/bare in namespace default  app/bad.yaml:8\n  deny   p, medium: There is no a.\n"
        in result.out
    )
    assert result.out.endswith("Denied: 2 objects in 1 file; 3 passed, 0 warned, 1 denied.\n")


@pytest.mark.parametrize(("fail_on", "status"), [("deny", 0), ("warn", 1)])
def test_a_warning_fails_only_who_asks_for_that(check: Any, here: Path, fail_on: str, status: int) -> None:
    file = write(here / "bad.yaml", config_map())
    result = check(file, "--fail-on", fail_on, policies=[policy("p", NEEDS_A), binding("p", "Warn")])
    assert result.status == status
    assert "warn   p" in result.out


def test_audit_notes_fail_nobody(check: Any, here: Path) -> None:
    file = write(here / "bad.yaml", config_map())
    assert (
        check(file, "--fail-on", "warn", policies=[policy("p", NEEDS_A), binding("p", "Audit")]).status == 0
    )


def test_what_is_no_kubernetes_object_is_denied(check: Any, here: Path) -> None:
    result = check(write(here / "values.yaml", {"replicas": 3}), "--output", "json")
    assert result.status == 1
    assert [(v["outcome"], v["policy"], v["line"]) for v in result.findings] == [("error", "judgeable", 1)]


def test_policies_that_cannot_be_used_end_with_2_and_name_file_document_and_expression(here: Path) -> None:
    write(here / "rules" / "fine.yaml", policy("q", "true"))
    write(here / "rules" / "broken.yaml", policy("p", "true"), policy("r", "object.a +"))
    result = run("check", write(here / "a.yaml", config_map()), "--policies", here / "rules", "--offline")
    assert result.status == 2
    assert result.out == ""
    assert "broken.yaml, document 2, policy r, spec.validations[0].expression" in result.err
    assert "object.a +" in result.err


def test_a_folder_without_policies_allows_nothing(here: Path) -> None:
    (here / "rules").mkdir()
    result = run("check", write(here / "a.yaml", config_map()), "--policies", here / "rules", "--offline")
    assert result.status == 2
    assert "there is no policy here" in result.err


def _definition(group: str, kind: str, plural: str, scope: str = "Cluster") -> dict[str, Any]:
    names = {"kind": kind, "plural": plural}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [version]},
    }


def test_custom_kinds_are_known_by_their_definition_among_the_files(check: Any, here: Path) -> None:
    goose = {"apiVersion": "farm.example.com/v1", "kind": "Goose", "metadata": {"name": "g"}}
    rule = {"apiGroups": ["farm.example.com"], "apiVersions": ["*"], "resources": ["geese"]}
    policies = [policy("p", "!has(object.metadata.namespace) && false", rule=rule), binding("p")]
    write(here / "b.yaml", _definition("farm.example.com", "Goose", "geese"))
    result = check(write(here / "a.yaml", goose), here / "b.yaml", "--output", "json", policies=policies)
    assert [(v["key"]["kind"], v["file"]) for v in result.findings] == [("Goose", "a.yaml")]
    # the definition is an object of its own, and told of once
    assert [v["key"]["kind"] for v in result.json["verdicts"]] == ["Goose", "CustomResourceDefinition"]


def test_a_definition_hides_no_finding(check: Any, here: Path) -> None:
    policies = [policy("p", "false", rule=EVERYTHING), binding("p")]
    odd = _definition("apiextensions.k8s.io", "CustomResourceDefinition", "nothing")
    renamed = _definition("apps", "Deployment", "nothing")
    file = write(here / "a.yaml", odd, renamed, deployment())
    result = check(file, "--output", "json", policies=policies)
    assert {v["key"]["kind"] for v in result.findings} == {"CustomResourceDefinition", "Deployment"}
    only = check(file, policies=[policy("p", "false", rule=DEPLOYMENTS), binding("p")])
    assert only.status == 1


def test_sarif_has_files_and_lines(check: Any, here: Path) -> None:
    write(here / "k8s" / "a.yaml", config_map("fine", a="1"), config_map("bare"))
    result = check("k8s", "--output", "sarif", "--docs-url", "https://portal.example.org/")
    (run_,) = result.json["runs"]
    (found,) = run_["results"]
    assert result.status == 1
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "k8s/a.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 8},
    }


def test_no_colour_reaches_a_file(check: Any, here: Path) -> None:
    assert "\x1b" not in check(write(here / "bad.yaml", config_map())).out


def test_colour_can_be_forced(here: Path) -> None:
    write(here / "rules" / "p.yaml", policy("p", NEEDS_A), binding("p"))
    file = write(here / "bad.yaml", config_map())
    result = run("--force-color", "check", file, "--policies", here / "rules", "--offline")
    assert "\x1b[31;1mdeny" in result.out


def test_a_failure_of_the_command_itself_is_no_verdict(
    check: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(here / "a.yaml", config_map(a="1"))
    monkeypatch.setattr(sys, "stdin", None)
    result = check(file, "-")
    assert result.status == 2
    assert "AttributeError" in result.err
