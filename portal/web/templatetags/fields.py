"""What the templates of a request's fields ask of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django import template
from django.utils.safestring import SafeString

from portal.web import controls
from services_catalog.forms import Field, flat

register = template.Library()
Errors = Mapping[str, Sequence[str]]


@register.simple_tag
def setting(field: Field, errors: Errors | None = None) -> SafeString:
    """One plain field with its label, help and errors."""
    return controls.setting(field, errors or {})


@register.simple_tag
def column(field: Field, errors: Errors | None = None) -> SafeString:
    """A field in a table: the control, and its errors under it."""
    return controls.control(field, bare=True) + controls.problems(field, (errors or {}).get(field.path, ()))


@register.simple_tag
def answers(fields: Iterable[Field], errors: Errors | None = None) -> SafeString:
    """What is wrong now with each field on screen, to be put beside it."""
    known = errors or {}
    found = (controls.problems(field, known.get(field.path, ()), later=True) for field in flat(fields))
    return SafeString("".join(found))


@register.filter
def under(errors: Errors, group: Field) -> bool:
    """Whether an error stands at one of a group's fields."""
    return bool(errors) and any(field.path in errors for field in flat(group.fields))
