"""What in a chart's templates can make two renderings differ.

Helm's functions are those of Sprig 3 without `env` and `expandenv`, and its own; each name here was tried
with helm 3.19 and 4.3. Deterministic in spite of their looks: `derivePassword`, `buildCustomCert`, `toDate`,
`range` over a map (sorted), `toYaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portal.core.pointers import pointer
from services_catalog.reproducibility.templates import Template, Token, actions, templates

Kind = Literal["random", "clock", "order", "cluster", "release", "network", "text"]

RANDOM = (
    "randAlphaNum randAlpha randAscii randNumeric randBytes randInt shuffle uuidv4 encryptAES bcrypt "
    "htpasswd genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert "
    "genSignedCertWithKey"
)
# take the time of now for what is no time
DATES = frozenset(["date", "date_in_zone", "dateInZone", "htmlDate", "htmlDateInZone", "durationRound"])
FUNCTIONS: Mapping[str, Kind] = {
    **dict.fromkeys(RANDOM.split(), "random"),
    **dict.fromkeys(("now", "ago", *sorted(DATES)), "clock"),
    "keys": "order",
    "values": "order",
    "lookup": "cluster",
    "getHostByName": "network",
    "tpl": "text",
}
# whose results are often the same by chance
BY_CHANCE = frozenset({"keys", "values", "shuffle", "randInt", "randNumeric", "randAlpha", "tpl"})
SETTLED = ("Name", "Namespace", "Service")
UNSETTLED = ("IsInstall", "IsUpgrade", "Revision")
BLOCKS = frozenset({"if", "with", "range", "define", "block"})


@dataclass(frozen=True)
class Source:
    """One place of a template. `values` are those (JSON pointers) that stand beside it or decide on it."""

    function: str
    kind: Kind
    file: str
    line: int
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function})"

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "values": list(self.values)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Source:
        return cls(**{**data, "values": tuple(data["values"])})


def scan(files: Mapping[str, bytes]) -> tuple[Source, ...]:
    """Every source of the chart and its subcharts, by file and line. Raises ChartUnusable."""
    found = (source for template in templates(files) for source in _sources(template))
    return tuple(dict.fromkeys(found))


def _sources(template: Template) -> Iterator[Source]:
    """A block's condition counts for what stands inside of it, its `else` included."""
    open_blocks: list[tuple[str, ...]] = []
    for tokens in actions(template.text):
        if not tokens:
            continue
        used = tuple(_values(tokens, template.scope))
        word = tokens[0].text if tokens[0].kind == "function" else ""
        if word == "end" and open_blocks:
            open_blocks.pop()
        elif word == "else" and open_blocks:
            open_blocks[-1] += used
        around = tuple(value for block in open_blocks for value in block)
        for name, kind, line in _unsettled(tokens):
            yield Source(name, kind, template.path, line, tuple(dict.fromkeys((*used, *around))))
        if word in BLOCKS:
            open_blocks.append(used)


def _unsettled(tokens: list[Token]) -> Iterator[tuple[str, Kind, int]]:
    called = {token.text for token in tokens if token.kind == "function"}
    for token in tokens:
        if token.kind == "path":
            name = _release(token.text)
            if name:
                yield name, "release", token.line
        kind = FUNCTIONS.get(token.text) if token.kind == "function" else None
        if not kind or (kind == "order" and "sortAlpha" in called):
            continue
        if token.text not in DATES or "now" not in called:  # `now | date …` is said once
            yield token.text, kind, token.line


def _release(path: str) -> str:
    """`.Release.IsUpgrade` and the like; `.Release` itself too, which may hand it on."""
    head, dot, rest = path.partition(".Release")
    if not dot or (head and not head.startswith("$")) or (rest and not rest.startswith(".")):
        return ""
    field = rest[1:].split(".")[0]
    if field in SETTLED:
        return ""
    return f".Release.{field}" if field in UNSETTLED else ".Release"


def _values(tokens: Iterable[Token], scope: tuple[str, ...]) -> Iterator[str]:
    for token in tokens:
        _, dot, rest = token.text.partition(".Values.")
        if token.kind == "path" and dot:
            parts = rest.split(".")
            yield pointer(parts if parts[0] == "global" else (*scope, *parts))
