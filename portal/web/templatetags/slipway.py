"""The atoms of every page: icon, status, environment, time, digest, money, Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.core import clock, digests, documents
from portal.core.objects import ObjectKey, key_of
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.diffing import ObjectDiff
from portal.lifecycle.selectors import changes
from portal.web import icons, markdown, meanings, wording
from services_catalog.forms import Field, flat

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    return icons.svg(name or icons.FALLBACK)


@register.simple_tag
def mark_icon(meaning: str) -> SafeString:
    return icons.svg(meanings.ICONS.get(meaning, icons.FALLBACK))


@register.simple_tag
def status(table: str, state: str, pill: bool = True) -> SafeString:
    """`{% status "change" change.state %}`: colour, icon and word. Tables: portal/web/meanings.py."""
    shown = meanings.shown(table, state)
    return mark(shown.meaning, shown.word, pill)


@register.simple_tag
def mark(meaning: str, word: str, pill: bool = True) -> SafeString:
    """One of the five meanings with a word of one's own."""
    return format_html(
        '<span class="st st-{}{}">{}<span>{}</span></span>',
        meaning,
        " st-pill" if pill else "",
        icons.svg(meanings.ICONS[meaning]),
        word,
    )


@register.filter
def meaning(state: str, table: str) -> str:
    return meanings.shown(table, state).meaning


@register.simple_tag
def environment(env: Environment) -> SafeString:
    return format_html('<span class="env env-{}">{}</span>', env.stripe, env.name)


@register.simple_tag
def when(moment: datetime | None, style: str = "ago", missing: str = "–") -> SafeString | str:
    """A relative time, exact on hover and for screen readers. `style`: ago, or for (a span)."""
    if moment is None:
        return missing
    text = wording.ago(moment) if style == "ago" else wording.span(clock.now() - moment)
    return format_html(
        '<time datetime="{}" title="{}" data-relative="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        wording.exact(moment),
        style,
        text,
    )


@register.simple_tag
def digest(value: str, what: str = "digest") -> SafeString | str:
    """The first twelve characters, with a button that copies all."""
    if not value:
        return "–"
    return format_html(
        '<span class="digest" title="{}">{}{}</span>', value, digests.short(value), copy(value, what)
    )


@register.simple_tag
def copy(value: str, what: str = "this") -> SafeString:
    return format_html(
        '<button type="button" class="copy needs-js" data-copy="{}" aria-label="Copy {}" title="Copy {}">{}'
        "</button>",
        value,
        what,
        what,
        icons.svg("copy"),
    )


@register.filter
def euros(cents: int | None) -> str:
    return "–" if cents is None else wording.euros(cents)


@register.filter
def monthly(cents: int | None) -> str:
    return f"{wording.euros(cents)} a month" if cents else euros(cents)


@register.filter(name="markdown")
def render_markdown(text: str) -> SafeString:
    return markdown.render(text or "")


@register.filter
def yaml(value: Any) -> str:
    return documents.dump_yaml(value)


@register.filter(name="json")
def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def told(value: Any) -> str:
    """A field's value in one line: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def ago(moment: datetime | None) -> str:
    """A relative time where no markup can stand."""
    return wording.ago(moment) if moment else ""


@register.filter
def object_key(document: Mapping[str, Any]) -> ObjectKey:
    return key_of(document)


@register.filter
def by_change(diff: Iterable[ObjectDiff]) -> Mapping[str, int]:
    """How many objects are added, removed, changed, same; and of those changed, only in version labels."""
    counts = dict.fromkeys((*meanings.OBJECT_CHANGE, "only_labels"), 0)
    for each in diff:
        counts[each.change] += 1
        counts["only_labels"] += each.only_labels
    return counts


@register.filter
def sentence(words: Sequence[str]) -> str:
    """`olga`, `olga and oscar`, `ann, olga and oscar`; from the sixth on they are counted."""
    names = [*words[:5], f"{len(words) - 5} others"] if len(words) > 6 else list(words)
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else ""


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    return mapping.get(key) if mapping else None


@register.filter
def pairs(text: str) -> list[tuple[str, ...]]:
    """`"a:A,b:B"` as a list of pairs, for short fixed choices."""
    return [tuple(each.split(":")) for each in text.split(",")]


@register.filter
def flatten(fields: Iterable[Field]) -> list[Field]:
    """Every place that can show an error: fields in groups, and the columns of rows."""
    return [field for field in flat(fields) if field.kind != "group"]


@register.filter
def waits_on(change: ChangeRequest) -> str:
    return changes.brief(change)


@register.filter
def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]) or "?"


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The present query string with some parts changed; None removes one. Another filter starts at page 1."""
    request: HttpRequest = context["request"]
    params = request.GET.copy()
    params.pop("page", None)
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = str(value)
    return f"?{params.urlencode()}" if params else request.path
