"""`python -m tools.checks lint|test|bench`: every check, with the time that each took.

All stages run even when one fails, so that one run tells everything. Each run of pytest ends with its own
time; the last lines of a green `test` are pytest's summary of the largest one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tools import console, postgres
from tools.paths import ROOT, VENV

# what production demands, to have its settings checked; nothing connects to these
_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SLIPWAY_SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-!$%",
    "SLIPWAY_AUDIT_KEY": "MDEyMzQ1Njc4OSwgMDEyMzQ1Njc4OSwgMDEyMzQ1Njc=",
    "SLIPWAY_ALLOWED_HOSTS": "portal.example.org",
    "SLIPWAY_DATABASE_URL": "postgres://slipway:slipway@db.example.org/slipway",
    "SLIPWAY_BROKER_URL": "redis://broker.example.org/0",
}
_TESTING = {"DJANGO_SETTINGS_MODULE": "portal.settings.test"}
_PYTEST = [
    *("python", "-m", "pytest", "-n", "2", "-q"),
    *("-p", "tools.no_skips", "-m", "not benchmark"),
]
# apart: Playwright leaves an event loop in its process, in which Django refuses to run async views
_BROWSER = ["tests/browser"]
# how pages look, move and weigh does not depend on the database: once is enough
_LOOKS = [f"--ignore=tests/browser/test_{name}.py" for name in ("accessibility", "stability", "weight")]
_OTHERS = ["tests", "--ignore=tests/browser"]


@dataclass(frozen=True)
class Stage:
    """One command of .venv/bin with its arguments."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *, quiet: bool) -> tuple[int, str, float]:
        """Exit status, output (empty unless quiet) and seconds."""
        started = time.monotonic()
        result = subprocess.run(
            [str(VENV / "bin" / self.command[0]), *self.command[1:]],
            cwd=ROOT,
            env={**_own(), **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            check=False,
        )
        return result.returncode, (result.stdout or b"").decode(errors="replace"), time.monotonic() - started


def _own() -> dict[str, str]:
    """What this process was given; but compiled modules are kept, or every process compiles them again."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


LINT = [
    Stage("mypy", ["mypy", "portal", "services_catalog", "tools"]),
    Stage("ruff check", ["ruff", "check", "."]),
    Stage("ruff format", ["ruff", "format", "--check", "."]),
    Stage("import-linter", ["lint-imports"]),
    Stage("djlint", ["djlint", "--lint", "--quiet", "templates"]),
    Stage("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"], _TESTING),
    Stage("settings", ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"], _PRODUCTION),
    Stage("catalog", ["python", "manage.py", "catalog", "check"], _TESTING),
    Stage("policies", ["python", "manage.py", "policy", "docs", "--check"], _TESTING),
]


def main(arguments: list[str]) -> int:
    """0 when all is well, 1 when a stage failed, 2 on a wrong call."""
    plans = {"lint": lint, "test": test, "bench": bench}
    if len(arguments) != 1 or arguments[0] not in plans:
        print(f"usage: python -m tools.checks {'|'.join(plans)}", file=sys.stderr)
        return 2
    try:
        failed = plans[arguments[0]]()
    except KeyboardInterrupt:
        return 130
    if failed:
        console.fail(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def lint() -> list[str]:
    """Names of the checks that failed, their output above."""
    console.heading("Checks")
    with ThreadPoolExecutor(2) as pool:
        # a failing check's words follow its line, whole
        outcomes = zip(LINT, pool.map(lambda stage: stage.run(quiet=True), LINT), strict=True)
        return [stage.name for stage, outcome in outcomes if not _report(stage.name, *outcome)]


def test() -> list[str]:
    """Names of the stages that failed. The largest one comes last."""
    failed = lint() + audit()
    try:
        with postgres.server() as url:
            environment = {"SLIPWAY_DATABASE_URL": url, "SLIPWAY_TEST_DATABASE": "postgres"}
            only = ["-p", "tools.database_tests_only"]
            failed += _pytest("browser tests on PostgreSQL", [*_BROWSER, *_LOOKS], environment)
            failed += _pytest("tests that use the database, on PostgreSQL", [*only, *_OTHERS], environment)
    except postgres.PostgresFailed as failure:
        console.fail(str(failure))
        failed.append("PostgreSQL")
    failed += _pytest("browser tests on SQLite", _BROWSER)
    return failed + _pytest("all other tests, on SQLite", _OTHERS)


def audit() -> list[str]:
    """What is known against the pinned packages, on show also when all is well."""
    console.heading("Pinned packages")
    status, _, _ = Stage("audit of the pinned packages", ["python", "-m", "tools.audit"]).run(quiet=False)
    return ["audit of the pinned packages"] if status else []


def bench() -> list[str]:
    """Benchmarks measure alone: one process, nothing beside it."""
    status, _, _ = Stage(
        "bench", ["python", "-m", "pytest", "-m", "benchmark", "-s", "tests/benchmarks"]
    ).run(quiet=False)
    return ["bench"] if status else []


def _pytest(name: str, arguments: list[str], environment: dict[str, str] | None = None) -> list[str]:
    console.heading(name.capitalize())
    # both workers must collect the same tests in the same order, also those made from sets
    stage = Stage(name, [*_PYTEST, *arguments], {"PYTHONHASHSEED": "0", **(environment or {})})
    status, _, _ = stage.run(quiet=False)
    return [name] if status else []


def _report(name: str, status: int, output: str, seconds: float) -> bool:
    if status == 0:
        console.done(name, seconds)
        return True
    console.say(f"  {console.paint('✗', 'red')} {name:<46} {seconds:6.1f} s\n{output.rstrip()}\n")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
