"""Keeping secrets out of what people see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.accounts import fingerprint_keys
from portal.core import pointers
from portal.core.masking import MASK, fingerprint, mask_documents
from services_catalog import values as catalog_values

SHORTEST_MASKED = 6


def masked(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rendered objects for the database, the API and pages: a secret is a keyed fingerprint."""
    return mask_documents(documents, _key())


def mark(secret: str) -> str:
    """What stands for a secret wherever people look, so that they see whether two are the same."""
    return fingerprint(secret, _key())


def of(schema: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The secrets that stand in `values`, as text."""
    found = (pointers.get(values, path) for path in catalog_values.secret_paths(schema, values))
    return [str(value) for value in found if value not in (None, "")]


class Redactor:
    """Replaces known secrets in text, longest first."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = sorted({s for s in secrets if len(s) >= SHORTEST_MASKED}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text


def _key() -> bytes:
    return fingerprint_keys.key_for("mask")
