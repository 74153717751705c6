"""`url` (apiserver/pkg/cel/library/urls.go): absolute URIs and absolute paths, as Go's net/url reads them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

from portal.policy.cel.functions.declare import BOOL, QUERY, STRING, Function, function, method, opaque

URL = opaque("url", "kubernetes.URL")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*$")
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORT = re.compile(r":\d*$")
# what Go leaves unescaped in a path
_PATH_SAFE = "/!$&'()*+,;=:@-._~"


def _check(text: str) -> str:
    problem = _problem(text)
    if problem:
        raise ValueError(f"URL parse error during conversion from string: parse {_quoted(text)}: {problem}")
    return text


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
            return "invalid URI for request"
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


def _is_url(text: str) -> bool:
    return not _problem(text)


def _host(packed: bytes) -> str:
    return urlsplit(URL.unpack(packed)).netloc.rpartition("@")[2]


def _hostname(packed: bytes) -> str:
    host = _host(packed)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return _PORT.sub("", host)


def _port(packed: bytes) -> str:
    found = _PORT.search(_host(packed).rpartition("]")[2])
    return found.group()[1:] if found else ""


def _escaped_path(packed: bytes) -> str:
    path = urlsplit(URL.unpack(packed)).path
    return path if "%" in path else quote(unquote(path), safe=_PATH_SAFE)


def _query(packed: bytes) -> dict[str, list[str]]:
    return parse_qs(urlsplit(URL.unpack(packed)).query, keep_blank_values=True)


FUNCTIONS: tuple[Function, ...] = (
    function("url", URL, [STRING], lambda text: URL.pack(_check(text))),
    function("isURL", BOOL, [STRING], _is_url),
    method("getScheme", STRING, [URL], lambda u: urlsplit(URL.unpack(u)).scheme),
    method("getHost", STRING, [URL], _host),
    method("getHostname", STRING, [URL], _hostname),
    method("getPort", STRING, [URL], _port),
    method("getEscapedPath", STRING, [URL], _escaped_path),
    method("getQuery", QUERY, [URL], _query),
)
