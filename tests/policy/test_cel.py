"""Kubernetes' CEL: its libraries, its macros and the words of its errors."""
# ruff: noqa: E501  an expression reads best on one line

from __future__ import annotations

from typing import Any

import pytest

from portal.policy.cel.program import BOOL, Compiler, ExpressionInvalid, Failure, activation

OBJECT = {
    "n": 3,
    "f": 2.5,
    "s": "hello",
    "list": ["a", "b", "c"],
    "numbers": [40, 60],
    "map": {"x": 1, "y": 2},
    "nothing": None,
    "big": "1500m",
    "url": "https://user@a.example.com:8443/a%20b?q=1&q=2&r=",
    "ip": "10.1.2.3",
    "yes": True,
}


def _value(expression: str) -> Any:
    program = Compiler(("object", "request", "namespaceObject")).compile(expression, ())
    return program.evaluate(activation({"object": OBJECT}))


@pytest.mark.parametrize(
    "expression",
    [
        # strings
        "object.s.indexOf('l') == 2 && object.s.lastIndexOf('l') == 3 && object.s.indexOf('z') == -1",
        "object.s.indexOf('l', 3) == 3 && object.s.lastIndexOf('l', 2) == 2",
        "'%s has %d of %.1f'.format([object.s, object.n, object.f]) == 'hello has 3 of 2.5'",
        "object.s.upperAscii() == 'HELLO' && ' x '.trim() == 'x' && 'a,b'.split(',').join('-') == 'a-b'",
        "object.s.find('l+') == 'll' && object.s.find('z') == '' && object.s.findAll('[el]').size() == 3",
        "object.s.findAll('[el]', 2) == ['e', 'l']",
        "string(object.n) == '3' && string(true) == 'true' && string(1.5) == '1.5'",
        # lists
        "object.numbers.sum() == 100 && object.numbers.max() == 60 && object.numbers.min() == 40",
        "object.list.isSorted() && ![3, 1].isSorted() && [].isSorted()",
        "object.list.indexOf('b') == 1 && object.list.lastIndexOf('z') == -1 && [1, 2, 1].lastIndexOf(1) == 2",
        "['b', 'a'].max() == 'b' && [1.5, 0.5].sum() == 2.0",
        # sets
        "sets.contains(object.list, ['a', 'c']) && !sets.contains(object.list, ['z'])",
        "sets.equivalent(['a', 'b', 'b'], ['b', 'a']) && sets.intersects(object.list, ['c', 'z'])",
        "!sets.contains([dyn(true)], [dyn(1)]) && sets.contains([dyn(1)], [dyn(1.0)])",
        # quantities
        "quantity(object.big).add(quantity('500m')) == quantity('2')",
        "quantity('1Gi').compareTo(quantity('1024Mi')) == 0 && quantity('1k').isLessThan(quantity('1Ki'))",
        "sign(quantity('-1')) == -1 && quantity('50k').asInteger() == 50000 && !quantity('1.5').isInteger()",
        "quantity(object.big).asApproximateFloat() == 1.5 && quantity('5').sub(2) == quantity('3')",
        "isQuantity('1Ei') && !isQuantity('1.2.3') && !isQuantity('10 Mi') && isQuantity('1e3')",
        # urls
        "url(object.url).getScheme() == 'https' && url(object.url).getHost() == 'a.example.com:8443'",
        "url(object.url).getHostname() == 'a.example.com' && url(object.url).getPort() == '8443'",
        "url(object.url).getEscapedPath() == '/a%20b' && url(object.url).getQuery() == {'q': ['1', '2'], 'r': ['']}",
        "url('https://[::1]:80/').getHostname() == '::1' && url('/path').getHost() == ''",
        "isURL('/abs') && !isURL('../rel') && isURL('a:b') && !isURL('') && !isURL('https://a b/')",
        # addresses
        "ip(object.ip).family() == 4 && ip('::1').isLoopback() && string(ip('::0:1')) == '::1'",
        "ip.isCanonical('::1') && !ip.isCanonical('::0:1') && !isIP('10.1') && !isIP('::ffff:1.2.3.4')",
        "ip('10.0.0.1').isGlobalUnicast() && ip('169.254.1.1').isLinkLocalUnicast() && ip('0.0.0.0').isUnspecified()",
        "cidr('10.0.0.0/8').containsIP(object.ip) && cidr('10.0.0.0/8').containsIP(ip('10.9.9.9'))",
        "!cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8') && cidr('10.0.0.0/8').containsCIDR(cidr('10.2.0.0/16'))",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.0.0.0/8').ip() == ip('10.0.0.0')",
        "string(cidr('10.0.0.0/8')) == '10.0.0.0/8' && cidr('::/0').prefixLength() == 0 && !isCIDR('10.0.0.0/33')",
        # semver
        "semver('1.2.3').major() == 1 && semver('1.2.3').isLessThan(semver('1.10.0'))",
        "semver('1.0.0-rc.1').isLessThan(semver('1.0.0')) && semver('1.0.0-2').isLessThan(semver('1.0.0-10'))",
        "isSemver('1.2.3') && !isSemver('v1.2') && isSemver('v1.2', true) && semver('v01.2', true).minor() == 2",
        # formats
        "!format.named('dns1123Label').value().validate('fine').hasValue()",
        "format.dns1123Subdomain().validate('A.b').value().size() == 1 && !format.named('nope').hasValue()",
        "format.qualifiedName().validate('example.com/a').hasValue() == false",
        "format.uuid().validate('x').hasValue() && !format.date().validate('2026-01-31').hasValue()",
        # images
        # optionals
        "object.?zz.?y.orValue('d') == 'd' && object.list[?9].orValue('z') == 'z'",
        "object.?n.optMap(x, x * 2).orValue(0) == 6 && !optional.none().hasValue()",
        "{?'a': object.?s, ?'b': dyn(object).?zz}.size() == 1",
        # comprehensions with two variables
        "object.map.all(k, v, v > 0 && k != '') && object.list.exists(i, v, i == 1 && v == 'b')",
        "object.list.transformList(i, v, i > 0, v) == ['b', 'c'] && object.map.existsOne(k, v, v == 2)",
        "object.map.transformMap(k, v, v + 1) == {'x': 2, 'y': 3}",
        "object.map.transformMap(k, v, v > 1, v) == {'y': 2}",
        "object.map.transformMapEntry(k, v, {string(v): k}) == {'1': 'x', '2': 'y'}",
        "object.list.all(i, v, object.list.exists(j, w, i == j && v == w))",
        # names that shadow
        "[1, 2].all(object, object > 0) && ['a'].map(variables, variables + 'b') == ['ab']",
        # numbers
        "object.n < 3.5 && object.n == 3.0 && object.n in [1, 3] && 1u == dyn(1)",
        "has(object.nothing) && object.nothing == null && !has(object.zz)",
        # text that looks like code
        "'variables.x' == \"variables.x\" && r'\\d' == '\\\\d' && 'it''s' != ''",
        "'// no comment' != '' // a comment: variables.x",
    ],
)
def test_expression_holds(expression: str) -> None:
    if "it''s" in expression:
        expression = expression.replace("'it''s'", "'''it's'''")
    assert _value(expression) is True


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("object.zz", "no such key: zz"),
        ("object.map['zz']", "no such key: zz"),
        ("object.list[7]", "index out of bounds: 7"),
        ("object.n / 0", "division by zero"),
        ("object.n % 0", "modulus by zero"),
        ("int(object.s)", "type conversion error from 'string' to 'int'"),
        ("object.s + object.n", "no such overload"),
        ("9223372036854775807 + object.n", "integer overflow"),
        ("quantity('1x')", "quantities must match the regular expression"),
        ("quantity(object.s)", "quantities must match the regular expression"),
        ("ip(object.s)", "parse error during conversion from string"),
        ("url(object.s)", "URL parse error during conversion from string"),
        ("[].max()", "max called on empty list"),
        ("quantity('1.5').asInteger()", "cannot convert value to integer"),
        ("object.s.find(object.s + '(')", "missing closing )"),
        ("semver(object.s)", "No Major.Minor.Patch elements found"),
        ("object.numbers.transformMapEntry(i, v, {'same': v})", "already exists"),
        ("quantity('1').isLessThan(dyn(ip('10.0.0.1')))", "no such overload"),
    ],
)
def test_errors_speak_the_api_servers_words(expression: str, said: str) -> None:
    value = _value(f"dyn({expression})")
    assert isinstance(value, Failure)
    assert said in value.message


