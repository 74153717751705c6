"""For whom `policy check` judges: environments, namespaces and their labels, what is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.lifecycle.policy.scenes import BY_MODE, ENVIRONMENT, Result, run, write
from tests.policy.scenes import binding, config_map, policy


def test_the_environment_chooses_the_mode(check: Any, here: Path) -> None:
    file = write(here / "bad.yaml", config_map())
    assert check(file, "--environment", "dev", policies=BY_MODE).status == 0
    assert check(file, "--environment", "production", policies=BY_MODE).status == 1
    both = check(file, "--environment", "dev", "--environment", "production", policies=BY_MODE)
    assert both.status == 1
    assert "deny   p, medium (production): There is no a." in both.out
    assert "warn   p, medium (dev): There is no a." in both.out


def test_an_environment_must_be_named_where_modes_depend_on_it(check: Any, here: Path) -> None:
    result = check(write(here / "good.yaml", config_map(a="1")), policies=BY_MODE)
    assert result.status == 2
    assert "--environment (dev, …)" in result.err


def test_all_environments_cannot_be_had_without_the_database(check: Any, here: Path) -> None:
    result = check(write(here / "good.yaml", config_map(a="1")), "--all-environments", policies=BY_MODE)
    assert result.status == 2
    assert "Name them: --environment dev" in result.err


def test_labels_of_the_namespace_come_from_the_files_the_command_line_and_the_environment(
    check: Any, here: Path
) -> None:
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"tier": "a"}}}
    own["metadata"]["labels"][ENVIRONMENT] = "dev"
    inside = {**config_map(a="1"), "metadata": {"name": "x", "namespace": "shop"}}
    rule = {
        "expression": "namespaceObject.metadata.labels == {'kubernetes.io/metadata.name': 'shop', "
        f"'tier': 'a', 'more': 'b', '{ENVIRONMENT}': 'production'}}"
    }
    arguments = ("--environment", "production", "--label", "more=b")
    result = check(
        write(here / "a.yaml", own, inside), *arguments, policies=[policy("p", rule), binding("p")]
    )
    assert result.status == 0, result.out


def test_a_label_needs_a_key_and_a_value(check: Any, here: Path) -> None:
    with pytest.raises(CommandError, match="write KEY=VALUE"):
        call_command("policy", "check", "a.yaml", "--label", "tier")


def test_objects_land_in_the_namespace_that_is_given(check: Any, here: Path) -> None:
    rule = {"expression": "request.namespace == 'team-a' && request.userInfo.username.contains(':team-a:')"}
    file = write(here / "a.yaml", config_map())
    assert check(file, "--namespace", "team-a", policies=[policy("p", rule), binding("p")]).status == 0


def test_who_asks_is_the_deployer_or_whoever_is_named(check: Any, here: Path) -> None:
    file = write(here / "a.yaml", {**config_map(), "metadata": {"name": "x", "namespace": "kube-system"}})

    def asks(said: str, *arguments: str) -> bool:
        policies = [policy("p", f"request.userInfo.{said}"), binding("p")]
        return check(file, *arguments, policies=policies).status == 0

    assert asks("username == 'system:serviceaccount:kube-system:slipway-deployer'")
    # whoever writes into a file where it goes does not become one of that namespace's own
    assert asks("groups == ['system:serviceaccounts', 'system:authenticated']")
    assert asks("username == 'alice'", "--as", "alice")
    assert asks("groups == ['a', 'b']", "--as", "alice", "--as-group", "a", "--as-group", "b")


def test_what_is_there_already_is_judged_as_an_update(check: Any, here: Path) -> None:
    rule = {"expression": "oldObject != null && object.data.a == oldObject.data.a", "message": "a must stay."}
    policies = [policy("p", rule), binding("p")]
    old = write(here / "old.yaml", config_map("settings", a="1"), config_map("gone", a="1"))
    same = write(here / "same.yaml", {**config_map("settings", a="1")})
    changed = write(here / "changed.yaml", config_map("settings", a="2"))
    new = write(here / "new.yaml", config_map("new", a="1"))
    assert check(same, "--old", old, policies=policies).status == 0
    assert check(changed, "--old", old, policies=policies).status == 1
    assert check(new, "--old", old, policies=policies).status == 1
    assert check(same, policies=policies).status == 1


def test_an_old_object_is_known_by_the_namespace_that_it_is_in(check: Any, here: Path) -> None:
    def placed(namespace: str) -> dict[str, Any]:
        return {**config_map(a="1"), "metadata": {"name": "settings", "namespace": namespace}}

    policies = [policy("p", "oldObject != null"), binding("p")]
    old = write(here / "old.yaml", placed("one"))
    assert check(write(here / "a.yaml", placed("one")), "--old", old, policies=policies).status == 0
    assert check(write(here / "b.yaml", placed("two")), "--old", old, policies=policies).status == 1


@pytest.mark.django_db
def test_the_portals_database_knows_further_labels_and_all_environments(
    organisation: Any, here: Path
) -> None:
    production = organisation.environment("production")
    production.labels = {"tier": "gold"}
    production.save()
    rule = {
        "expression": "namespaceObject.metadata.labels[?'tier'].orValue('') == 'gold'",
        "message": "Not gold.",
    }
    write(here / "rules" / "p.yaml", policy("p", rule), binding("p"))
    file = write(here / "a.yaml", config_map())

    def judged(*arguments: str) -> Result:
        return run("check", file, "--policies", here / "rules", "--output", "json", *arguments)

    assert judged("--environment", "production").status == 0
    assert judged("--environment", "production", "--offline").status == 1
    assert judged("--environment", "production", "--label", "tier=tin").status == 1
    unknown = judged("--environment", "prod")
    assert unknown.status == 1
    assert "The portal has no environment prod" in unknown.err
    everywhere = judged("--all-environments")
    assert everywhere.json["environments"] == ["dev", "staging", "production"]
    assert [v["environment"] for v in everywhere.findings] == ["dev", "staging"]


@pytest.mark.django_db
def test_without_environments_in_the_database_all_of_them_are_none(here: Path) -> None:
    write(here / "rules" / "p.yaml", policy("p", "true"), binding("p"))
    result = run(
        "check", write(here / "a.yaml", config_map()), "--policies", here / "rules", "--all-environments"
    )
    assert result.status == 2
    assert "it has none" in result.err
