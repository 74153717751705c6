"""What `policy check` reads: files, folders, lists, JSON, standard input; and what it cannot read."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lifecycle.policy.scenes import write
from tests.policy.scenes import EVERYTHING, binding, config_map, policy


def test_folders_are_searched_and_hidden_or_other_files_left_out(check: Any, here: Path) -> None:
    write(here / "k8s" / "b.yml", config_map("b", a="1"))
    write(here / "k8s" / "deep" / "er" / "a.yaml", config_map("a"))
    (here / "k8s" / "c.JSON").write_text(json.dumps(config_map("c")))
    write(here / "k8s" / ".git" / "hidden.yaml", config_map("hidden"))
    write(here / "k8s" / ".hidden.yaml", config_map("hidden"))
    (here / "k8s" / "notes.txt").write_text("not: judged")
    result = check("k8s", "k8s/b.yml", "--output", "json")
    assert (result.json["files"], result.json["objects"]) == (3, 3)
    assert {(v["file"], v["key"]["name"]) for v in result.findings} == {
        ("k8s/deep/er/a.yaml", "a"),
        ("k8s/c.JSON", "c"),
    }


def test_members_of_lists_are_judged_each_in_its_line(check: Any, here: Path) -> None:
    (here / "list.yaml").write_text(
        "# kubectl get -o yaml\napiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}\n"
        "- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - metadata: {name: two}\n"
    )
    result = check("list.yaml", "--output", "json")
    assert [(v["key"]["name"], v["line"]) for v in result.findings] == [("one", 5), ("two", 2)]


def test_whatever_has_items_is_a_list_as_for_kubectl(check: Any, here: Path) -> None:
    wolf = {"apiVersion": "example.com/v1", "kind": "Sheep", "items": [config_map("wolf")]}
    assert [v["key"]["name"] for v in check(write(here / "a.yaml", wolf), "--output", "json").findings] == [
        "wolf"
    ]


def test_json_streams_are_read_with_their_lines(check: Any, here: Path) -> None:
    documents = [json.dumps(config_map(name, b="\U0001f600"), indent=1) for name in ("one", "two")]
    (here / "both.json").write_text("\n".join(documents))
    result = check("both.json", "--output", "json")
    assert [(v["key"]["name"], v["line"]) for v in result.findings] == [("one", 1), ("two", 11)]


def test_files_are_read_as_kubernetes_reads_them(check: Any, here: Path) -> None:
    (here / "a.yaml").write_text(
        "\ufeffapiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n"
        "spec: {a: y, when: 2020-01-01, mode: 0o17}\n"
    )
    expression = "object.spec.a == true && object.spec.when == '2020-01-01' && object.spec.mode == 15"
    policies = [policy("p", expression, rule=EVERYTHING), binding("p")]
    assert check("a.yaml", policies=policies).status == 0


def test_standard_input_is_judged(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = yaml.safe_dump_all([config_map("piped")])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    result = check("-")
    assert result.status == 1
    assert "ConfigMap/piped in namespace default  stdin:1" in result.out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("torn.yaml", b"a: [", "torn.yaml: did not find expected node content (line 2)"),
        ("torn.json", b'{"a": ', "torn.json: did not find expected node content (line 2)"),
        ("template.yaml", b"kind: {{ .Values.kind }}", "template.yaml: "),
        ("binary.yaml", b"\xff\xfe\x00", "binary.yaml: this is not UTF-8 text"),
        ("deep.json", b"[" * 100_000, "deep.json: nested more than 64 levels deep"),
        ("empty.yaml", b"# nothing\n---\n", "There is no object in empty.yaml."),
        ("missing/there.yaml", None, "missing/there.yaml: No such file or directory"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_is_named(
    check: Any, here: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (here / name).write_bytes(content)
    result = check(name)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("Nothing was judged:")
    assert said in result.err


def test_one_file_that_cannot_be_read_stops_all_and_every_one_is_named(check: Any, here: Path) -> None:
    write(here / "k" / "good.yaml", config_map(a="1"))
    (here / "k" / "torn.yaml").write_text("a: [")
    (here / "k" / "worse.yaml").write_text("b: {")
    (here / "nothing").mkdir()
    result = check("k", "nothing")
    assert result.status == 2
    assert "k/torn.yaml" in result.err
    assert "k/worse.yaml" in result.err
    assert "nothing: there is no YAML or JSON file in this folder" in result.err


def test_an_empty_file_among_others_is_well(check: Any, here: Path) -> None:
    (here / "empty.yaml").write_text("---\n")
    assert check("empty.yaml", write(here / "good.yaml", config_map(a="1"))).status == 0
