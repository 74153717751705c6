"""Reading a request's body: JSON, bounded before it is read and strict while it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.parsers import BaseParser

from portal.core.documents import MAX_BYTES, MAX_DEPTH, check_characters, check_json
from portal.core.errors import InvalidInput, TooLarge


class BoundedJSONParser(BaseParser):
    """JSON of at most 1 MiB, strictly: no NaN, no name twice, no text that the database cannot hold.

    Raises TooLarge (before reading, where Content-Length tells) and InvalidInput with line and column.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        announced = parser_context["request"].META.get("CONTENT_LENGTH") if parser_context else None
        if announced and announced.isdigit() and int(announced) > MAX_BYTES:
            raise _too_large()
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise _too_large()
        return read_json(body)


def read_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"The body is not UTF-8: byte {exc.start} cannot be read.") from exc
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except json.JSONDecodeError as exc:
        raise InvalidInput(
            f"The body is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}.",
            line=exc.lineno,
            column=exc.colno,
        ) from exc
    except RecursionError as exc:
        raise TooLarge(f"The document is nested more than {MAX_DEPTH} levels deep.") from exc
    check_json(value)
    if "\\u" in text:
        check_characters(value)
    return value


def _too_large() -> TooLarge:
    return TooLarge(f"The body is larger than {MAX_BYTES:,} bytes, which is the most that is accepted.")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"The name {twice[:80]!r} stands twice in one object. Write it once.")
    return value


def _no_constant(text: str) -> NoReturn:
    raise InvalidInput(f"{text} is not JSON. Write a number, or null.")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise InvalidInput(f"The number {text[:40]} is too large.")
    return number


def _bounded(text: str) -> int:
    if len(text) > 100:
        raise InvalidInput("A number has more than 100 digits.")
    return int(text)
