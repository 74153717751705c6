"""Keys for fingerprints of secrets: what people see in place of a secret has to stay the same for years.

At first they follow from the oldest of SLIPWAY_FIELD_KEYS. The first rotation keeps them in the database,
encrypted like everything else, so that the oldest key can be taken away afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.conf import settings

from portal.accounts.models import KeptKey

PURPOSES = ("mask", "exception")
# by purpose and the keys in force; what is kept never changes
_known: dict[tuple[str, tuple[str, ...]], bytes] = {}


def key_for(purpose: str) -> bytes:
    """32 bytes for one of PURPOSES; one query in the life of a process."""
    place = (purpose, tuple(settings.SLIPWAY_FIELD_KEYS))
    if place not in _known:
        kept = KeptKey.objects.filter(purpose=purpose).first()
        _known[place] = bytes.fromhex(kept.secret) if kept else _first(purpose, place[1])
    return _known[place]


def pin(keys: Sequence[str]) -> None:
    """Keep what fingerprints are made with now, unless that has been done."""
    for purpose in PURPOSES:
        KeptKey.objects.get_or_create(purpose=purpose, defaults={"secret": _first(purpose, keys).hex()})


def _first(purpose: str, keys: Sequence[str]) -> bytes:
    return hashlib.sha256(f"{purpose}:".encode() + keys[-1].encode()).digest()
