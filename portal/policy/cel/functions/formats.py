"""`format.…` (apiserver/pkg/cel/library/format.go): Kubernetes' named formats and their complaints."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from datetime import date, datetime
from urllib.parse import urlsplit

from portal.policy.cel.functions.registry import IMPLEMENTATIONS, define
from portal.policy.cel.values import NONE, Opaque, Optional

Check = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
ENDS = "and must start and end with an alphanumeric character"
LABEL_MESSAGE = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {ENDS}"
)
SUBDOMAIN_MESSAGE = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {ENDS}"
)
DNS1035_MESSAGE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character"
)
QUALIFIED_MESSAGE = f"must consist of alphanumeric characters, '-', '_' or '.', {ENDS}"
VALUE_MESSAGE = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {ENDS}"
)


def _too_long(text: str, limit: int) -> list[str]:
    return [f"must be no more than {limit} bytes"] if len(text.encode()) > limit else []


def _regex_message(message: str, pattern: str, *examples: str) -> str:
    """As apimachinery's validation.RegexError says it, odd spacing included."""
    said = "".join(f"{' or ' if i else ''}'{example}', " for i, example in enumerate(examples))
    return f"{message} (e.g. {said}regex used for validation is '{pattern}')"


def _matching(pattern: str, limit: int, message: str, *examples: str) -> Check:
    compiled = re.compile(pattern)

    def check(text: str) -> list[str]:
        problems = _too_long(text, limit)
        if not compiled.fullmatch(text):
            problems.append(_regex_message(message, pattern, *examples))
        return problems

    return check


_check_label = _matching(_LABEL, 63, LABEL_MESSAGE, "my-name", "123-abc")
_check_subdomain = _matching(rf"{_LABEL}(\.{_LABEL})*", 253, SUBDOMAIN_MESSAGE, "example.com")
_check_dns1035 = _matching(_DNS1035, 63, DNS1035_MESSAGE, "my-name", "abc-123")
_check_value = _matching(f"({_QUALIFIED})?", 63, VALUE_MESSAGE, "MyValue", "my_value", "12345")


def _check_qualified(text: str) -> list[str]:
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        said = _regex_message(QUALIFIED_MESSAGE, _QUALIFIED, "MyName", "my.name", "123-abc")
        return [
            f"a qualified name {said} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        ]
    problems = []
    if slash and not prefix:
        problems.append("prefix part must be non-empty")
    elif slash:
        problems += [f"prefix part {problem}" for problem in _check_subdomain(prefix)]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not re.fullmatch(_QUALIFIED, name):
        said = _regex_message(QUALIFIED_MESSAGE, _QUALIFIED, "MyName", "my.name", "123-abc")
        problems.append(f"name part {said}")
    return problems


def _prefixed(check: Check) -> Check:
    """A name prefix may end with a dash: what follows makes it whole."""
    return lambda text: check(text[:-1] + "a" if text.endswith("-") else text)


def _check_uri(text: str) -> list[str]:
    try:
        parts = urlsplit(text)
    except ValueError as exc:
        return [str(exc)]
    return [] if parts.scheme or text.startswith("/") else [f'parse "{text}": invalid URI for request']


def _parsing(parse: Callable[[str], object], problem: str) -> Check:
    def check(text: str) -> list[str]:
        try:
            parse(text)
        except (ValueError, binascii.Error):
            return [problem]
        return []

    return check


CHECKS: dict[str, Check] = {
    "dns1123Label": _check_label,
    "dns1123Subdomain": _check_subdomain,
    "dns1035Label": _check_dns1035,
    "qualifiedName": _check_qualified,
    "dns1123LabelPrefix": _prefixed(_check_label),
    "dns1123SubdomainPrefix": _prefixed(_check_subdomain),
    "dns1035LabelPrefix": _prefixed(_check_dns1035),
    "labelValue": _check_value,
    "uri": _check_uri,
    "uuid": _parsing(uuid.UUID, "does not match the UUID format"),
    "byte": _parsing(lambda text: base64.b64decode(text, validate=True), "invalid base64"),
    "date": _parsing(date.fromisoformat, "invalid date"),
    "datetime": _parsing(
        lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")), "invalid datetime"
    ),
}


# the length of the pattern that the API server reckons with when it counts the cost of a check
PATTERN_SIZES = {
    "dns1123Label": 30,
    "dns1123LabelPrefix": 30,
    "dns1035Label": 30,
    "dns1035LabelPrefix": 30,
    "dns1123Subdomain": 60,
    "dns1123SubdomainPrefix": 60,
    "qualifiedName": 60,
    "labelValue": 40,
    "uri": 1103,
    "uuid": 70,
    "byte": 84,
    "date": 71,
    "datetime": 71,
}


class Format(Opaque):
    __slots__ = ("name",)
    type_name = "kubernetes.NamedFormat"

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Format) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


FORMATS = {name: Format(name) for name in CHECKS}


@define("format.named", str)
def _named(name: str) -> Optional:
    return Optional(FORMATS[name]) if name in FORMATS else NONE


@define(".validate", Format, str)
def _validate(chosen: Format, text: str) -> Optional:
    """None where the text is right, else everything that is wrong with it."""
    problems = CHECKS[chosen.name](text)
    return Optional(problems) if problems else NONE


IMPLEMENTATIONS |= {f"format.{name}": lambda chosen=chosen: chosen for name, chosen in FORMATS.items()}
