"""What a browser without JavaScript sends of the fields of a form: the real templates, read as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

from django.template.loader import render_to_string

from services_catalog.forms import Field

Pairs = dict[str, list[str]]


def rendered(fields: Iterable[Field], errors: Mapping[str, list[str]] | None = None) -> str:
    asking = SimpleNamespace(errors=errors or {})
    return render_to_string("requests/_fields.html", {"fields": list(fields), "asking": asking})


def submission(fields: Iterable[Field]) -> Pairs:
    """Every control that is sent when nothing was touched, by name, in order."""
    reader = _Reader()
    reader.feed(rendered(fields))
    reader.close()
    return reader.sent


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: Pairs = {}
        self.textarea: tuple[str, list[str]] | None = None
        self.select: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name")
        if tag == "input" and name:
            kind = found.get("type", "text")
            if kind in {"checkbox", "radio"}:
                if "checked" in found:
                    self._add(name, found.get("value") or "on")
            elif kind not in {"submit", "button"}:
                self._add(name, (found.get("value") or "").replace("\r", "").replace("\n", ""))
        elif tag == "textarea" and name:
            self.textarea = (name, [])
        elif tag == "select" and name:
            self.select = {"name": name, "options": [], "chosen": None}
        elif tag == "option" and self.select is not None:
            self.select["options"].append(found.get("value") or "")
            if "selected" in found:
                self.select["chosen"] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.textarea is not None:
            name, parts = self.textarea
            text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self._add(name, text.replace("\n", "\r\n"))
            self.textarea = None
        elif tag == "select" and self.select is not None:
            options, chosen = self.select["options"], self.select["chosen"]
            if options:
                self._add(self.select["name"], options[0] if chosen is None else chosen)
            self.select = None

    def _add(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)
