"""`manage.py policy` as a process of its own, as CI starts it: status, streams, and no database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.policy.cases import KEYS
from tests import tools
from tests.lifecycle.policy.scenes import write
from tests.policy.scenes import DATA, DEPLOYMENTS, POLICIES, binding, policy

CASES = DATA / "admission-verdicts.json"
BAD = POLICIES / "tests" / "pod-privileged" / "bad-container.yaml"
# nothing listens on the port of "discard"
OUT_OF_REACH = "postgres://slipway:slipway@127.0.0.1:9/slipway"


def manage(
    *arguments: str | Path, stdin: str = "", database: str = "", where: Path = tools.ROOT
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings.dev"}
    if database:
        environment["SLIPWAY_DATABASE_URL"] = database
    return subprocess.run(
        [sys.executable, str(tools.ROOT / "manage.py"), "policy", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        cwd=where,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def answers() -> list[dict]:
    result = manage("verdicts", CASES, "--output", "json")
    assert result.returncode == 0, result.stderr
    assert "87 cases in" in result.stderr
    return json.loads(result.stdout)


def test_every_case_has_an_answer_with_exactly_the_agreed_keys(answers: list[dict]) -> None:
    cases = json.loads(CASES.read_text())
    assert [answer["name"] for answer in answers] == [case["name"] for case in cases]
    assert {tuple(answer) for answer in answers} == {KEYS}
    assert set(KEYS) == {
        *("name", "policyAccepted", "allowed", "httpStatus", "reason", "message", "warning"),
    }


def test_answers_agree_with_the_api_server(answers: list[dict]) -> None:
    pairs = [
        (case["expect"], answer) for case, answer in zip(json.loads(CASES.read_text()), answers, strict=True)
    ]
    accepted = [(expect, answer) for expect, answer in pairs if expect["policyAccepted"]]
    refused = [answer for expect, answer in pairs if not expect["policyAccepted"]]
    assert (len(accepted), len(refused)) == (83, 4)
    for expect, answer in accepted:
        assert answer["policyAccepted"] is True
        for part in ("allowed", "httpStatus", "reason"):
            assert answer[part] == expect.get(part), answer["name"]
    assert sum(answer["policyAccepted"] is False for answer in refused) >= 3
    same = sum(answer["message"] == expect.get("message") for expect, answer in pairs)
    assert same >= 72


def test_a_pipe_is_judged_without_a_database_and_leaves_none_behind(tmp_path: Path) -> None:
    database = tmp_path / "portal.sqlite3"
    result = manage(
        "check", "-", "--environment", "dev", stdin=BAD.read_text(), database=f"sqlite:///{database}"
    )
    assert result.returncode == 1, result.stderr
    assert "deny   pod-privileged at spec.template, critical: " in result.stdout
    assert not database.exists()


def test_a_database_out_of_reach_is_done_without() -> None:
    result = manage("check", BAD, "--environment", "dev", "--output", "json", database=OUT_OF_REACH)
    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout)["environments"] == ["dev"]


def test_a_database_without_our_tables_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    assert manage("check", BAD, "--environment", "dev", database=url).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "-", "--environment", "dev"),
        ("check", "a.yaml", "--environment", "dev", "--all-environments"),
        (),
    ],
)
def test_a_wrong_call_ends_with_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = manage(*arguments, where=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr


def test_what_helm_renders_can_be_piped_into_it_and_keeps_its_lines(tmp_path: Path) -> None:
    chart = tools.ROOT / "services_catalog" / "charts" / "web-service" / "1.1.0"
    command = ["template", "web", str(chart), "--values", str(chart / "ci" / "full-values.yaml")]
    rendered = subprocess.run(
        [str(tools.helm()), *command], capture_output=True, text=True, check=True
    ).stdout
    rules = write(tmp_path / "rules" / "p.yaml", policy("p", "false", rule=DEPLOYMENTS), binding("p"))
    result = manage("check", "-", "--policies", rules.parent, "--offline", "--output", "json", stdin=rendered)
    assert result.returncode == 1, result.stderr
    (denied,) = (verdict for verdict in json.loads(result.stdout)["verdicts"] if verdict["policy"] == "p")
    assert (denied["file"], denied["key"]["kind"]) == ("stdin", "Deployment")
    first = rendered.splitlines()[denied["line"] - 1 :]
    assert first[0].startswith("apiVersion: apps/v1")
    assert first[1].startswith("kind: Deployment")


def test_it_is_judged_where_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD.read_text())
    result = manage("check", "a.yaml", "--environment", "dev", "--output", "sarif", where=tmp_path)
    assert result.returncode == 1, result.stderr
    results = json.loads(result.stdout)["runs"][0]["results"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert uris == {"a.yaml"}
