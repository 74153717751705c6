"""What a judgement of files looks like as text, as JSON and as SARIF."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from portal.policy import Verdict, load_bundle
from portal.policy.reports import Placed, Report, sarif, text
from portal.policy.reports import json as json_report
from tests.policy.scenes import binding, config_map, judge, policy

NOTES = {
    "title": "Settings are complete",
    "category": "Form",
    "severity": "high",
    "rationale": "An empty setting\nis a riddle.",
    "remediation": "Write `a: 1.2` into it. Then ask again.",
    "standards": "CIS 5.2, NSA",
    "docs": "docs/policy-library.md#complete",
}


def _policy(name: str, *expressions: Any, **notes: str) -> dict[str, Any]:
    document = policy(name, *expressions)
    document["metadata"]["annotations"] = {
        f"policy.slipway.dev/{key}": value for key, value in (NOTES | notes).items()
    }
    return document


BUNDLE = load_bundle(
    [
        _policy("complete", {"expression": "has(object.data.a)", "message": "There is no a."}),
        _policy("tidy", {"expression": "!has(object.data.b)", "message": "There is a b."}, severity="low"),
        *(binding("complete"), binding("tidy", "Warn")),
    ]
)


def _placed(file: str, line: int, name: str, environment: str = "dev", **data: str) -> list[Placed]:
    verdicts = judge(BUNDLE, config_map(name, **data), environment=environment).verdicts
    return [Placed(verdict, file, line, environment) for verdict in verdicts]


def _report(*placed: list[Placed], environments: tuple[str, ...] = ("dev",)) -> Report:
    flat = [each for part in placed for each in part]
    objects = len({(each.file, each.line) for each in flat})
    return Report(flat, BUNDLE.policies, BUNDLE.digest, 2, objects, environments)


MIXED = _report(
    _placed("web.yaml", 1, "untidy", a="1", b="2"),
    _placed("web.yaml", 9, "bad", b="2"),
    _placed("more/good file.yaml", 3, "good", a="1"),
)
WAIVED = dataclasses.replace(
    MIXED.placed[2].verdict, outcome="waived", exception=7, until="2026-12-01T00:00:00+00:00"
)


def _with(verdict: Verdict) -> Report:
    return dataclasses.replace(MIXED, placed=[Placed(verdict, "web.yaml", 9, "dev")])


def test_text_shows_refused_objects_first_and_in_each_what_blocks_first() -> None:
    lines = text.render(MIXED).splitlines()
    assert lines == [
        "ConfigMap/bad in namespace shop  web.yaml:9",
        "  deny   complete, high: There is no a.",
        "         To fix it: Write `a: 1.2` into it.",
        "  warn   tidy, low: There is a b.",
        "         To fix it: Write `a: 1.2` into it.",
        "",
        "ConfigMap/untidy in namespace shop  web.yaml:1",
        "  warn   tidy, low: There is a b.",
        "         To fix it: Write `a: 1.2` into it.",
        "",
        "Denied for dev: 3 objects in 2 files; 3 passed, 2 warned, 1 denied.",
    ]


def test_text_without_findings_is_one_line() -> None:
    report = _report(_placed("a.yaml", 1, "good", a="1"))
    assert text.render(report) == "Allowed for dev: 1 object in 2 files; 2 passed, 0 warned, 0 denied."


def test_text_is_coloured_only_when_asked_and_says_the_same() -> None:
    coloured = text.render(MIXED, colour=True)
    assert "\x1b[31;1mdeny" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.render(MIXED)


def test_text_cannot_be_used_to_write_on_somebodys_terminal() -> None:
    key = dataclasses.replace(WAIVED.key, name="x\x1b[2J\nAllowed")
    hostile = dataclasses.replace(WAIVED, outcome="deny", key=key, message="a\x1b]0;b\x07\nc")
    said = text.render(_with(hostile))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)
    assert not any(line.startswith(("Allowed", "c")) for line in said.splitlines())


def test_text_names_the_environments_in_which_a_finding_is_one() -> None:
    both = [each for slug in ("dev", "production") for each in _placed("a.yaml", 1, "bad", slug, b="2")]
    said = text.render(_report(both, environments=("dev", "production")))
    assert "  deny   complete, high (dev, production): There is no a." in said
    assert said.count("There is no a.") == 1


def test_a_waived_finding_is_shown_with_its_exception_and_blocks_nothing() -> None:
    said = text.render(_with(WAIVED))
    assert "  waived complete, high: There is no a." in said
    assert "Exception 7 allows it until 2026-12-01T00:00:00+00:00." in said
    assert said.splitlines()[-1].startswith("Allowed for dev: 3 objects in 2 files; 0 passed, 1 waived")


def test_text_says_where_a_ready_fix_is() -> None:
    fix = ({"op": "add", "path": "/data/a", "value": "1"},)
    said = text.render(_with(dataclasses.replace(WAIVED, outcome="deny", fix=fix)))
    assert "To fix it: Write `a: 1.2` into it. [ready fix]" in said
    assert said.endswith("Ready fixes are in --output json.")


def test_json_has_the_documented_shape() -> None:
    said = json.loads(json_report.render(MIXED))
    assert {key: value for key, value in said.items() if key != "verdicts"} == {
        "allowed": False,
        "passed": 3,
        "waived": 0,
        "warned": 2,
        "denied": 1,
        "files": 2,
        "objects": 3,
        "environments": ["dev"],
        "policyDigest": BUNDLE.digest,
    }
    assert len(said["verdicts"]) == 6
    (denied,) = (verdict for verdict in said["verdicts"] if verdict["outcome"] == "deny")
    assert denied["file"] == "web.yaml"
    assert denied["line"] == 9
    assert denied["environment"] == "dev"
    assert denied["key"] == {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "bad"}
    assert denied["message"] == "There is no a."
    # nothing of a verdict is lost
    assert Verdict.from_dict(
        {k: v for k, v in denied.items() if k not in ("file", "line", "environment")}
    ).blocks


def _run(report: Report, **options: str) -> dict[str, Any]:
    (run,) = sarif.as_dict(report, **options)["runs"]
    return run


def test_sarif_describes_every_policy_as_a_rule() -> None:
    rules = _run(MIXED)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["complete", "tidy"]
    rule = rules[0]
    assert rule["shortDescription"] == {"text": "Settings are complete"}
    assert rule["fullDescription"] == {"text": "An empty setting is a riddle."}
    assert "**How to fix it:** Write `a: 1.2` into it." in rule["help"]["markdown"]
    assert rule["properties"]["security-severity"] == "8.0"
    assert rule["properties"]["tags"] == ["security", "Form", "CIS 5.2", "NSA"]
    assert rule["properties"]["timeToRemedy"] == "30 days"


def test_sarif_gives_whole_addresses_or_none() -> None:
    def addresses(**options: str) -> set[str | None]:
        return {rule.get("helpUri") for rule in _run(MIXED, **options)["tool"]["driver"]["rules"]}

    assert addresses() == {None}
    assert addresses(docs_url="https://portal.example.org/") == {
        "https://portal.example.org/docs/policy-library.md#complete"
    }


def test_sarif_results_say_rule_level_and_place() -> None:
    run = _run(MIXED)
    assert run["tool"]["driver"]["name"] == "Slipway policy"
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("tidy", "warning"),
        ("complete", "error"),
        ("tidy", "warning"),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    denied = run["results"][1]
    assert denied["message"]["text"] == "ConfigMap/bad: There is no a."
    (location,) = denied["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "web.yaml", "uriBaseId": "%SRCROOT%"}
    assert location["physicalLocation"]["region"] == {"startLine": 9}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "v1/ConfigMap/shop/bad"
    assert "%SRCROOT%" in run["originalUriBaseIds"]


def test_sarif_places_are_uris() -> None:
    def uri(file: str) -> dict[str, str]:
        (result,) = _run(_report(_placed(file, 1, "untidy", a="1", b="2")))["results"]
        return result["locations"][0]["physicalLocation"]["artifactLocation"]

    assert uri("a folder/näme#1.yaml")["uri"] == "a%20folder/n%C3%A4me%231.yaml"
    assert uri("/elsewhere/a b.yaml") == {"uri": "file:///elsewhere/a%20b.yaml"}


def test_sarif_fingerprints_outlive_moved_lines_and_new_words_and_tell_findings_apart() -> None:
    def fingerprints(report: Report) -> list[str]:
        return [result["partialFingerprints"]["slipwayFinding/v1"] for result in _run(report)["results"]]

    before = _placed("a.yaml", 1, "bad", b="2")
    moved = [
        Placed(dataclasses.replace(each.verdict, message="In other words."), each.file, 40, "dev")
        for each in before
    ]
    assert fingerprints(_report(before)) == fingerprints(_report(moved))
    others = [
        *_placed("a.yaml", 1, "worse", b="2"),
        *_placed("b.yaml", 1, "bad", b="2"),
        *_placed("a.yaml", 1, "bad", "production", b="2"),
        # the same object twice in one file
        *_placed("a.yaml", 1, "bad", b="2"),
    ]
    found = fingerprints(_report(before, others))
    assert len(found) == len(set(found)) == 10


def test_sarif_shows_a_waived_finding_as_suppressed_and_all_others_as_not() -> None:
    (waived,) = _run(_with(WAIVED))["results"]
    assert waived["level"] == "note"
    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "Exception 7" in suppression["justification"]
    assert [result["suppressions"] for result in _run(MIXED)["results"]] == [[], [], []]


def test_sarif_describes_what_the_engine_says_in_its_own_name() -> None:
    verdicts = judge(BUNDLE, {"kind": "ConfigMap"}).verdicts
    run = _run(_report([Placed(verdict, "a.yaml", 1) for verdict in verdicts]))
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == verdicts[0].policy
    assert result["level"] == "error"
    assert rule["help"]["text"]


def test_sarif_says_its_version() -> None:
    document = json.loads(sarif.render(MIXED))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
