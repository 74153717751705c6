"""The atoms of pages about policies: mode, severity, the end of an exception, a ready fix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.core import clock
from portal.core.objects import ObjectKey
from portal.environments.models import Environment, PolicyMode
from portal.lifecycle.models import PolicyException
from portal.lifecycle.operations.drafting import Draft, ValueFix
from portal.lifecycle.states import ExceptionState
from portal.policy import Verdict
from portal.policy.judging import ENGINE, SCHEMA
from portal.web import icons, meanings, wording
from portal.web.exceptions.excepting import Excepting
from portal.web.policy import fix_lines, playground

register = template.Library()


@register.simple_tag
def mode(name: str, env: Environment | None = None, chosen: PolicyMode | None = None) -> SafeString:
    """How a policy acts, with the environment's stripe; a mark where people chose it over the folder."""
    icon, word, meaning = meanings.MODES[name]
    stripe = f" env-{env.stripe}" if env else ""
    mark: SafeString | str = ""
    if chosen is not None:
        why = f"Chosen by {chosen.set_by}, {wording.ago(chosen.set_at)}: {chosen.reason}"
        mark = format_html('<span class="mode-chosen" title="{}">{}<span class="visually-hidden">chosen'
                           " by people</span></span>", why, icons.svg("user-edit"))  # fmt: skip
    return format_html(
        '<span class="mode mode-{}{}" title="{}">{}<span>{}</span>{}</span>',
        name,
        stripe,
        f"{env.name}: {meaning}" if env else meaning,
        icons.svg(icon),
        word,
        mark,
    )


@register.simple_tag
def severity(name: str) -> SafeString:
    """One to four bars and the word: how grave it is has no colour, since it is no state."""
    return format_html(
        '<span class="sev sev-{}"><i></i><i></i><i></i><i></i><span>{}</span></span>', name, name
    )


@register.simple_tag
def policy_name(name: str) -> SafeString:
    """A policy's name as a link to its page; the engine itself has none."""
    if name in (ENGINE, SCHEMA):
        return format_html('<span class="mono">{}</span>', name)
    return format_html('<a class="mono" href="{}">{}</a>', reverse("web:policies-one", args=[name]), name)


@register.filter
def moment(text: str) -> datetime | None:
    """The time that an ISO text names, for `when`."""
    return parse_datetime(text) if text else None


@register.filter
def standing(exception: PolicyException) -> str:
    """Its state as of now: what is past its end has ended, also before anybody has written that down."""
    open_states = (ExceptionState.REQUESTED, ExceptionState.GRANTED)
    over = exception.state in open_states and exception.expires_at <= clock.now()
    return ExceptionState.EXPIRED if over else exception.state


@register.filter
def is_past(moment: datetime) -> bool:
    return moment <= clock.now()


@register.simple_tag
def exception_address(ask: Excepting | None, verdict: Verdict) -> str:
    return ask.address(verdict) if ask else ""


@register.simple_tag
def exception_waits(ask: Excepting | None, verdict: Verdict) -> PolicyException | None:
    return ask.waits(verdict) if ask else None


@register.simple_tag
def value_fix(draft: Draft, verdict: Verdict) -> ValueFix | None:
    """The verdict's ready fix as values, where the offering says which."""
    return draft.value_fix_of(verdict)


@register.simple_tag
def ready_fix(
    verdict: Verdict, documents: Mapping[ObjectKey, Mapping[str, Any]] | None = None
) -> list[fix_lines.Line]:
    """The verdict's ready fix, as a diff where the judged `documents` are given by their key."""
    return fix_lines.of_verdict(verdict, documents.get(verdict.key) if documents else None)


@register.filter
def patch_lines(patch: list[Mapping[str, Any]]) -> list[fix_lines.Line]:
    return fix_lines.of_patch(patch)


@register.filter
def percent(part: float) -> str:
    """`0.25` and `-0.25` as `25 %`; the words beside it say in which direction."""
    return f"{abs(part) * 100:.0f} %"


@register.filter
def fix_name(verdict: Verdict) -> str:
    return playground.fix_name(verdict)


@register.filter
def mode_word(name: str) -> str:
    return meanings.MODES[name][1]


@register.filter
def mode_meaning(name: str) -> str:
    return meanings.MODES[name][2]


@register.filter
def short_kind(kind: str) -> str:
    """`Policy` and `Binding`, where nothing else is meant."""
    return kind.removeprefix("ValidatingAdmission").replace("PolicyBinding", "Binding")


@register.filter
def event_word(action: str) -> str:
    """What somebody did to an exception; an action that nobody named stands as it is."""
    shown = meanings.EXCEPTION_EVENTS.get(action)
    return shown.word if shown else action


@register.filter
def event_meaning(action: str) -> str:
    shown = meanings.EXCEPTION_EVENTS.get(action)
    return shown.meaning if shown else "quiet"
