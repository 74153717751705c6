"""`url` (apiserver/pkg/cel/library/urls.go): absolute URIs and absolute paths, as Go's net/url reads them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

from portal.policy.cel.errors import CelError
from portal.policy.cel.functions.registry import define
from portal.policy.cel.values import Opaque

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*$")
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORT = re.compile(r":\d*$")
# what Go leaves unescaped in a path
_PATH_SAFE = "/!$&'()*+,;=:@-._~"


class Url(Opaque):
    __slots__ = ("text",)
    type_name = "kubernetes.URL"

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _problem(text: str) -> str:
    if not text:
        return "empty url"
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        return "net/url: invalid control character in URL"
    if not text.startswith("/"):
        scheme, colon, rest = text.partition(":")
        if not colon or not _SCHEME.match(scheme):
            return "invalid URI for request"
        if not rest.startswith("/"):
            # neither host nor path: all of it is opaque
            return ""
    escape = _ESCAPES.search(text.partition("?")[0])
    if escape:
        return f"invalid URL escape {_quoted(text[escape.start() : escape.start() + 3])}"
    return _host_problem(text)


def _host_problem(text: str) -> str:
    try:
        authority = urlsplit(text).netloc
    except ValueError:
        return "missing ']' in host"
    host = authority.rpartition("@")[2]
    if " " in host:
        return 'invalid character " " in host name'
    tail = host.rpartition("]")[2] if host.startswith("[") else host
    port = tail[tail.find(":") :] if ":" in tail else ""
    if port and not _PORT.fullmatch(port):
        return f"invalid port {_quoted(port)} after host"
    return ""


@define("url", str)
def _url(text: str) -> Url:
    problem = _problem(text)
    if problem:
        raise CelError(f"URL parse error during conversion from string: parse {_quoted(text)}: {problem}")
    return Url(text)


@define("isURL", str)
def _is_url(text: str) -> bool:
    return not _problem(text)


@define(".getScheme", Url)
def _scheme(url: Url) -> str:
    return urlsplit(url.text).scheme


@define(".getHost", Url)
def _host(url: Url) -> str:
    return urlsplit(url.text).netloc.rpartition("@")[2]


@define(".getHostname", Url)
def _hostname(url: Url) -> str:
    host = _host(url)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return _PORT.sub("", host)


@define(".getPort", Url)
def _port(url: Url) -> str:
    found = _PORT.search(_host(url).rpartition("]")[2])
    return found.group()[1:] if found else ""


@define(".getEscapedPath", Url)
def _escaped_path(url: Url) -> str:
    path = urlsplit(url.text).path
    return path if "%" in path else quote(unquote(path), safe=_PATH_SAFE)


@define(".getQuery", Url)
def _query(url: Url) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url.text).query, keep_blank_values=True)
