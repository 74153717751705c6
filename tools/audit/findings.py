"""What is known against a pinned package, and which of it is waived for now."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tools.setup.commands import SetupFailed

LONGEST_WAIVER = timedelta(days=90)


@dataclass(frozen=True)
class Finding:
    """`names` are the identifiers under which it is known, the first one its own."""

    package: str
    version: str
    names: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        also = f" ({', '.join(self.names[1:])})" if self.names[1:] else ""
        return f"{self.package} {self.version}: {self.names[0]}{also}: {self.text}"


@dataclass(frozen=True)
class Waiver:
    """`until` is the last day on which it holds."""

    package: str
    id: str
    reason: str
    until: date

    def covers(self, finding: Finding) -> bool:
        return self.package == finding.package and self.id in finding.names


def read_waivers(file: Path, today: date) -> list[Waiver]:
    """The waivers that hold today. Raises SetupFailed for one that is expired, too long or not understood."""
    try:
        entries = tomllib.loads(file.read_text()).get("waiver", []) if file.exists() else []
        waivers = [
            Waiver(str(each["package"]), str(each["id"]), str(each["reason"]).strip(), each["until"])
            for each in entries
        ]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as exc:
        raise SetupFailed(
            f"{file.name} cannot be read ({exc!r}): each [[waiver]] has package, id, reason and until."
        ) from exc
    for waiver in waivers:
        _check(waiver, file, today)
    return waivers


def _check(waiver: Waiver, file: Path, today: date) -> None:
    subject = f"{file.name}: the waiver of {waiver.id} for {waiver.package}"
    if type(waiver.until) is not date:
        raise SetupFailed(f"{subject} needs a date such as until = 2027-01-31.")
    if not waiver.reason:
        raise SetupFailed(f"{subject} needs a reason.")
    if waiver.until < today:
        raise SetupFailed(f"{subject} expired on {waiver.until}. Update the package, or decide again.")
    if waiver.until > today + LONGEST_WAIVER:
        raise SetupFailed(f"{subject} may run for {LONGEST_WAIVER.days} days at the most.")


def apart(
    findings: Iterable[Finding], waivers: Sequence[Waiver]
) -> tuple[list[Finding], list[Finding], list[Waiver]]:
    """(open, waived, waivers of nothing)."""
    found = list(findings)
    waived = [each for each in found if any(waiver.covers(each) for waiver in waivers)]
    idle = [waiver for waiver in waivers if not any(waiver.covers(each) for each in found)]
    return [each for each in found if each not in waived], waived, idle
