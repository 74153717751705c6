"""What does not compile is refused in the API server's words: every mistake, with a caret under it."""

# ruff: noqa: E501  an expression and its message read best on one line

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy.cel.program import BOOL, STRING, Compiler, ExpressionInvalid

OPERANDS = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}"
)


def _refusal(source: str, *wanted: str, **options: bool) -> str:
    with pytest.raises(ExpressionInvalid) as caught:
        Compiler(("object", "request", "namespaceObject")).compile(source, wanted, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "column", "said"),
    [
        ("thing.x", 1, "undeclared reference to 'thing' (in container '')"),
        ("object.a.foo()", 13, "undeclared reference to 'foo' (in container '')"),
        ("params.x == 1", 1, "undeclared reference to 'params' (in container '')"),
        ("request.nme", 8, "undefined field 'nme'"),
        ("request.name.x", 13, "type 'string' does not support field selection"),
        ("namespaceObject.metadata.uid", 25, "undefined field 'uid'"),
        ("quantity('1').x", 14, "unexpected failed resolution of 'kubernetes.Quantity'"),
        ("1 + 'a'", 3, "found no matching overload for '_+_' applied to '(int, string)'"),
        ("'a'.size(1)", 9, "found no matching overload for 'size' applied to 'string.(int)'"),
        ("quantity('-1').sign()", 20, "found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'"),
        ("[1].all(x, x)", 12, "expected type 'bool' but found 'int'"),
        ("[1].filter(x, x)", 11, "found no matching overload for '_?_:_' applied to '(int, list(int), list(int))'"),
        ("'a'.all(x, true)", 1, "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)"),
        ("[1].all(x.y, true)", 10, "argument must be a simple name"),
        ("[1].map(1, true)", 9, "argument is not an identifier"),
        ("[1].all(x, x, true)", 12, "duplicate variable name: x"),
        ("has(object)", 5, "invalid argument to has() macro"),
        ("[1, 'a']", 5, "expected type 'int' but found 'string'"),
        ("[1, dyn(2)]", 8, "expected type 'int' but found 'dyn'"),
        ("{'a': 1, 'b': 'c'}", 15, "expected type 'int' but found 'string'"),
        ("object.x.matches('(')", 18, "invalid matches argument"),
        ("duration('1 hour') > duration('1s')", 10, "invalid duration argument"),
        ("timestamp('yesterday') > timestamp(0)", 11, "invalid timestamp argument"),
        ("'%d'.format(['a'])", 14, "error during formatting: decimal clause can only be used on integers, was given string"),
        ("'%s'.format([1, 2])", 12, "too many arguments supplied to string.format (expected 1, got 2)"),
        ("'%z'.format([1])", 12, 'could not parse formatting clause: unrecognized formatting clause "z"'),
        ("if == 1", 1, "reserved identifier: if"),
        ("object.`a`", 8, "unsupported syntax: '`'"),
        ("99999999999999999999", 1, "invalid int literal"),
        ("1 +", 4, f"Syntax error: mismatched input '<EOF>' expecting {OPERANDS}"),
        ("&& true", 1, f"Syntax error: extraneous input '&&' expecting {OPERANDS}"),
        ("(1 + 2", 7, "Syntax error: missing ')' at '<EOF>'"),
        ("[1, 2", 6, "Syntax error: mismatched input '<EOF>' expecting {']', ','}"),
        ("object.", 8, "Syntax error: no viable alternative at input '.'"),
        ("object.true", 8, "Syntax error: mismatched input 'true' expecting IDENTIFIER"),
        ("true false", 6, "Syntax error: extraneous input 'false' expecting <EOF>"),
        ("true and false", 6, "Syntax error: mismatched input 'and' expecting <EOF>"),
        ("true ? 1", 9, "Syntax error: mismatched input '<EOF>' expecting ':'"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_is(source: str, column: int, said: str) -> None:
    caret = "." * (column - 1) + "^"
    assert (
        _refusal(source) == f"compilation failed: ERROR: <input>:1:{column}: {said}\n | {source}\n | {caret}"
    )


def test_all_mistakes_are_shown_in_order() -> None:
    assert _refusal("a.b(1)\n  + c") == (
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'a' (in container '')\n | a.b(1)\n | ^\n"
        "ERROR: <input>:1:4: undeclared reference to 'b' (in container '')\n | a.b(1)\n | ...^\n"
        "ERROR: <input>:2:5: undeclared reference to 'c' (in container '')\n |   + c\n | ....^"
    )


@pytest.mark.parametrize(
    "name",
    ["cel", "base64", "math", "image", "regex", "proto", "slipway_t1"],
)
def test_libraries_that_kubernetes_136_does_not_have_are_unknown(name: str) -> None:
    assert f"undeclared reference to '{name}'" in _refusal(f"{name}.bind('x', 1, true)")


@pytest.mark.parametrize("name", ["image", "jsonpatch", "isImage", "mandatory"])
def test_functions_that_kubernetes_136_does_not_have_are_unknown(name: str) -> None:
    assert f"undeclared reference to '{name}'" in _refusal(f"{name}('x') == ''")


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("1", "int"),
        ("object.x", "dyn"),
        ("[]", "list(dyn)"),
        ("[[], [1]]", "list(list(int))"),
        ("{'a': [1.5]}", "map(string, list(double))"),
        ("object.?x", "optional_type(dyn)"),
        ("null", "null_type"),
        ("timestamp(0)", "google.protobuf.Timestamp"),
        ("quantity('1')", "kubernetes.Quantity"),
        ("type(1)", "type(int)"),
        ("true ? 1 : dyn(2)", "dyn"),
        ("[1, 2].transformMap(i, v, string(v))", "map(int, string)"),
        ("request.userInfo.extra", "map(string, list(string))"),
        ("request.options", "dyn"),
    ],
)
def test_an_expression_must_be_of_the_wanted_type(source: str, kind: str) -> None:
    assert _refusal(source, BOOL) == f"must evaluate to bool but got {kind}"


