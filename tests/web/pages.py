"""Reading pages as a browser and a screen reader would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {
    "area",
    "base",
    "br",
    "col",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "path",
    "circle",
    "rect",
    "line",
    "wbr",
}
CONTROLS = {"input", "select", "textarea"}


@dataclass
class Page(HTMLParser):
    """What tests ask of a page. Feed it once."""

    html: str
    ids: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    headings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._controls: list[tuple[str, dict[str, str], bool]] = []
        self.feed(self.html)
        for tag, attributes, wrapped in self._controls:
            named = wrapped or attributes.get("id") in self.labels or attributes.get("aria-label")
            if attributes.get("type") != "hidden" and not named:
                self.problems.append(f"<{tag} name={attributes.get('name')}> has no label")
        doubled = {each for each in self.ids if self.ids.count(each) > 1}
        self.problems += [f"id {each} is used twice" for each in sorted(doubled)]

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in found}
        if tag == "h1":
            self.headings.append("")
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "label" and "for" in attributes:
            self.labels.add(attributes["for"])
        if tag == "a" and attributes.get("href", "").startswith("/"):
            self.links.append(attributes["href"])
        if tag in CONTROLS:
            self._controls.append((tag, attributes, any(name == "label" for name, _ in self._open)))
        self._check_policy(tag, attributes)
        if tag not in VOID:
            self._open.append((tag, attributes))

    def _check_policy(self, tag: str, attributes: dict[str, str]) -> None:
        inline = [name for name in attributes if name == "style" or name.startswith(("on", "hx-on"))]
        self.problems += [f"<{tag}> carries inline {name}" for name in inline]
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.problems.append(f"inline <{tag}>")
        for name in ("src", "href", "action"):
            if attributes.get(name, "").startswith(("http:", "https:", "//")) and tag != "a":
                self.problems.append(f"<{tag}> loads {attributes[name]}")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open[-1][0] != tag:
            self.problems.append(f"</{tag}> closes {self._open[-1][0] if self._open else 'nothing'}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "h1":
            self.headings[-1] += data.strip()
