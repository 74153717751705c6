"""Whatever a document holds, the schema says something short about it, and soon."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy.schema import applies_to, check, explained
from portal.policy.schema.check import MAX_DEPTH, MAX_PROBLEMS, MAX_VALUES
from portal.sandbox.builtin import BUILT_IN
from portal.sandbox.decoding import Decoder
from portal.sandbox.resources import Resources
from portal.sandbox.statuses import ApiError
from tests.policy.forms import definition, messages, pod
from tests.policy.scenes import config_map, deployment

ODD = st.recursive(
    # 2.0 is a whole number in YAML, but none in JSON
    st.none() | st.booleans() | st.integers() | st.floats().filter(lambda x: x % 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
STRANGE = st.sampled_from(
    [
        b"bytes",
        {1, 2},
        (1, "a"),
        datetime(2026, 1, 1, tzinfo=UTC),
        10**5000,
        float("nan"),
        float("inf"),
        object(),
    ]
)
KEYS = st.none() | st.booleans() | st.integers() | st.tuples(st.text(max_size=3)) | st.text(max_size=3)
DEPLOYMENT = next(each for each in BUILT_IN if each.gvk == ("apps", "v1", "Deployment"))
# where in a Deployment something is replaced
PLACES = [
    (),
    ("metadata",),
    ("metadata", "labels"),
    ("spec",),
    ("spec", "replicas"),
    ("spec", "selector", "matchLabels"),
    ("spec", "template", "spec"),
    ("spec", "template", "spec", "containers"),
    ("spec", "template", "spec", "containers", 0),
    ("spec", "template", "spec", "containers", 0, "env"),
    ("spec", "template", "spec", "containers", 0, "env", 0, "value"),
    ("spec", "template", "spec", "containers", 0, "ports"),
    ("spec", "template", "spec", "containers", 0, "resources", "limits", "cpu"),
    ("spec", "template", "spec", "containers", 0, "livenessProbe", "httpGet", "port"),
    ("spec", "template", "spec", "volumes", 0, "secret", "defaultMode"),
    ("status",),
]


def replaced(place: tuple[Any, ...], key: Any, value: Any) -> dict[str, Any]:
    """A Deployment with `value` at the place, or under `key` at the place when that is a mapping."""
    document = deployment(
        env=[{"name": "A", "value": "1"}],
        ports=[{"containerPort": 80}],
        resources={"limits": {"cpu": "1"}},
        livenessProbe={"httpGet": {"port": "web"}},
    )
    document["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "secret": {"defaultMode": 256}}]
    parent: Any = document
    for step in place[:-1]:
        parent = parent[step]
    there = parent.get(place[-1]) if place and isinstance(parent, dict) else parent
    if key is not None and isinstance(there, dict):
        there[key] = value
    elif place:
        parent[place[-1]] = value
    return document


def refusal(document: Any) -> str:
    """What the embedded cluster says when it reads the document."""
    try:
        Decoder(Resources()).validate(DEPLOYMENT, document, "Strict", [])
    except ApiError as error:
        return error.message
    return ""


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), KEYS, ODD | STRANGE)
def test_no_value_and_no_key_breaks_it(place: tuple[Any, ...], key: Any, value: Any) -> None:
    document = replaced(place, key, value)
    problems = check(document)
    assert len(problems) <= MAX_PROBLEMS + 1
    assert bool(explained(document, problems)) == bool(problems)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([None, "name", "x"]), ODD)
def test_it_says_what_the_embedded_cluster_says(place: tuple[Any, ...], key: Any, value: Any) -> None:
    document = replaced(place, key, value)
    problems = [problem for problem in check(document) if problem.family in ("type", "strict")]
    said = refusal(document)
    assert any(problem.message in said for problem in problems) if said else problems == []


def test_many_problems_are_cut_and_counted() -> None:
    document = {**config_map(), **{f"field{number}": 1 for number in range(MAX_PROBLEMS + 7)}}
    said = messages(document)
    assert len(said) == MAX_PROBLEMS + 1
    assert said[-1] == "and 7 more"


def test_a_message_stays_short_whatever_the_names_are() -> None:
    document = {**config_map(), **{f"{number}" * 100_000: 1 for number in range(10)}}
    assert len(explained(document, check(document))) < 10_000


def test_depth_is_bounded() -> None:
    schema: Any = {}
    for _ in range(5000):
        schema = {"not": schema}
    assert messages(definition(schema)) == [f"nested too deeply: more than {MAX_DEPTH} levels"]


def test_a_document_that_holds_itself_ends() -> None:
    schema: dict[str, Any] = {}
    schema["not"] = schema
    schema["allOf"] = [schema, schema]
    assert "too large" in messages(definition(schema))[-1] or len(messages(definition(schema))) > MAX_PROBLEMS


def test_size_is_bounded() -> None:
    row = [{"name": "A", "value": "1"}] * 2000
    containers = [{"name": "web", "env": row}] * (MAX_VALUES // 2000)
    document = pod()
    document["spec"]["containers"] = containers
    assert messages(document)[-1].startswith(("the object is too large", "and "))


def test_an_object_as_large_as_etcd_takes_is_read_to_its_end() -> None:
    big = config_map(**{f"key{number}": "value" for number in range(100_000)})
    assert check(big) == []


def test_the_definitions_are_read_when_first_needed() -> None:
    program = (
        "from pathlib import Path; from portal.policy import load_bundle;"
        "from portal.policy.schema import check;"
        "from portal.policy.schema.definitions import definitions;"
        "load_bundle(Path('policies')); before = definitions.cache_info().currsize;"
        "check({'apiVersion': 'v1', 'kind': 'ConfigMap'}); print(before, definitions.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]


def test_what_is_no_text_is_no_group() -> None:
    assert not applies_to({"apiVersion": 1, "kind": "ConfigMap"})
    assert check({"apiVersion": "v1", "kind": ["ConfigMap"]}) != []
