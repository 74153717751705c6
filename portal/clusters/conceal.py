"""Taking secret values out of what helm and the cluster say: they quote values in their messages."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portal.core.masking import MASK

# `existingSecret` and `imagePullSecrets` name an object; they hold no secret
SENSITIVE = re.compile(
    r"^(?!existing|imagepull).*(passw(or)?d|passphrase|pass|secrets?|tokens?|credentials?|api_?-?keys?|"
    r"private_?-?keys?|access_?-?keys?|secret_?-?keys?|encryption_?-?keys?|dsn)$",
    re.IGNORECASE,
)
SHORTEST = 4


def concealer(values: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that masks each value below a key that sounds secret, as is, in base64 and in JSON."""
    secrets: set[str] = set()
    for text in _secret_texts(values, below=False):
        if len(text) >= SHORTEST:
            secrets |= {text, json.dumps(text)[1:-1], base64.b64encode(text.encode()).decode()}
    if not secrets:
        return str
    pattern = re.compile("|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)))
    return lambda text: pattern.sub(MASK, text)


def _secret_texts(value: Any, *, below: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _secret_texts(child, below=below or bool(SENSITIVE.match(str(key))))
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _secret_texts(child, below=below)
    elif below and isinstance(value, str):
        yield value
        # a multi-line secret, such as a key, is quoted line by line
        if "\n" in value:
            yield from (line.strip() for line in value.splitlines())
    elif below and isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