def test_wanted_types_are_listed() -> None:
    assert _refusal("1", STRING, "null_type") == "must evaluate to one of [string null_type] but got int"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("int('a')", "type conversion error from 'string' to 'int'"),
        ("uint(-1)", "unsigned integer overflow"),
        ("'a'.find('(')", "error parsing regexp: missing closing ): `(`"),
        ("{1: 2}[b'']", ""),
    ],
)
def test_constants_are_evaluated_when_a_policy_is_stored(source: str, said: str) -> None:
    assert _refusal(source).endswith(said)


@pytest.mark.parametrize(
    "source",
    ["(" * 260 + "true" + ")" * 260, "[" * 400 + "]" * 400, "object" + ".a" * 300, " + ".join(["1"] * 5000)],
)
def test_what_nests_too_deeply_is_refused(source: str) -> None:
    assert "recursion" in (said := _refusal(source)) or "nested too deeply" in said


def test_authorizer_and_variables_are_known_where_the_api_server_knows_them() -> None:
    compiler = Compiler(("object",))
    checked = "authorizer.group('').resource('pods').check('get').allowed()"
    assert compiler.compile(checked, (BOOL,)).cluster_only
    assert compiler.compile("authorizer.requestResource.check('get').allowed()", (BOOL,)).cluster_only
    assert "undeclared reference to 'authorizer'" in _refusal(checked, authorizer=False)
    assert "undeclared reference to 'variables'" in _refusal("variables.x == 1")
    compiler.add_variable("may", checked)
    assert compiler.compile("variables.may", (BOOL,)).cluster_only
    assert not compiler.compile("[1].all(authorizer, authorizer == 1)", (BOOL,)).cluster_only


PIECES = st.lists(
    st.sampled_from(
        [
            "object",
            ".",
            "a",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "'x'",
            "1",
            "-",
            "!",
            "?",
            ":",
            ",",
            "&&",
            "||",
            "==",
            "in",
            "has(",
            ".all(",
            "x",
            "true",
            "null",
            "b'",
            '"',
            "\\",
            "+",
            "é",
            "1.5e",
            "r'",
            "//",
            "`",
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(PIECES | st.text(max_size=30))
def test_no_text_breaks_the_compiler(source: str) -> None:
    compiler = Compiler(("object",))
    with contextlib.suppress(ExpressionInvalid):
        compiler.compile(source, ())
    # whatever came before, the next one compiles
    assert compiler.compile("object.a == 1", (BOOL,)).source
