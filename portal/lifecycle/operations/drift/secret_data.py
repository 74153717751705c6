"""Secrets, so that a live one can be held against a sealed one of which only fingerprints are known."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from portal.clusters.types import Document
from portal.lifecycle.operations import secrets


def is_secret(document: Mapping[str, Any]) -> bool:
    return document.get("kind") == "Secret" and document.get("apiVersion") == "v1"


def settled(sealed: Mapping[str, Any]) -> Document:
    """As the server stores it: what was written as text stands in `data`."""
    if not is_secret(sealed) or not sealed.get("stringData"):
        return dict(sealed)
    rest = {name: value for name, value in sealed.items() if name != "stringData"}
    return {**rest, "data": {**(sealed.get("data") or {}), **sealed["stringData"]}}


def masked(live: Mapping[str, Any], sealed: Mapping[str, Any]) -> Document:
    """Each value as its fingerprint, of the same form that was sealed: of the text, or of its encoding."""
    if not is_secret(live):
        return dict(live)
    as_text = sealed.get("stringData") or {}
    data = {
        name: secrets.mark(_text(value) if name in as_text else str(value))
        for name, value in (live.get("data") or {}).items()
    }
    return {**live, "data": data} if data else dict(live)


def _text(value: Any) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except ValueError:
        return str(value)
