"""Our reader against the one inside helm: `fromYaml` is sigs.k8s.io/yaml, which the API server uses too."""

from __future__ import annotations

import json

import pytest

from portal.clusters import goyaml
from portal.clusters.rendering import render
from portal.clusters.types import Target

SCALARS = """
y n Y N yes No ON off On true False TRUE ~ null Null NULL tRUE oN
0 00 010 0o17 0O17 017 08 09 0x1F 0X1f 0b101 0B1 1_000 1__0 -5 +5 -010 -0x10 -0b1 0x 0b 0o 0_1 _1 0b2
1e3 1E3 1.5e3 -1.5E-3 1. .5 -.5 +.5 1.0 .1e1 5e 1e 1.2.3 1_0.5 3.10 . + .e1
9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 -9223372036854775809
12:30 1:2:3 2020-01-01 2001-12-14t21:59:43.10-05:00 2020-13-45 1,000 10m 1Gi 0.5Gi = v1.0 1-2 e3 x:y 1e1000x
1e999 -1e999 0e0
""".split()  # noqa: SIM905 easier to read
DOCUMENTS = {
    "keys that are not text": "1: a\ntrue: b\non: c\n0x10: d\n1.5: e\n010: f\n",
    "quotes": "a: 'y'\nb: \"010\"\nc: '1e3'\nd: \"\\u00e9\\n\"\n",
    "blocks": "a: |\n  one\n   two\n\nb: >-\n  folded\n  text\nc: |+\n  kept\n\n",
    "anchors": "a: &x {p: 1, q: [1, 2]}\nb: *x\nc: {<<: *x, p: 3}\nd: {<<: [*x, {r: 4}]}\n",
    "merges with their tag": "a: &x {p: 1}\nb:\n  !!merge <<: *x\n  p: 2\n",
    "a key twice": "a: 1\na: 2\n",
    "tags": "a: !!str 010\nb: !!binary aGVsbG8=\nc: !!str y\n",
    "empty values": "a:\nb: ''\nc: []\nd: {}\ne: [~, '']\n",
    "flow": "{a: [1, {b: c}], 'd': \"e\"}\n",
    "comments": "# one\na: b # two\nc: 'd#e'\nf: g#h\n",
    "unicode": 'a: é€😀\nb: "\\x41"\n',
}


def as_helm_reads(text, binary, chart):
    values = {"raw": "{{ .Values.extra.text | fromYaml | toJson }}", "extra": {"text": text}}
    manifest = render(chart, target=Target("web", "team-a"), values=values, binary=binary).manifest
    (line,) = [line for line in manifest.splitlines() if line.startswith("{")]
    return json.loads(line)


def exact(value):
    """JSON text in which 1 and True differ, and 1000 and 1000.0 do not, as in JSON."""
    if isinstance(value, dict):
        return {key: exact(child) for key, child in value.items()}
    if isinstance(value, list):
        return [exact(child) for child in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [type(value).__name__, value]
    return ["number", float(value)]


def test_every_odd_scalar_is_read_as_helm_reads_it(helm_binary, demo_chart):
    text = "".join(f"k{index}: {scalar}\n" for index, scalar in enumerate(SCALARS))
    (ours,) = goyaml.load_all(text)
    theirs = as_helm_reads(text, helm_binary, demo_chart)
    differing = {
        s: (ours[f"k{i}"], theirs[f"k{i}"])
        for i, s in enumerate(SCALARS)
        if exact(ours[f"k{i}"]) != exact(theirs[f"k{i}"])
    }
    assert differing == {}


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_every_odd_document_is_read_as_helm_reads_it(text, helm_binary, demo_chart):
    (ours,) = goyaml.load_all(text)
    assert exact(ours) == exact(as_helm_reads(text, helm_binary, demo_chart))


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)
)
MERGE_BOMB = "a: &a {k: 1}\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} {{x{i}: [*{chr(97 + i)}, *{chr(97 + i)}], <<: *{chr(97 + i)}}}\n"
    for i in range(24)
)
REFUSED = {
    "alias bomb": (BOMB, "more than 500,000 values"),
    "merge bomb": (MERGE_BOMB, "more than 500,000 values"),
    "bombs that are small each": ("\n---\n".join(["".join(BOMB.splitlines(True)[:5])] * 60), "500,000"),
    "alias of itself": ("a: &a {b: *a}", "no anchor before it"),
    "alias across documents": ("a: &a 1\n---\nb: *a", "no anchor before it"),
    "deep flow": ("[" * 100_000, "64 levels deep"),
    "deep blocks": ("\n".join(" " * i + "a:" for i in range(500)), "64 levels deep"),
    "deep keys": ("? " * 50_000, "64 levels deep"),
    "python object": ("!!python/object/apply:os.system [id]", "is not accepted"),
    "merge of another key": ("a: &x {p: 1}\nb: {!!merge c: *x}", "is not accepted"),
    "tag of our own": ("a: !secret b", "is not accepted"),
    "forced number": ("a: !!int '3'", "is not accepted"),
    "infinity": ("a: .inf", "no JSON form"),
    "not a number": ("a: .NaN", "no JSON form"),
    "mapping as a key": ("? {a: b}\n: c", "a key must be a scalar"),
    "merge after the keys it replaces": ("a: &x {p: 1}\nb: {p: 2, <<: *x}", "must stand before"),
    "merge of a scalar": ("a: {<<: b}", "takes a mapping"),
    "binary that is none": ("a: !!binary '%%%'", "line 1"),
    "tab": ("a:\n\t- b", "line 2"),
    "unclosed": ("a: [", "line 1|line 2"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_manifest_may_hold_is_refused(text, why):
    with pytest.raises(goyaml.NotReadable, match=why):
        list(goyaml.load_all(text))


def test_documents_are_told_apart():
    assert list(goyaml.load_all("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n")) == [
        {"a": 1},
        None,
        None,
        {"b": 2},
    ]


def test_an_alias_is_a_copy():
    (found,) = goyaml.load_all("a: &x {p: [1]}\nb: *x\nc: {<<: *x}\n")
    found["a"]["p"].append(2)
    assert (found["b"], found["c"]) == ({"p": [1]}, {"p": [1]})


def test_documents_and_the_members_of_lists_know_their_lines():
    text = "# a comment\n---\n\nkind: List\nitems:\n- kind: A\n- kind: B\n---\nkind: C\n"
    first, second = goyaml.load_located(text)
    assert (first.line, second.line) == (4, 9)
    assert [first.line_of(member) for member in first.value["items"]] == [6, 7]
    assert second.line_of({}) == 9
