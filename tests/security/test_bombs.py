"""YAML and JSON that want memory, time or a crash, through every door that takes such text."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema_rs
import pytest

from portal.clusters import goyaml
from portal.core import documents
from portal.core.errors import InvalidInput
from services_catalog import schemas
from tests.api.conftest import Api
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.test_requests import FORM, TYPED

MOST_SECONDS = 20  # of this process; the worst of them took minutes before it was bounded

DOUBLING = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + number)}: &{chr(98 + number)} [*{chr(97 + number)}, *{chr(97 + number)}]\n"
    for number in range(24)
)
# what is refused, and by which words
YAML = {
    "aliases that double": (DOUBLING, "aliases are not accepted"),
    "an alias to itself": ("a: &a [*a]", "aliases are not accepted"),
    "a merge of an alias": ("a: &a {b: 1}\nc: {<<: *a}", "aliases are not accepted"),
    "deep lists": ("a: " + "[" * 100_000, "nested more than"),
    "deep mappings": ("a: " + "{b: " * 1000, "nested more than"),
    "deep indentation": ("\n".join(" " * depth + "a:" for depth in range(200)), "nested more than"),
    "deep keys": ("? " * 10_000, "nested more than"),
    "many values": ("a: [" + "1," * 120_000 + "]", "more than 100,000 values"),
    "ten megabytes": ("a: " + "x" * 10 * 1024 * 1024, "at most 1,048,576"),
    "a million digits": ("a: " + "9" * 1_000_000, "more than 100 digits"),
    "a million digits of base 16": ("a: 0x" + "f" * 1_000_000, "more than 100 digits"),
    "a million digits of base 2": ("a: 0b" + "1" * 1_000_000, "more than 100 digits"),
    "a long fraction": ("a: 1." + "1" * 1000, "more than 100 digits"),
    "infinity": ("a: .inf", "no number that can be kept"),
    "not a number": ("a: [.NaN]", "no number that can be kept"),
    "too large for a number": ("a: 1.0e+999", "no number that can be kept"),
    "the same key twice": ("a: 1\nb: 2\na: 3", "Line 3, column 1: the key 'a' stands twice"),
    "the same key twice inside": ("x: {b: 1, b: 2}", "stands twice"),
    "a number as key": ("x: {1: 2}", "Put it in quotes"),
    "a date as key": ("x: {2026-01-01: 2}", "Put it in quotes"),
    "nothing as key": ("x: {null: 2}", "Put it in quotes"),
    "a list as key": ("? [a]\n: b", "Put it in quotes"),
    "a program": ("a: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
    "a class": ("a: !!python/name:os.system", "could not determine a constructor"),
    "a module": ("!!python/module:os : 1", "Put it in quotes"),
    "bytes": ("a: !!binary aGk=", "could not determine a constructor"),
    "a set": ("a: !!set {x, y}", "could not determine a constructor"),
    "pairs": ("a: !!pairs [x: 1]", "could not determine a constructor"),
    "an ordered map": ("a: !!omap [x: 1]", "could not determine a constructor"),
    "a tag of its own": ("a: !secret x", "could not determine a constructor"),
    "a wrong boolean": ("a: !!bool x", "neither true nor false"),
    "a wrong number": ("a: !!int x", "not YAML"),
    "a list as number": ("a: !!int [1]", "for a plain value"),
    "a NUL": ('a: "\\0"', "NUL"),
    "half a character": ('a: "\\ud800"', "escape code"),
    "a control character": ("a: \x07", "control characters"),
    "two documents": ("a: 1\n---\nb: 2", "another document"),
    "another version": ("%YAML 9.9\n---\na: 1", "incompatible"),
    "open quotes": ("a: " + '"' * 100_001, "did not find"),
}


@contextmanager
def bounded(seconds: float = MOST_SECONDS) -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < seconds


@pytest.mark.parametrize("kind", YAML)
def test_yaml_is_refused_with_a_reason_in_bounded_time(kind: str) -> None:
    text, said = YAML[kind]
    with bounded(5), pytest.raises(InvalidInput) as refused:
        documents.load_mapping(text)
    assert said in refused.value.message
    assert len(refused.value.message) < 500


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12:30", "12:30"),
        ("1:" * 300_000 + "1", "1:" * 300_000 + "1"),  # a number of base 60: 94 s of multiplying
        ("1:" * 300_000 + "1.5", "1:" * 300_000 + "1.5"),
        ("2026-01-01", "2026-01-01"),
        ("2026-99-99 99:99:99", "2026-99-99 99:99:99"),
        ("!!timestamp x", "x"),
        ("0x1f", 31),
        ("1_000", 1000),
        ("-1.5e+3", -1500.0),
        ("9" * 100, int("9" * 100)),
        ("yes", True),
        ("~", None),
        ('"x\\ty"', "x\ty"),
    ],
)
def test_what_json_can_hold_means_what_it_means_to_helm(text: str, meant: Any) -> None:
    with bounded(5):
        found = documents.load_mapping(f"a: {text}")
    assert found == {"a": meant}
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("kind", YAML)
def test_manifests_are_read_in_bounded_time_or_not_at_all(kind: str) -> None:
    """As Kubernetes reads them: aliases are YAML there, so they are counted where they unfold."""
    with bounded():
        try:
            found = list(goyaml.load_all(YAML[kind][0][: documents.MAX_BYTES]))
        except goyaml.NotReadable:
            return
        json.dumps(found, allow_nan=False)


# -- through the doors: every case is an answer of ours, none a 500


@pytest.fixture
def typed(organisation: Organisation, signed_in: SignIn) -> Callable[[str], Any]:
    browser = signed_in(organisation.alice)
    data = {**TYPED, "view": "yaml", "ask": "yes"}
    return lambda text: browser.post(FORM, {**data, "yaml": text})


def test_the_yaml_view_of_a_request_explains_each(typed: Callable[[str], Any]) -> None:
    for kind, (text, _) in YAML.items():
        with bounded():
            answer = typed(text)
        assert answer.status_code in (200, 400, 422), kind
        if answer.status_code == 200:  # Django itself refuses a form of ten megabytes
            assert 'id="e-yaml"' in answer.content.decode(), kind


def test_the_playground_explains_each(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    for kind, (text, _) in YAML.items():
        with bounded():
            answer = browser.post("/policies/playground/", {"yaml": text, "environment": "dev"})
        assert answer.status_code in (200, 400, 413, 422), kind


def test_judging_pasted_text_over_the_api_explains_each(organisation: Organisation) -> None:
    api = Api(organisation.alice)
    for kind, (text, _) in YAML.items():
        with bounded():
            answer = api.post("policies/evaluate/", {"environment": "dev", "text": text})
        assert answer.status_code in (200, 413, 422), kind


JSON = {
    "deep": b'{"values":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep mappings": b'{"values":' + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}",
    "just too deep": b'{"values":' + b"[" * 70 + b"]" * 70 + b"}",
    "many values": b'{"values":[' + b"1," * 150_000 + b"1]}",
    "a million digits": b'{"values":' + b"9" * 1_000_000 + b"}",
    "a large exponent": b'{"values":1e999999999}',
    "not a number": b'{"values":NaN}',
    "a name twice": b'{"kind":"create","kind":"retire"}',
    "NUL": b'{"values":{"a":"\\u0000"}}',
    "half a character": b'{"values":{"a":"\\ud800"}}',
    "no UTF-8": b'{"values":"\xff"}',
    "another encoding": '{"values":1}'.encode("utf-16"),
    "two megabytes": b'{"values":"' + b"x" * 2 * 1024 * 1024 + b'"}',
    "no object": b"[1]",
    "cut off": b'{"values":',
    "a constant": b"null",
    "a proto": b'{"__proto__":{"is_staff":true},"constructor":1}',
}


@pytest.mark.parametrize("path", ["previews/", "changes/", "policies/evaluate/", "tokens/", "exceptions/"])
def test_json_is_refused_with_a_reason_in_bounded_time(organisation: Organisation, path: str) -> None:
    api = Api(organisation.alice)
    for kind, body in JSON.items():
        with bounded():
            answer = api.call("POST", path, body)
        assert answer.status_code in (400, 413, 422), kind
        assert answer["Content-Type"] == "application/problem+json", kind
        assert answer.json()["detail"], kind


@pytest.mark.parametrize("digits", [20, 5000])
@pytest.mark.parametrize(
    "path", ["changes/?page={}", "changes/?page_size={}", "changes/{}/", "audit/?page={}"]
)
def test_numbers_in_addresses_are_bounded(organisation: Organisation, path: str, digits: int) -> None:
    answer = Api(organisation.alice).get(path.format("9" * digits))
    assert 400 <= answer.status_code < 500


def test_numbers_in_fields_are_bounded(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    for number in ("9" * 5000, "1e999", "-" + "9" * 20, "٣", "0x10", "1_0", "NaN"):
        data = {**TYPED, "view": "all", "/replicas": number, "ask": "yes"}
        assert browser.post(FORM, data).status_code in (200, 422), number


# -- patterns of values schemas: the library's are the organisation's, what is matched is not


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 50_000 + "b"),
        ("(x+x+)+y", "x" * 50_000),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
        (r"^(a|aa)+\1$", "a" * 60 + "b"),
        ("^(?=(a+)+$)a", "a" * 5000 + "b"),
        ("(?<!x)(a+)+$", "a" * 5000 + "b"),
    ],
)
def test_a_pattern_that_could_backtrack_for_ever_is_bounded(pattern: str, text: str) -> None:
    with bounded(5):
        assert list(schemas.validator({"pattern": pattern}).iter_errors(text))


def test_a_schema_that_refers_to_itself_or_elsewhere_ends() -> None:
    looping = {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}
    with bounded(5):
        assert list(schemas.places(looping))
        list(schemas.validator(looping).iter_errors({}))
    for elsewhere in ("http://127.0.0.1:1/x.json", "file:///etc/passwd"):
        with pytest.raises((ValueError, jsonschema_rs.ReferencingError)):
            schemas.validator({"$ref": elsewhere})
