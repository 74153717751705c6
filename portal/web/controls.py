"""The controls of a request's fields as HTML. No templates, since a chart may have two thousand of them.

What holds several (groups, lists, maps, forms to choose from) is in templates/requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from portal.web import icons
from services_catalog.forms import Field

LOCKED = {
    "plan": "set by the plan",
    "platform": "set by the platform",
    "creation": "fixed since it was created",
}
MOST_LINES = 12
MASKED = "••••••"


def setting(field: Field, errors: Mapping[str, Sequence[str]]) -> SafeString:
    """One plain field: its label, control, help and errors."""
    messages = errors.get(field.path, ())
    parts = [f'<div class="field{" has-error" if messages else ""}">']
    if field.locked_by:
        parts += [f'<span class="label">{escape(field.label)}</span>', _locked(field)]
    else:
        if field.kind != "boolean" or field.optional:
            wanted = ' <span class="wanted">needed</span>' if field.required else ""
            parts.append(f'<label for="{escape(field.input_id)}">{escape(field.label)}{wanted}</label>')
        parts.append(control(field))
    parts += [_hint(each) for each in _hints(field)]
    parts += [problems(field, messages), "</div>\n"]
    return mark_safe("".join(parts))  # noqa: S308 every part is escaped


def control(field: Field, *, bare: bool = False) -> SafeString:
    """The input alone. `bare`: in a table, where it has no label of its own."""
    made = CONTROLS.get(field.kind, _line)(field, _named(field, bare))
    return mark_safe(made)  # noqa: S308 every part is escaped


def problems(field: Field, messages: Sequence[str], *, later: bool = False) -> SafeString:
    """What is wrong with it; also where nothing is, for a `later` answer to be put there."""
    shown = "".join(
        f'<p class="field-error">{icons.svg("alert-triangle")}<span>{escape(each)}</span></p>'
        for each in messages
    )
    swap = ' hx-swap-oob="true"' if later else ""
    return mark_safe(f'<div id="e-{escape(field.input_id)}"{swap}>{shown}</div>')  # noqa: S308 escaped


def _hints(field: Field) -> list[str]:
    found = (
        []
        if field.locked_by
        else [{"lines": "One a line.", "yaml": "As YAML."}.get(field.kind, ""), field.unit]
    )
    checkbox = field.kind == "boolean" and not field.optional and not field.locked_by
    return [each for each in (*found, "" if checkbox else field.description) if each]


def _hint(text: str) -> str:
    return f'<p class="hint">{escape(text)}</p>'


def _locked(field: Field) -> str:
    shown = MASKED if field.secret else field.text or "–"
    who = LOCKED[field.locked_by]
    return (
        f'<p class="row-flow locked m-0">{icons.svg("lock")}<span class="mono break">{escape(shown)}</span>'
        f'<span class="small">{who}</span></p>'
    )


def _named(field: Field, bare: bool) -> str:
    """The attributes that every control has."""
    label = f' aria-label="{escape(field.label)}"' if bare else ""
    ident = escape(field.input_id)
    return f'id="{ident}" name="{escape(field.path)}" aria-describedby="e-{ident}"{label}'


def _boolean(field: Field, named: str) -> str:
    text = field.text
    if field.optional:
        options = (("", "As it is"), ("true", "Yes"), ("false", "No"))
        return _select(named, [(value, label, value == text) for value, label in options])
    hint = f' <span class="hint">{escape(field.description)}</span>' if field.description else ""
    checked = " checked" if text == "true" else ""
    return (
        f'<input type="hidden" name="{escape(field.path)}" value="false">'
        f'<label class="form-check m-0">'
        f'<input class="form-check-input" type="checkbox" {named} value="true"{checked}>'
        f'<span class="form-check-label">{escape(field.label)}{hint}</span></label>'
    )


def _choice(field: Field, named: str) -> str:
    text = field.text
    options = [] if field.required else [("", "", False)]
    options += [(each.text, each.shown, each.text == text) for each in field.choices]
    return _select(named, options)


def _select(named: str, options: Sequence[tuple[str, str, bool]]) -> str:
    shown = "".join(
        f'<option value="{escape(value)}"{" selected" if chosen else ""}>{escape(label)}</option>'
        for value, label, chosen in options
    )
    return f'<select class="form-select" {named}>{shown}</select>'


def _area(field: Field, named: str) -> str:
    text = field.text
    height = min(max(text.rstrip("\n").count("\n") + 1, 1 if field.kind == "yaml" else 2), MOST_LINES)
    hint = f' placeholder="{escape(field.example)}"' if field.example else ""
    # browsers drop the first line break of a textarea
    return (
        f'<textarea class="form-control mono" {named} rows="{height}" spellcheck="false"'
        f' autocapitalize="none"{hint}>\n{escape(text)}</textarea>'
    )


def _line(field: Field, named: str) -> str:
    mono = " mono" if field.kind in {"text", "scalar"} else ""
    mode = {"integer": ' inputmode="numeric"', "number": ' inputmode="decimal"'}.get(field.kind, "")
    kind, complete = ("password", "new-password") if field.secret else ("text", "off")
    hint = _placeholder(field) or (field.label if "aria-label" in named else "")
    shown = f' placeholder="{escape(hint)}"' if hint else ""
    return (
        f'<input class="form-control{mono}" {named} type="{kind}"{mode} value="{escape(field.text)}"'
        f' autocomplete="{complete}" spellcheck="false" autocapitalize="none"{shown}>'
    )


def _placeholder(field: Field) -> str:
    if field.is_set:
        return "saved: leave empty to keep it"
    if field.generated:
        return "leave empty: the portal makes one"
    if field.secret and field.has_preset:
        return "the chart's default applies when left empty"
    return field.example


CONTROLS: Mapping[str, Callable[[Field, str], str]] = {
    "boolean": _boolean,
    "choice": _choice,
    "multiline": _area,
    "lines": _area,
    "yaml": _area,
}
