"""Label and field selectors: parsing as the API server does (with its complaints), and matching."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from portal.sandbox.objects import Object, dig
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import ApiError, bad_request

Matcher = Callable[[Object], bool]
_TOKEN = re.compile(r"\s*(?:(==|!=|=|!|,|\(|\)|<|>)|([^\s=!,()<>]+))")
_NAME = re.compile(r"^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)$")
_VALUE = re.compile(r"^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")
_LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation "
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
    "an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


@dataclass(frozen=True)
class Requirement:
    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: dict[str, str]) -> bool:
        present = self.key in labels
        value = labels.get(self.key, "")
        if self.operator == "in":
            return present and value in self.values
        if self.operator == "notin":
            return not present or value not in self.values
        if self.operator == "exists":
            return present
        if self.operator == "!":
            return not present
        return present and _compares(value, self.operator, self.values[0])


def _compares(value: str, operator: str, bound: str) -> bool:
    try:
        return int(value) > int(bound) if operator == ">" else int(value) < int(bound)
    except ValueError:
        return False


class _Parser:
    """Recursive descent over one selector, after k8s.io/apimachinery/pkg/labels."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def parse(self) -> list[Requirement]:
        if not self._tokens:
            return []
        found = []
        while True:
            found.append(self._requirement())
            symbol = self._next()
            if symbol == "":
                return found
            if symbol != ",":
                raise _unparsable(f"found '{symbol}', expected: ',' or 'end of string'")
            if self._peek() in ("", ","):
                raise _unparsable(f"found '{self._peek()}', expected: identifier after ','", bare=True)

    def _requirement(self) -> Requirement:
        negated = self._peek() == "!"
        if negated:
            self._next()
        key = self._next()
        if not key or key in _SYMBOLS:
            raise _unparsable(f"found '{key}', expected: !, identifier, or 'end of string'")
        _check_key(key)
        if negated:
            return Requirement(key, "!")
        operator = self._peek()
        if operator in ("", ","):
            return Requirement(key, "exists")
        return self._comparison(key, self._next())

    def _comparison(self, key: str, operator: str) -> Requirement:
        if operator in ("in", "notin"):
            values = self._values()
            for value in values:
                _check_value(key, value)
            return Requirement(key, operator, values)
        if operator in ("=", "==", "!="):
            value = self._exact()
            _check_value(key, value)
            return Requirement(key, "notin" if operator == "!=" else "in", (value,))
        if operator in ("<", ">"):
            value = self._exact()
            if not re.fullmatch(r"[+-]?\d+", value):
                raise _unparsable(
                    f"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the "
                    f"value must be an integer"
                )
            return Requirement(key, operator, (value,))
        raise _unparsable(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _exact(self) -> str:
        symbol = self._peek()
        if symbol in ("", ","):
            return ""
        if symbol in _SYMBOLS:
            raise _unparsable(f"found '{symbol}', expected: identifier")
        return self._next()

    def _values(self) -> tuple[str, ...]:
        symbol = self._next()
        if symbol != "(":
            raise _unparsable(f"found '{symbol}' expected: '('")
        values: list[str] = []
        expecting = True
        while True:
            symbol = self._next()
            if symbol == ")":
                return (*values, "") if expecting else tuple(values)
            if symbol == ",":
                if expecting:
                    values.append("")
                expecting = True
            elif symbol and symbol not in _SYMBOLS and expecting:
                values.append(symbol)
                expecting = False
            else:
                raise _unparsable(f"found '{symbol}', expected: ',', or identifier")

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        symbol = self._peek()
        self._at += 1
        return symbol


_SYMBOLS = {"==", "!=", "=", "!", ",", "(", ")", "<", ">"}


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unparsable(f"found '{text[at]}'")
        yield match.group(1) or match.group(2)
        at = match.end()


def _unparsable(why: str, *, bare: bool = False) -> ApiError:
    return bad_request(why if bare else f"unable to parse requirement: {why}")


def _check_key(key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if not _NAME.match(name) or len(name) > 63 or (slash and not prefix):
        raise _unparsable(f'<nil>: Invalid value: "{key}": {_KEY_RULE}')


def _check_value(key: str, value: str) -> None:
    if len(value) > 63:
        raise _unparsable(f'values[0][{key}]: Invalid value: "{value}": must be no more than 63 bytes')
    if not _VALUE.match(value):
        raise _unparsable(f'values[0][{key}]: Invalid value: "{value}": {_LABEL_RULE}')


def parse_labels(text: str) -> list[Requirement]:
    """The requirements of a `labelSelector`; raises BadRequest."""
    return _Parser(text).parse()


def match_labels(text: str) -> Matcher | None:
    """Whether an object's labels satisfy `text`; None when everything does."""
    requirements = parse_labels(text)
    if not requirements:
        return None

    def matches(obj: Object) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return all(requirement.matches(labels) for requirement in requirements)

    return matches


def text_of(selector: Object) -> str:
    """A LabelSelector object in the form that `labelSelector` takes."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or ():
        values = ",".join(sorted(each.get("values") or ()))
        parts.append(
            {
                "In": f"{each['key']} in ({values})",
                "NotIn": f"{each['key']} notin ({values})",
                "Exists": each["key"],
                "DoesNotExist": f"!{each['key']}",
            }[each["operator"]]
        )
    return ",".join(parts)


# the fields that each kind can be selected by, besides its name (and namespace)
_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    ("", "Event"): (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    ),
    ("events.k8s.io", "Event"): (
        "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "reason", "type",
        "reportingController",
    ),
    ("", "Namespace"): ("status.phase", "name"),
    ("", "Node"): ("spec.unschedulable",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP", "spec.type"),
    ("", "ReplicationController"): ("status.replicas",),
    ("apps", "ReplicaSet"): ("status.replicas",),
    ("batch", "Job"): ("status.successful",),
}  # fmt: skip
_TERM = re.compile(r"^\s*([^=!\s]+)\s*(==|!=|=)\s*(.*?)\s*$")


def match_fields(text: str, resource: Resource, selectable: tuple[str, ...] = ()) -> Matcher | None:
    """Whether an object's fields satisfy a `fieldSelector`; raises BadRequest for fields that cannot be
    selected."""
    terms = []
    for part in filter(str.strip, re.split(r"(?<!\\),", text)):
        match = _TERM.match(part)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = match.groups()
        _check_field(resource, field, selectable)
        terms.append((field, operator != "!=", re.sub(r"\\(.)", r"\1", value)))
    if not terms:
        return None

    def matches(obj: Object) -> bool:
        return all((_field(obj, field) == value) is wanted for field, wanted, value in terms)

    return matches


def _check_field(resource: Resource, field: str, selectable: tuple[str, ...]) -> None:
    named = ("metadata.name", "metadata.namespace") if resource.namespaced else ("metadata.name",)
    extra = _FIELDS.get((resource.group, resource.kind), ()) + selectable
    if field in named or field in extra:
        return
    if extra and not selectable:
        raise bad_request(f"field label not supported: {field}")
    known = '"metadata.name", "metadata.namespace"'
    raise bad_request(f'"{field}" is not a known field selector: only {known}')


def _field(obj: Object, field: str) -> str:
    if field == "name":
        field = "metadata.name"
    if field == "source":
        return str(dig(obj, "source", "component") or "")
    value: Any = dig(obj, *field.split("."))
    if value is None or value is False:
        return {"spec.unschedulable": "false", "spec.hostNetwork": "false"}.get(field, "")
    return "true" if value is True else str(value)
