"""How much of what was found is kept: enough to decide on, never a megabyte."""

from __future__ import annotations

import json
from typing import Any

from portal.core.objects import ObjectKey

MOST_OF_A_VALUE = 500
MOST_OF_A_TEXT = 20_000


def short_value(value: Any) -> Any:
    """The value, or the beginning of its JSON where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= MOST_OF_A_VALUE else f"{text[:MOST_OF_A_VALUE]} …"


def short_text(text: str) -> str:
    """At most so many characters, cut at a line's end, which says how much is missing."""
    if len(text) <= MOST_OF_A_TEXT:
        return text
    kept = text[:MOST_OF_A_TEXT].rpartition("\n")[0] or text[:MOST_OF_A_TEXT]
    return f"{kept}\n@ {text.count(chr(10)) - kept.count(chr(10))} more lines"


def key_dict(key: ObjectKey) -> dict[str, str]:
    return {"api_version": key.api_version, "kind": key.kind, "namespace": key.namespace, "name": key.name}
