"""Markdown that strangers wrote, made safe to show."""

from __future__ import annotations

import re

import markdown as library
import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    "a", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}}


_INDENTED_FENCE = re.compile(r"^(?P<indent> +)(?P<fence>```[^\n]*\n.*?^\1```) *$", re.MULTILINE | re.DOTALL)

# It stands inside a panel, whose own heading is an h2.
_HEADING = re.compile(r"<(/?)h([1-6])>")


def _outdent(match: re.Match[str]) -> str:
    """A fence inside a list item: the library reads fences at the left edge only."""
    lines = match["fence"].split("\n")
    return "\n" + "\n".join(line.removeprefix(match["indent"]) for line in lines) + "\n"


def outdented(text: str) -> str:
    """Fences inside of list items moved to the left edge."""
    return _INDENTED_FENCE.sub(_outdent, text)


def render(text: str) -> SafeString:
    """HTML with an allow-list of tags; links only to http, https and mailto, opened without a referrer."""
    html = library.markdown(
        outdented(text),
        extensions=["fenced_code", "tables", "sane_lists"],
        output_format="html",
    )
    html = _HEADING.sub(lambda tag: f"<{tag[1]}h{min(int(tag[2]) + 2, 6)}>", html)
    return mark_safe(  # noqa: S308 nh3 keeps only the allow-list
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer",
        )
    )
