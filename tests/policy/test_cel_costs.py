"""Expressions cost what they cost the API server, and what costs too much ends soon, refused in its words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from portal.policy.cel.program import ANY, OUT_OF_BUDGET, Compiler, Failure, activation
from tests.policy.scenes import bundle_of, config_map, judge

EXCEEDED = "operation cancelled: actual cost limit exceeded"
OBJECT = {"a": {"b": "c", "l": [1, 2, 3]}, "s": "x" * 95}


def _cost(source: str, **variables: str) -> int:
    compiler = Compiler(("object",))
    for name, expression in variables.items():
        compiler.add_variable(name, expression)
    bound = activation({"object": OBJECT})
    bound.begin()
    assert not isinstance(compiler.compile(source, ANY).evaluate(bound), Failure)
    return bound.spent


@pytest.mark.parametrize(
    ("source", "cost"),
    [
        ("true", 0),
        ("object.a.b", 3),
        ("has(object.a.b)", 2),
        ("object.a.?b.?zz", 3),
        ("object.a.b == 'c'", 4),
        ("object.a.b in ['c', 'd']", 3),
        ("1 + 2", 1),
        ("[object.a.b]", 13),
        ("object.s.contains('xxxxxxxxxxx')", 22),
        ("object.s.startsWith('x')", 12),
        ("object.s.matches('^x+$')", 12),
        ("object.s + object.s", 5),
        ("string(object.s) + 'x'", 13),
        ("object.s.lowerAscii()", 12),
        ("quantity('100').add(quantity('1'))", 3),
        ("[1, 2, 3].exists(x, x == 1)", 10),
        ("[0].exists(x, x == 0)", 7),
        ("[1, 2, 3].all(x, x > 0)", 16),
        ("[1, 2, 3].map(x, x * 2)", 43),
        ("[1, 2, 3].filter(x, x > 1)", 33),
        ("lists.range(3)", 14),
        ("[3, 1, 2].sort()", 29),
        ("object.a.l.exists_one(x, x == 2)", 13),
    ],
)
def test_the_cost_is_the_api_servers(source: str, cost: int) -> None:
    assert _cost(source) == cost


def test_a_variable_is_evaluated_and_counted_once() -> None:
    assert _cost("variables.x == 'c' && variables.x != ''", x="object.a.b") == 3 + 2 + 1 + 2 + 1


@pytest.mark.parametrize(
    "source",
    ["lists.range(100000).all(x, x >= 0)", "lists.range(70000).map(x, x).size() == 70000"],
)
def test_what_the_api_server_can_afford_is_allowed(source: str) -> None:
    bound = activation({})
    assert Compiler(()).compile(source, ANY).evaluate(bound) is True


ENDLESS: list[tuple[str, dict[str, str]]] = [
    ("lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))", {}),
    ("lists.range(1000).map(x, lists.range(1000).map(y, x * y)).size() > 0", {}),
    ("lists.range(300000).all(i, object == object)", {}),
    ("lists.range(100).all(i, object.data.big.findAll('x').size() > 0)", {}),
    ("lists.range(1000).all(i, !object.data.big.matches('(x+x+)+y'))", {}),
    ("lists.range(1000).all(i, object.data.big.matches('(a|x|xx)*$'))", {}),
    ("lists.range(20000).map(x, dyn(x)).distinct().size() > 0", {}),
    ("lists.range(1000000000).size() > 0", {}),
    ("'%.99999999f'.format([1.0]) != ''", {}),
    ("variables.v40.size() > 0", {"v0": "[1]"}),
    ("variables.v40.size() > 0", {"v0": "object.data.big"}),
]


@pytest.mark.parametrize(("source", "first"), ENDLESS)
def test_an_endless_expression_ends_soon_and_denies(source: str, first: dict[str, str]) -> None:
    variables: list[dict[str, Any]] = [{"name": name, "expression": text} for name, text in first.items()]
    if first:
        variables += [
            {"name": f"v{n}", "expression": f"variables.v{n - 1} + variables.v{n - 1}"} for n in range(1, 41)
        ]
    bundle = bundle_of(source, variables=variables)
    many = {f"k{n}": "v" for n in range(5000)}
    start = time.thread_time()
    (verdict,) = judge(bundle, config_map(big="x" * 500_000, **many)).verdicts
    assert time.thread_time() - start < 3
    assert verdict.outcome == "error"
    assert any(said in verdict.message for said in (EXCEEDED, OUT_OF_BUDGET, "operation interrupted"))


def test_validations_share_a_budget() -> None:
    costly = "lists.range(120000).all(x, x >= 0)"
    bundle = bundle_of(*[costly] * 20)
    (verdict,) = judge(bundle, config_map()).verdicts
    assert (verdict.outcome, verdict.message) == ("error", OUT_OF_BUDGET)


def test_a_costly_message_falls_back_to_the_plain_one() -> None:
    worded = "lists.range(1000).all(x, lists.range(1000).all(y, true)) ? 'a' : 'b'"
    bundle = bundle_of({"expression": "false", "message": "No.", "messageExpression": worded})
    assert judge(bundle, config_map()).verdicts[0].message == "No."


def test_variables_nest_as_deeply_as_they_like_or_fail() -> None:
    variables = [{"name": "v0", "expression": "true"}]
    variables += [{"name": f"v{n}", "expression": f"variables.v{n - 1} && true"} for n in range(1, 2000)]
    (verdict,) = judge(bundle_of("variables.v1999", variables=variables), config_map()).verdicts
    assert verdict.outcome == "error"
    assert "nested too deeply" in verdict.message
