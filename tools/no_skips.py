"""A pytest plugin: a skipped test ends the run red. What a test needs is installed, never done without."""

from __future__ import annotations

import pytest

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note each skip that is not an expected failure."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note each module that skipped itself."""
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn green into red."""
    if _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so above the last line."""
    if _skipped:
        terminalreporter.write_sep("=", "skipped tests fail this run", red=True)
        for nodeid in dict.fromkeys(_skipped):
            terminalreporter.write_line(nodeid)
