"""Encrypting stored secrets anew with the newest key, row by row.

What has been done is told by the rows themselves: a text that begins with the newest key's id is skipped. So
a rotation may be killed, run again, or run twice at once, while the portal works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.functions import Cast, Substr

from portal.accounts.encryption import SCHEME, EncryptedJSONField, KeyMissing, decrypt, encrypt, newest_prefix
from portal.accounts.fingerprint_keys import pin

BATCH = 200
NO_ID = "none"


@dataclass
class Rotated:
    """What became of one column. `unreadable` has the primary keys of rows whose key is missing."""

    place: str
    changed: int
    unreadable: list[Any]


def fields() -> list[EncryptedJSONField]:
    """Every encrypted column of the portal."""
    found = (field for model in apps.get_models() for field in model._meta.concrete_fields)
    return sorted((f for f in found if isinstance(f, EncryptedJSONField)), key=lambda field: field.place)


def standing() -> dict[str, Counter[str]]:
    """{table.column: {key id: number of rows}}; `none` counts texts from before keys had ids."""
    return {field.place: _standing(field) for field in fields()}


def outdated() -> dict[str, int]:
    """{table.column: rows that are not under the newest key}, columns without any left out."""
    found = {field.place: _outdated(field).count() for field in fields()}
    return {place: count for place, count in found.items() if count}


def rotate() -> Iterator[Rotated]:
    """Encrypt anew whatever is not under the newest key. Each row is one compare-and-swap of its own: a row
    that is written meanwhile is left as it was written, and that is under the newest key."""
    pin(settings.SLIPWAY_FIELD_KEYS)
    for field in fields():
        yield _rotate(field)


def _rotate(field: EncryptedJSONField) -> Rotated:
    done = Rotated(field.place, 0, [])
    last: Any = None
    while True:
        rows = _outdated(field).order_by("pk")
        batch = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", "raw")[:BATCH])
        if not batch:
            return done
        for pk, text in batch:
            last = pk
            try:
                fresh = encrypt(decrypt(text, field.place), field.place)
            except KeyMissing:
                done.unreadable.append(pk)
                continue
            value = models.Value(fresh, output_field=models.TextField())
            done.changed += _rows(field).filter(pk=pk, raw=text).update(**{field.attname: value})


def _standing(field: EncryptedJSONField) -> Counter[str]:
    found: Counter[str] = Counter()
    starts = _rows(field).annotate(start=Substr("raw", 1, len(newest_prefix())))
    for start, count in starts.values_list("start").annotate(count=models.Count("pk")).order_by():
        found[start.split(":")[1] if start.startswith(f"{SCHEME}:") else NO_ID] += count
    return found


def _rows(field: EncryptedJSONField) -> models.QuerySet[Any]:
    """Rows with the ciphertext as `raw`."""
    rows: models.QuerySet[Any] = field.model._base_manager.all()
    raw = Cast(models.F(field.attname), models.TextField())
    found: models.QuerySet[Any] = rows.annotate(raw=raw).filter(raw__isnull=False)
    return found


def _outdated(field: EncryptedJSONField) -> models.QuerySet[Any]:
    return _rows(field).exclude(raw__startswith=newest_prefix())
