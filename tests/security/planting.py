"""A text that would become markup, planted in every text that the database holds."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

MARK = "c4n4ry"
# breaks out of both kinds of attributes, opens an element, and would be evaluated by a template
CANARY = f"'\" {MARK}=1 ><{MARK}>{{{{1}}}}{{% now %}}"
APPS = ("accounts", "audit", "environments", "services_catalog", "lifecycle")
# what an address, a lookup or a digest is made of is no free text, and is checked when it is written
KEYS = (
    "slug",
    "digest",
    "seal",
    "hash",
    "key",
    "namespace",
    "zone",
    "username",
    "password",
    "version",
    "pk",
    "url",
)
NOT_TEXT = (models.SlugField, models.UUIDField, models.FileField, models.EmailField)
# keys of JSON whose values are words of a format: checked when a chart or a policy is read
WORDS = (
    "kind",
    "apiVersion",
    "mode",
    "action",
    "path",
    "op",
    "outcome",
    "status",
    "severity",
    "policy",
    "type",
    "x-slipway-context",
    "$ref",
    "pattern",
)


def plant() -> list[str]:
    """Every field that got it, as app.Model.field; not those that the database itself holds to a form."""
    planted = []
    for model in (each for app in APPS for each in apps.get_app_config(app).get_models()):
        if model._meta.object_name == "AuditEvent":  # refuses every change; it is written to instead
            continue
        for field in model._meta.concrete_fields:
            write = (
                _append if _is_text(field) else _append_inside if type(field) is models.JSONField else None
            )
            if write is None:
                continue
            try:
                with transaction.atomic():
                    write(model, field)
            except IntegrityError:
                continue
            planted.append(f"{model._meta.label}.{field.name}")
    return planted


def _is_text(field: models.Field[Any, Any]) -> bool:
    plain = type(field) in (models.CharField, models.TextField) and not isinstance(field, NOT_TEXT)
    named = any(key in field.name for key in KEYS)
    fits = field.max_length is None or field.max_length > len(CANARY)
    return plain and not field.choices and not field.primary_key and not named and fits


def _append(model: type[models.Model], field: models.Field[Any, Any]) -> None:
    for row in model._base_manager.all():
        room = (field.max_length or 10_000) - len(CANARY)
        text = (getattr(row, field.attname) or "")[:room] + CANARY
        model._base_manager.filter(pk=row.pk).update(**{field.name: text})


def _append_inside(model: type[models.Model], field: models.Field[Any, Any]) -> None:
    for row in model._base_manager.all():
        value = getattr(row, field.attname)
        if value:
            model._base_manager.filter(pk=row.pk).update(**{field.name: _poisoned(value)})


def _poisoned(value: Any, word: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _poisoned(each, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_poisoned(each, word) for each in value]
    return value + CANARY if isinstance(value, str) and word not in WORDS else value


class Seen(HTMLParser):
    """What a browser makes of a page: `injected` holds the elements and attributes that the canary became."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.injected: list[str] = []
        self.text = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.injected += [f"<{tag}>"] if tag == MARK else []
        for name, value in attributes:
            self.injected += [f"<{tag} {name}>"] if MARK in name else []
            self.text += MARK in (value or "")
            address = name in ("href", "src", "action") or name.startswith("hx-")
            if address and (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:")):
                self.injected.append(f"<{tag} {name}={value}>")

    def handle_data(self, data: str) -> None:
        self.text += MARK in data


def evaluated(html: str) -> Iterator[str]:
    """Places where the canary's template syntax came out as something else."""
    for shown in (f"<{MARK}>", f"&lt;{MARK}&gt;"):
        for after in html.split(shown)[1:]:
            if after[:1] == "1":
                yield after[:40]
