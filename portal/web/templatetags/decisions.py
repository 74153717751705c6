"""The atoms of deciding: what it is about, how risky, how long, a field's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from portal.accounts.models import User
from portal.core.documents import dump_yaml
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations.drafting import Draft
from portal.web import wording
from portal.web.decision import gate_rules as gate_rules_of
from portal.web.decision import risk as risks
from portal.web.decision.against_live import AgainstLive
from portal.web.decision.risk import Risk

register = template.Library()
LONGEST_VALUE = 200
_PARTS = re.compile(r"(?=[.\[])")
DETAIL_WORDS = {
    "findings": "Which",
    "drift": "What differs, and by whom",
    "quota": "The numbers",
    "policies": "Which refuse it",
}


@register.filter
def headline(change: ChangeRequest) -> str:
    """`Promote shop-api 1.4.2`: what is asked for; the environment stands beside it."""
    version = f" {change.release.offering_version.version}" if change.release else ""
    return f"{change.get_kind_display()} {change.name}{version}"


@register.filter
def headline_of_row(change: ChangeRequest) -> str:
    """The same for a list, where releases are not read as a whole."""
    return f"{change.get_kind_display().lower()} {change.name} in {change.environment.name}"


@register.simple_tag(name="risk")
def risk_mark(risk: Risk) -> SafeString:
    """One to three bars and the word; the reasons on hover and for screen readers."""
    return format_html(
        '<span class="risk risk-{}" title="{}"><i></i><i></i><i></i><span>{} risk</span>'
        '<span class="visually-hidden">{}</span></span>',
        risk.word,
        ", ".join(risk.reasons) or "nothing speaks for a second look",
        risk.word,
        f": {', '.join(risk.reasons)}" if risk.reasons else "",
    )


@register.simple_tag
def risk_of(change: ChangeRequest) -> SafeString:
    return risk_mark(risks.of(change.risk, change.risk_reasons))


@register.simple_tag
def gate_rules(draft: Draft) -> gate_rules_of.Rules:
    return gate_rules_of.of_draft(draft)


@register.simple_tag
def approvals_back(back: Mapping[int, int], release: int) -> int:
    """How many approvals a rollback to `release` takes."""
    return back.get(release, back[0])


@register.filter
def span(duration: timedelta) -> str:
    return wording.span(duration)


@register.filter
def names(people: Iterable[User]) -> list[str]:
    return [person.username for person in people]


@register.filter
def shown(value: Any) -> str:
    """A field's value: text as it is, what has parts as YAML; cut where it is long."""
    text = dump_yaml(value).rstrip() if isinstance(value, dict | list) else str(value)
    return Truncator(text).chars(LONGEST_VALUE)


@register.filter
def breakable(path: str) -> SafeString:
    """A field's path that may break before its dots and brackets rather than in a name."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in _PARTS.split(path)))


@register.filter(name="sum")
def sum_of(against: AgainstLive) -> str:
    """`3 objects change, 1 of them only in version labels, 1 added`."""
    counts = against.counts
    words = []
    if changed := counts["changed"]:
        words.append(f"{changed} object changes" if changed == 1 else f"{changed} objects change")
    words += [f"{labels} of them only in version labels"] if (labels := counts["only_labels"]) else []
    words += [f"{counts[name]} {name}" for name in ("added", "removed") if counts[name]]
    return ", ".join(words)


@register.filter
def detail_word(kind: str) -> str:
    return DETAIL_WORDS.get(kind, "More")
