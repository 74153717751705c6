"""The report for people: object by object, what blocks first, each finding with how to fix it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from portal.policy.judging import RANK
from portal.policy.reports.report import Placed, Report
from portal.policy.types import SEVERITIES, Outcome, Verdict

COLOURS: Mapping[Outcome, str] = {
    "error": "31;1",
    "deny": "31;1",
    "warn": "33;1",
    "audit": "36",
    "waived": "36",
    "pass": "32;1",
}
BOLD, DIM = "1", "2"
# a full stop that ends a sentence, not one inside of `app:1.2.3`
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
# what would move the cursor or change the colour of the reader's terminal
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass
class _Line:
    """One finding, and in which environments it is one."""

    placed: Placed
    environments: list[str] = field(default_factory=list)


def render(report: Report, *, colour: bool = False) -> str:
    paint = _Paint(colour)
    lines: list[str] = []
    for group in _by_object(report.findings):
        lines += [*_object(group, report, paint), ""]
    return "\n".join([*lines, _summary(report, paint)])


class _Paint:
    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text


def _by_object(findings: Iterable[Placed]) -> list[list[_Line]]:
    """The findings of each object, gravest first; objects that are refused before the others."""
    lines: dict[tuple[object, ...], _Line] = {}
    for each in findings:
        verdict = each.verdict
        same = (each.file, each.line, verdict.key, verdict.policy, verdict.rule, verdict.path)
        line = lines.setdefault((*same, verdict.outcome, verdict.message), _Line(each))
        line.environments.append(each.environment)
    objects: dict[tuple[object, ...], list[_Line]] = {}
    for line in lines.values():
        objects.setdefault((line.placed.file, line.placed.line, line.placed.verdict.key), []).append(line)
    groups = [sorted(group, key=_gravity) for group in objects.values()]
    return sorted(groups, key=lambda group: not group[0].placed.verdict.blocks)


def _gravity(line: _Line) -> tuple[int, int, str, int]:
    verdict = line.placed.verdict
    return -RANK[verdict.outcome], -SEVERITIES.index(verdict.severity), verdict.policy, verdict.rule


def _object(lines: Sequence[_Line], report: Report, paint: _Paint) -> list[str]:
    first = lines[0].placed
    key = first.verdict.key
    name = _plain(str(key)) if key.kind else "a document"
    namespace = f" in namespace {_plain(key.namespace)}" if key.namespace else ""
    place = paint(f"{_plain(first.file)}:{first.line}", DIM)
    told = [f"{paint(name, BOLD)}{namespace}  {place}"]
    # several rules of one policy share its remediation
    for _, members in groupby(
        lines, key=lambda line: (line.placed.verdict.outcome, line.placed.verdict.policy)
    ):
        group = list(members)
        told += [_finding(line, report, paint) for line in group]
        told += _advice(group[-1].placed.verdict, paint)
    return told


def _advised(line: _Line) -> tuple[str, str]:
    return line.placed.verdict.outcome, line.placed.verdict.policy


def _finding(line: _Line, report: Report, paint: _Paint) -> str:
    verdict = line.placed.verdict
    outcome = paint(f"{verdict.outcome:<6}", COLOURS[verdict.outcome])
    where = f" ({', '.join(line.environments)})" if len(report.environments) > 1 else ""
    path = f" at {verdict.path}" if verdict.path else ""
    title = f"{verdict.policy}{path}, {verdict.severity}{where}"
    return f"  {outcome} {_plain(title)}: {_plain(verdict.message)}"


def _advice(verdict: Verdict, paint: _Paint) -> list[str]:
    if verdict.outcome == "waived":
        return [paint(f"         Exception {verdict.exception} allows it until {verdict.until}.", DIM)]
    fix = " [ready fix]" if verdict.fix else ""
    first = _first_sentence(verdict.remediation)
    return [paint(f"         To fix it: {first}{fix}", DIM)] if first or fix else []


def _first_sentence(markdown: str) -> str:
    return _SENTENCE.split(_plain(markdown), maxsplit=1)[0]


def _plain(text: str) -> str:
    """On one line, without control characters: names in files are other people's texts."""
    return _CONTROLS.sub("", " ".join(text.split()))


def _summary(report: Report, paint: _Paint) -> str:
    judgement = report.judgement
    counts = [f"{judgement.passed} passed", f"{judgement.warned} warned", f"{judgement.denied} denied"]
    if judgement.waived:
        counts.insert(1, f"{judgement.waived} waived")
    judged = f"{_count(report.objects, 'object')} in {_count(report.files, 'file')}"
    where = f" for {', '.join(report.environments)}" if any(report.environments) else ""
    said = paint("Allowed", COLOURS["pass"]) if judgement.allowed else paint("Denied", COLOURS["deny"])
    fixes = " Ready fixes are in --output json." if any(verdict.fix for verdict in judgement.verdicts) else ""
    return f"{said}{where}: {judged}; {', '.join(counts)}.{fixes}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
