"""What the comments of a values.yaml say of its keys.

Read as their tools read them: helm-docs (`# -- text`, `@section`), Bitnami's readme generator
(`## @param a.b [type] text`, `## @section Title`), and plain comments right above a key or behind its value.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

MOST_CHARACTERS = 600

PARAM = re.compile(r"^\s*#+\s*@(?:param|extra)\s+(?P<path>\S+)\s*(?:\[[^\]]*\]\s*)?(?P<text>.*)$")
SECTION = re.compile(r"^\s*#+\s*@section\s+(?!--)(?P<title>\S.*?)\s*$")
DOCS = re.compile(r"^(?:[\w.\[\]-]+\s+)?--\s+(?:\([^)]*\)\s*)?(?P<text>.*)$")
DOCS_SECTION = re.compile(r"^@section\s+--\s+(?P<title>\S.*?)\s*$")
# a line of YAML that was commented out; prose with a colon starts with one of these words
CODE = re.compile(
    r"^(?:-\s*)?(?!(?:ref|see|note|nb|default|example|warning|tip|important|e\.g|i\.e|https?)\b)"
    r"[\w.$\"'/-]+:(?:\s|$)|^-\s+[\w\"'{$/.-]+$|^[{}\[\]|>]+$|^---",
    re.IGNORECASE,
)
LEAD_IN = re.compile(
    r"^(?:e\.?g\.?|for example|examples?|ex\.?|like this|usage)\b[^.]{0,40}:?\.?$", re.IGNORECASE
)
NOISE = re.compile(
    r"^(?:SPDX-|Copyright|yaml-language-server|@(?:skip|ignore|raw|default|notationType)\b|[=*~_-]{3,}$)"
)


@dataclass(frozen=True)
class Comments:
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def params(self) -> dict[str, str]:
        """Bitnami's descriptions by dotted path."""
        found = filter(None, map(PARAM.match, self.lines))
        return {each["path"]: _bounded(each["text"].strip()) for each in found}

    @cached_property
    def _sections(self) -> list[tuple[int, str]]:
        matches = ((number, SECTION.match(line)) for number, line in enumerate(self.lines))
        return [(number, found["title"]) for number, found in matches if found]

    def section(self, line: int, column: int) -> str:
        """The heading that a key of the first level stands under; "" for none."""
        for each in self._above(line, column):
            if found := DOCS_SECTION.match(each):
                return found["title"]
        at = bisect_right(self._sections, (line, ""))
        return self._sections[at - 1][1] if at else ""

    def description(self, path: str, line: int, column: int, behind: int | None) -> str:
        """Of the key at `line` and `column`, from 0; its value ends at column `behind` of the same line."""
        return self.params.get(path) or _prose(self._above(line, column)) or self._behind(line, behind)

    def _above(self, line: int, column: int) -> list[str]:
        """The comment that stands right above a key, as far in as the key."""
        found: list[str] = []
        for number in range(line - 1, -1, -1):
            text = self.lines[number]
            bare = text.lstrip()
            if not bare.startswith("#") or len(text) - len(bare) != column:
                break
            found.append(bare.strip("# \t"))
        return found[::-1]

    def _behind(self, line: int, column: int | None) -> str:
        rest = self.lines[line][column:].strip() if column is not None and line < len(self.lines) else ""
        return _prose([rest.lstrip("#").strip()]) if rest.startswith("#") else ""


def _prose(comment: list[str]) -> str:
    """Sentences of a comment, without annotations and examples in YAML."""
    starts = [number for number, line in enumerate(comment) if DOCS.match(line)]
    if starts:
        first = DOCS.match(comment[starts[-1]])
        comment = [first["text"] if first else "", *comment[starts[-1] + 1 :]]
    lines: list[str] = []
    for line in _without_blocks(comment):
        if line.startswith("@") and starts:
            break
        if line.startswith("@") or NOISE.match(line):
            continue
        if CODE.match(line) and not (starts and not lines):
            break
        lines.append(line)
    while lines and (not lines[-1] or LEAD_IN.match(lines[-1])):
        lines.pop()
    return _bounded(re.sub(r"\s+", " ", " ".join(lines)).strip())


def _without_blocks(comment: list[str]) -> list[str]:
    """Without what stands between two lines `@schema`, which is JSON Schema in YAML."""
    kept, inside = [], False
    for line in comment:
        if line == "@schema":
            inside = not inside
        elif not inside:
            kept.append(line)
    return kept


def _bounded(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return text[:MOST_CHARACTERS].rsplit(" ", 1)[0] + " …"