def test_a_failed_variable_is_named() -> None:
    compiler = Compiler(("object",))
    compiler.add_variable("boom", "object.missing")
    compiler.add_variable("outer", "variables.boom + 'x'")
    bound = activation({"object": OBJECT})
    direct = compiler.compile("variables.boom == ''", (BOOL,)).evaluate(bound)
    assert direct == Failure('composited variable "boom" fails to evaluate: no such key: missing')
    nested = compiler.compile("variables.outer == ''", (BOOL,)).evaluate(bound)
    assert isinstance(nested, Failure)
    assert nested.message.startswith('composited variable "outer" fails to evaluate')
    assert compiler.compile("true || variables.boom == ''", (BOOL,)).evaluate(bound) is True


@pytest.mark.parametrize(
    "expression",
    [
        "!has(object.s.x) && !has(object.n.x) && !has(object.nothing.x)",
        "object.s.?x.orValue('d') == 'd' && object.?s.?x.?y.orValue('d') == 'd'",
        "object.nothing.?x.?y.orValue('d') == 'd' && !object.?n.?x.hasValue()",
        "object.list.orValue([]) == ['a', 'b', 'c'] && object.map.?x.orValue(0) == 1",
    ],
)
def test_what_has_no_fields_has_none_as_in_cel_go(expression: str) -> None:
    assert _value(expression) is True


def test_leniency_reaches_into_variables() -> None:
    compiler = Compiler(("object",))
    compiler.add_variable("inner", "object.s.?x.orValue('d')")
    assert (
        compiler.compile("variables.inner == 'd'", (BOOL,)).evaluate(activation({"object": OBJECT})) is True
    )


def test_variables_are_lazy_and_carry_every_type() -> None:
    compiler = Compiler(("object",))
    compiler.add_variable("optional", "object.?zz")
    compiler.add_variable("amount", "quantity(object.big)")
    compiler.add_variable("texts", "object.list.map(x, x + '!')")
    expression = "!variables.optional.hasValue() && variables.amount.isGreaterThan(quantity('1'))"
    expression += " && variables.texts[0] == 'a!' && has(variables.texts) && variables.?texts.hasValue()"
    assert compiler.compile(expression, (BOOL,)).evaluate(activation({"object": OBJECT})) is True


def test_a_backtracking_pattern_costs_nothing() -> None:
    compiler = Compiler(("object",))
    program = compiler.compile("object.s.find('(a+)+$') == ''", (BOOL,))
    assert program.evaluate(activation({"object": {"s": "a" * 50_000 + "b"}})) is True


def test_types_that_do_not_fit_are_found_before_anything_runs() -> None:
    with pytest.raises(ExpressionInvalid, match="must evaluate to bool but got int"):
        Compiler(("object",)).compile("1 + 1", (BOOL,))
