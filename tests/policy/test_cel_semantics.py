"""How values behave: numbers, missing things, optionals, loops that fail, and what documents cannot hold."""
# ruff: noqa: E501  an expression reads best on one line

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy import AdmissionRequest
from portal.policy.cel.program import ANY, Compiler, Failure, activation
from tests.policy.scenes import ALICE, bundle_of, config_map, judge, namespace

OBJECT: dict[str, Any] = {
    "i": 3,
    "f": 2.5,
    "s": "abc",
    "t": True,
    "n": None,
    "l": [1, 2, 3],
    "m": {"a": 1},
    "e": [],
    "big": 9007199254740993,
    "maps": [{"name": "a", "v": 1}, {"name": "b"}],
}


def _value(source: str) -> Any:
    return Compiler(("object",)).compile(source, ANY).evaluate(activation({"object": OBJECT}))


@pytest.mark.parametrize(
    "source",
    [
        # numbers of different kinds are one line, booleans are none of them
        "1 == dyn(1.0) && dyn(1u) == dyn(1) && !(dyn(true) == dyn(1)) && !(true in [dyn(1)])",
        "object.big > 9007199254740991.0 && dyn(9223372036854775807) == dyn(9223372036854775808.0)",
        "7 / -2 == -3 && -7 % 3 == -1 && 1.0 / 0.0 > 1e300 && 5u - 2u == 3u",
        "{1: 'a'}[dyn(1.0)] == 'a' && object.l[dyn(1.0)] == 2 && !(dyn(true) in {1: 2}) && {true: 1}[true] == 1",
        "string(1e6) == '1e+06' && string(100000.0) == '100000' && string(0.1) == '0.1' && string(1u) == '1'",
        "int(2.9) == 2 && int(-2.9) == -2 && double('1e3') == 1000.0 && int('-5') == -5 && bool('t')",
        "string(duration('90m')) == '5400s' && string(timestamp(0)) == '1970-01-01T00:00:00Z'",
        "timestamp('2024-02-29T12:00:00+02:00').getHours() == 10 && duration('-1.5h').getMinutes() == -90",
        "timestamp('2024-02-29T12:00:00Z').getDayOfYear() == 59 && timestamp(0).getFullYear('-01:00') == 1969",
        # text counts characters, and functions on it follow Go
        "'tést'.size() == 4 && 'tést'.substring(1, 2) == 'é' && 'a,b,c'.split(',', 2) == ['a', 'b,c']",
        "'abc'.indexOf('') == 0 && 'abc'.lastIndexOf('') == 3 && 'abc'.indexOf('c', 9) == -1 && ' x '.trim() == 'x'",
        "'%s|%d|%.2f|%b|%x|%o|%s'.format(['a', 7, 1.005, 5, 255, 8, [1.5, null]]) == 'a|7|1.00|101|ff|10|[1.500000, null]'",
        "'%e'.format([1234.5]) == '1.234500×10⁰³' && '%.0f'.format([1234567.0]) == '1,234,567'",
        # optionals are contagious along a chain
        "object.?m.a.orValue(0) == 1 && object.?zz.a.orValue(0) == 0 && !has(object.?zz.a)",
        "object.maps[?1].?v.orValue(7) == 7 && object.maps.first().name.orValue('') == 'a'",
        "optional.of(1).or(optional.of(2)) == optional.of(1) && optional.none().orValue(3) == 3 && object.i.orValue(4) == 3",
        "[?optional.none(), ?optional.of(1)] == [1] && {?'a': optional.none()} == {} && optional.of(0) != optional.none()",
        "object.?i.optMap(x, x + 1).value() == 4 && !object.?zz.optMap(x, x + 1).hasValue()",
        "[optional.of(1), optional.none()].unwrapOpt() == [1] && !optional.ofNonZeroValue('').hasValue()",
        # one variable or two
        "object.m.transformMap(k, v, v * 2) == {'a': 2} && object.l.transformList(i, v, i > 0, v) == [2, 3]",
        "object.l.all(i, v, v == i + 1) && object.m.exists(k, v, k == 'a' && v == 1) && object.l.existsOne(i, v, v == 2)",
        "object.l.sortBy(x, -x) == [3, 2, 1] && [[1], [2, 3]].flatten() == [1, 2, 3] && object.l.slice(1, 2) == [2]",
        # what a failing round leaves is made up for by one that decides
        "['zz', 'i'].exists(x, object[x] == 3) && !['zz', 'i'].all(x, object[x] == 4)",
        "object.zz == 1 || true && !(object.zz == 1 && false)",
        "(object.i > 5 ? object.zz : object.s) == 'abc'",
        # Kubernetes' own
        "quantity('1Gi') == quantity('1024Mi') && sign(quantity('-1')) == -1 && quantity('1').add(2).asInteger() == 3",
        "isURL('mailto:a') && url('mailto:a').getHost() == '' && url('https://[::1]:8/x?a=1').getPort() == '8'",
        "semver('v1.2', true) == semver('1.2.0') && semver('1.0.0-alpha.1').isLessThan(semver('1.0.0')) && !isSemver('1.2')",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && !isCIDR('::ffff:1.2.3.4/96') && !isIP('fe80::1%eth0')",
        "format.dns1123Label().validate('a-b') == optional.none() && format.named('date').value().validate('x').hasValue()",
        "sets.equivalent([1, 2, 1], [2, 1]) && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && type(ip('1.1.1.1')) == net.IP",
        "['b', 'a'].sort() == ['a', 'b'] && [1, 2].sum() == 3 && [].sum() == 0 && lists.range(2) == [0, 1] && [1, 2, 1].distinct() == [1, 2]",
    ],
)  # fmt: skip
def test_expression_holds(source: str) -> None:
    assert _value(source) is True


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("object.n.x", "no such key: x"),
        ("object.l.x", "unsupported index type 'string' in list"),
        ("object.l[1.5]", "unsupported index value 1.5 in list"),
        ("object.l[-1]", "index out of bounds: -1"),
        ("object.m[1]", "no such key: 1"),
        ("object.i ? 1 : 2", "no such overload"),
        ("object.i && true", "no such overload"),
        ("object.n + 1", "no such overload: _+_"),
        ("object.i < object.s", "no such overload"),
        ("object.n < 1", "no such overload: _<_"),
        ("object.i.map(x, x)", "got 'types.Int', expected iterable type"),
        ("object.s.all(x, true)", "got 'types.String', expected iterable type"),
        ("object.i.lowerAscii()", "no such overload: lowerAscii(int)"),
        ("object.i.size()", "no such overload: size"),
        ("object.m.check('get').allowed()", "no such overload: check(map, string)"),
        ("object.l.join(',')", "no such overload: join(list, string)"),
        ("string(object.l)", "no such overload: string(list)"),
        ("string(object.m[?'a'].orValue('x'))", "no such overload: string(int)"),
        ("int(object.m[?'a'].orValue('x'))", "no such overload: int(int)"),
        ("['a', 'b'].filter(x, object[x] > 1)", "no such key: b"),
        ("['a', 'b'].map(x, object[x])", "no such key: a"),
        ("optional.none().value()", "optional.none() dereference"),
        ("-9223372036854775808 - object.i", "integer overflow"),
        ("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1"),
        ("'abc'.charAt(4)", "index out of range: 4"),
        ("object.l.slice(1, 7)", "cannot slice(1, 7), list is length 3"),
        ("timestamp(object.s)", "type conversion error from 'string' to 'google.protobuf.Timestamp'"),
        ("timestamp(0).getHours('Nowhere')", "unknown time zone Nowhere"),
        ("ip('10.0.0.256')", 'IP Address "10.0.0.256" parse error during conversion from string: ParseAddr("10.0.0.256"): IPv4 field has value >255'),
        ("object.l.transformMap(i, v, v).transformMapEntry(k, v, {'x': v})", "insert failed: key x already exists"),
    ],
)  # fmt: skip
def test_failures_are_said_in_the_api_servers_words(source: str, said: str) -> None:
    assert _value(source) == Failure(said)


