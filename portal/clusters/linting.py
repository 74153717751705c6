"""`helm lint` for charts that nobody trusts: bounded like rendering, without credentials or a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from portal.clusters import binary as helm_binary
from portal.clusters import process
from portal.clusters.errors import HelmKilled, HelmMissing, RenderLimitExceeded
from portal.clusters.rendering import DEFAULT_LIMITS, checked
from portal.clusters.types import MIB, RenderLimits
from portal.core.digests import canonical

Severity = Literal["info", "warning", "error"]
MOST = 50
MAX_MESSAGE = 600
_FINDING = re.compile(r"^\[(INFO|WARNING|ERROR)\] (?:(\S+?): )?(.*)$")
_SEVERITY: Mapping[str, Severity] = {"INFO": "info", "WARNING": "warning", "ERROR": "error"}


@dataclass(frozen=True)
class LintFinding:
    """`path` is the chart's file, where helm names one."""

    severity: Severity
    path: str
    message: str


def lint(
    chart: Path,
    *,
    values: Mapping[str, Any],
    limits: RenderLimits = DEFAULT_LIMITS,
    binary: Path | str | None = None,
) -> tuple[LintFinding, ...]:
    """What helm remarks about a chart, the first 50. Raises ChartDoesNotRender and RenderLimitExceeded."""
    chart = checked(chart)
    helm = helm_binary.find(binary)
    with helm_binary.home() as home:
        env = helm_binary.environment(home, network=False)
        env["GOMEMLIMIT"] = f"{limits.memory_bytes * 8 // 10 // MIB}MiB"
        try:
            done = process.run(
                [str(helm), "lint", str(chart), "--values", "-"],
                stdin=canonical(values),
                env=env,
                cwd=home,
                bounds=process.Bounds(limits.seconds, limits.output_bytes, limits.memory_bytes),
            )
        except process.ChildError:
            raise RenderLimitExceeded("Linting the chart takes more than is allowed.") from None
        except OSError as exc:
            raise HelmMissing(f"{helm} cannot be run. {helm_binary.HOW_TO_INSTALL}") from exc
    if done.returncode < 0:
        raise HelmKilled
    said = done.stdout.decode(errors="replace").replace(str(chart), chart.name)
    return tuple(_findings(said))[:MOST]


def _findings(said: str) -> Iterator[LintFinding]:
    """One a mark; what follows on lines of its own belongs to it."""
    found: tuple[Severity, str, list[str]] | None = None
    for line in [*said.splitlines(), "[INFO] "]:
        match = _FINDING.match(line)
        if match is None:
            if found is not None and line.strip() and not line.startswith("==>"):
                found[2].append(line.strip())
            continue
        if found is not None:
            yield LintFinding(found[0], found[1], " ".join(found[2])[:MAX_MESSAGE])
        found = (_SEVERITY[match[1]], match[2] or "", [match[3]])
