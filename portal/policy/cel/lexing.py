"""Tokens of a CEL expression (cel-go, parser/gen/CEL.g4), each with its offset in characters."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from portal.policy.cel.errors import Problem

IDENT, ESCAPED, STRING, BYTES = "IDENT", "ESCAPED", "STRING", "BYTES"
INT, UINT, FLOAT, OPERATOR, END = "INT", "UINT", "FLOAT", "OPERATOR", "END"
WORDS: Final = frozenset({"true", "false", "null", "in"})
_QUOTED = r"""\"\"\"(?s:(?:{escape}|[^\\])*?)\"\"\"|'''(?s:(?:{escape}|[^\\])*?)'''
        |"(?:{escape}|[^"\\\n\r])*"|'(?:{escape}|[^'\\\n\r])*'"""
_ESCAPES = r"""\\(?:[abfnrtv\\'"`?]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"""
_ANY = _QUOTED.replace("{escape}", _ESCAPES)
_RAW = r"""[rR](?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''|"[^"\n\r]*"|'[^'\n\r]*')"""
_TOKEN = re.compile(
    rf"""(?P<SPACE>(?:[\t \r\n\f]+|//[^\n]*)+)
    |(?P<WORD>[A-Za-z_][A-Za-z0-9_]*+)(?!["'])
    |(?P<OPERATOR>&&|\|\||[<>=!]=|[-+*/%<>!?:,()\[\]{{}}]|\.(?!\d))
    |(?P<STRING>{_RAW}|{_ANY})
    |(?P<BYTES>[bB](?:{_RAW}|{_ANY}))
    |(?P<FLOAT>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<UINT>(?:0x[0-9a-fA-F]+|\d+)[uU])
    |(?P<INT>0x[0-9a-fA-F]+|\d+)
    |(?P<IDENT>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<ESCAPED>`[A-Za-z0-9_./\ -]+`)""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))"
)
# how far what begins like a token goes on before it fails: the API server shows that much
_OPEN_STRING = re.compile(rf"""(?:'(?:{_ESCAPES}|[^'\\\n\r])*|"(?:{_ESCAPES}|[^"\\\n\r])*)""", re.ASCII)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SHOWN = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Token(NamedTuple):
    """`kind` is END at the end, and for `true`, `false`, `null` and `in` the word itself."""

    kind: str
    text: str
    start: int


def tokenize(source: str) -> tuple[list[Token], list[Problem]]:
    """The tokens, and what is no token; that is left out, as the API server's lexer does."""
    tokens: list[Token] = []
    problems: list[Problem] = []
    position, length = 0, len(source)
    match = _TOKEN.match
    while position < length:
        found = match(source, position)
        if found is None:
            failed = _failure(source, position)
            shown = "".join(_SHOWN.get(char, char) for char in source[position : failed + 1])
            problems.append(Problem(position, f"Syntax error: token recognition error at: '{shown}'"))
            position = failed + 1
            continue
        kind = found.lastgroup or ""
        if kind == "WORD" or kind == IDENT:
            text = found.group()
            tokens.append(Token(text if text in WORDS else IDENT, text, position))
        elif kind != "SPACE":
            tokens.append(Token(kind, found.group(), position))
        position = found.end()
    tokens.append(Token(END, "<EOF>", length))
    return tokens, problems


def _failure(source: str, position: int) -> int:
    """The offset of the character at which what starts at `position` is known to be no token."""
    char = source[position]
    if char in "=&|":
        return position + 1
    opened = _OPEN_STRING.match(source, position)
    if opened is None:
        return position
    # a wrong escape fails at what follows the backslash
    return opened.end() + (source[opened.end() : opened.end() + 1] == "\\")


def unquoted(text: str) -> str:
    """The value of a STRING token; raises ValueError for a wrong escape."""
    body, raw = _body(text)
    return body if raw or "\\" not in body else _ESCAPE.sub(_character, body)


def _character(found: re.Match[str]) -> str:
    simple, two, four, eight, octal = found.groups()
    if simple:
        return _SIMPLE.get(simple, simple)
    code = int(octal, 8) if octal else int(two or four or eight, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError("invalid unicode code point")
    return chr(code)


def unquoted_bytes(text: str) -> bytes:
    """The value of a BYTES token; raises ValueError for a wrong escape."""
    body, raw = _body(text[1:])
    if raw or "\\" not in body:
        return body.encode()
    pieces: list[bytes] = []
    position = 0
    for found in _ESCAPE.finditer(body):
        pieces.append(body[position : found.start()].encode())
        simple, two, four, eight, octal = found.groups()
        if four or eight:
            raise ValueError("unable to unescape string")
        pieces.append(
            _character(found).encode() if simple else bytes([int(octal, 8) if octal else int(two, 16)])
        )
        position = found.end()
    pieces.append(body[position:].encode())
    return b"".join(pieces)


def _body(text: str) -> tuple[str, bool]:
    raw = text[0] in "rR"
    if raw:
        text = text[1:]
    width = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
    return text[width:-width].replace("\r\n", "\n").replace("\r", "\n"), raw
