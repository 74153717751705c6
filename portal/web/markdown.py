"""Markdown that strangers wrote, made safe to show."""

from __future__ import annotations

import markdown as library
import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    "a", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}}


def render(text: str) -> SafeString:
    """HTML with an allow-list of tags; links only to http, https and mailto, opened without a referrer."""
    html = library.markdown(text, extensions=["fenced_code", "tables", "sane_lists"], output_format="html")
    return mark_safe(  # noqa: S308 nh3 keeps only the allow-list
        nh3.clean(
            html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer"
        )
    )