ODD: list[Any] = [
    float("nan"),
    float("inf"),
    2**63,
    -(2**70),
    b"bytes",
    datetime.date(2024, 1, 1),
    {1: "number"},
    {True: "boolean"},
    {None: "null"},
    "\ud800",
    ("a", "tuple"),
    {"a", "set"},
    object(),
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_what_no_document_can_hold_is_refused(value: Any) -> None:
    bundle = bundle_of("true")
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": value}}
    assert judge(bundle, document).allowed is False
    request = AdmissionRequest(
        *("CREATE", "", "v1", "configmaps", "ConfigMap", "x", "shop"),
        *(document, None, ALICE, namespace()),
    )
    answer = bundle.admit(request)
    assert (answer.allowed, answer.code) == (False, 400)


def test_depth_without_end_is_refused() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    assert judge(bundle_of("true"), {**config_map(), "data": deep}).allowed is False


def test_a_text_of_ten_megabytes_is_no_matter() -> None:
    (verdict,) = judge(bundle_of("object.data.a.size() == 10000000"), config_map(a="x" * 10_000_000)).verdicts
    assert verdict.outcome == "pass"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
SOURCES = (
    *("object.a.b", "object.a[0]", "object.?a.?b.orValue(1)", "has(object.a.b)", "object.a + object.b"),
    *("object.a.all(x, x == object.b)", "object.a.map(x, x.a)", "size(object.a)", "string(object.a)"),
    *("object.a < object.b", "object.a in object.b", "object.a.contains(object.b)", "object == object.a"),
    *("object.a ? 1 : 2", "object.a && object.b", "-object.a", "object.a.sort()", "object.a.sum()", "int(object.a)"),
    *("quantity(object.a)", "'%s'.format([object.a])", "object.a.flatten()", "timestamp(object.a)", "object.a.max()"),
    *("object.a.transformMap(k, v, v)", "object.a.split(object.b)", "object.a.matches(object.b)", "url(object.a)"),
    *("ip(object.a)", "cidr(object.a)", "semver(object.a)", "{object.a: 1}", "[?object.a]", "object.a.orValue(1)"),
)  # fmt: skip
PROGRAMS = [Compiler(("object",)).compile(source, ANY) for source in SOURCES]


@settings(max_examples=300, deadline=None)
@given(JSON, JSON, st.sampled_from(PROGRAMS))
def test_no_value_breaks_an_expression(left: Any, right: Any, program: Any) -> None:
    value = program.evaluate(activation({"object": {"a": left, "b": right}}))
    # an error of ours would begin with its Python name
    assert not (isinstance(value, Failure) and value.message.split(":")[0].endswith("Error"))
