"""Answer recorded admission cases (the format of tests/data/admission-verdicts.json), one after the other.

JSON is a list with one answer for each case: name, policyAccepted, allowed, httpStatus, reason, message,
warning. Text also says where an answer differs from what a case expects.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from portal.core.errors import SlipwayError
from portal.lifecycle.commands.policy.console import Console, add_output
from portal.lifecycle.commands.policy.sources import STDIN
from portal.policy.cases import KEYS, answer
from portal.policy.recent import RecentBundles

HELP = "say what the API server would say of recorded cases"

Answers = Iterator[tuple[Any, dict[str, Any]]]


class CasesUnreadable(SlipwayError):
    code = "cases_unreadable"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "cases", metavar="CASES", help="a JSON list of cases in a file, or - for standard input"
    )
    add_output(parser, "json", "text")


def run(options: Mapping[str, Any], console: Console) -> int:
    cases = _read(options["cases"])
    bundles = RecentBundles()
    tell: Callable[[Answers, Console], None] = _json if options["output"] == "json" else _text
    started = time.perf_counter()
    tell(((case, answer(case, bundles.load)) for case in cases), console)
    seconds = max(time.perf_counter() - started, 1e-6)
    console.notes.write(
        f"{len(cases):,} cases in {seconds:.2f} s, {len(cases) / seconds:,.0f} a second; "
        f"{bundles.compiled:,} policies compiled.\n"
    )
    return 0


def _read(name: str) -> list[Any]:
    try:
        content = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        cases = json.loads(content)
    except OSError as exc:
        raise CasesUnreadable(f"{name} cannot be read: {exc.strerror}.") from exc
    except (ValueError, RecursionError) as exc:
        raise CasesUnreadable(f"{name} is not JSON: {exc}.") from exc
    if not isinstance(cases, list):
        raise CasesUnreadable(f"{name} is not a list of cases.")
    return cases


def _json(answers: Answers, console: Console) -> None:
    """Written as it comes, so that a long list needs no memory."""
    console.out.write("[")
    separator = "\n"
    for _, said in answers:
        console.out.write(separator + json.dumps(said, ensure_ascii=False))
        separator = ",\n"
    console.out.write("\n]\n")


def _text(answers: Answers, console: Console) -> None:
    counts: Counter[str] = Counter()
    for case, said in answers:
        outcome = _outcome(said)
        counts[outcome] += 1
        detail = f": {said['message']}" if said["message"] else ""
        status = f" {said['httpStatus']}" if said["httpStatus"] else ""
        console.out.write(f"{outcome}{status}  {said['name']}{detail}\n")
        for part, expected in _differences(case, said):
            counts["different"] += 1
            console.out.write(f"    expected {part} {json.dumps(expected, ensure_ascii=False)}\n")
    console.out.write(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) + "\n")


def _outcome(said: Mapping[str, Any]) -> str:
    if said["policyAccepted"] is False:
        return "policy refused"
    return "allowed" if said["allowed"] else "denied"


def _differences(case: Any, said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    expected = case.get("expect") if isinstance(case, Mapping) else None
    if isinstance(expected, Mapping):
        for part in KEYS[1:]:
            if expected.get(part) != said[part]:
                yield part, expected.get(part)
