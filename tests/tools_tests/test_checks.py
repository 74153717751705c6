"""`make test` cannot be green when a stage is red, and CI runs nothing else."""

import os
import re
import subprocess
import sys

import pytest

from tools import checks
from tools.paths import ROOT

PASSES = checks.Stage("passes", ["python", "-c", "print('quiet')"])
FAILS = checks.Stage("fails", ["python", "-c", "print('the reason'); raise SystemExit(3)"])


def test_a_failing_check_is_named_with_its_words_and_the_others_run_on(monkeypatch, capsys):
    monkeypatch.setattr(checks, "LINT", [FAILS, PASSES])
    assert checks.lint() == ["fails"]
    said = capsys.readouterr().out
    assert "the reason" in said
    assert re.search(r"✓ passes +\d+\.\d s", said)
    assert "quiet" not in said


@pytest.mark.parametrize(("stages", "status"), [([PASSES], 0), ([PASSES, FAILS], 1)])
def test_the_exit_status_tells(monkeypatch, stages, status):
    monkeypatch.setattr(checks, "LINT", stages)
    assert checks.main(["lint"]) == status


def test_an_unknown_plan_is_a_wrong_call(capsys):
    assert checks.main(["everything"]) == 2
    assert "lint|test|bench" in capsys.readouterr().err


def test_the_second_run_keeps_only_tests_that_use_the_database(tmp_path):
    (tmp_path / "test_kinds.py").write_text(
        "import pytest\n"
        "def test_pure(): pass\n"
        "@pytest.mark.django_db\n"
        "def test_marked(): pass\n"
        "def test_fixture(db): pass\n"
        "@pytest.fixture\n"
        "def organisation(db): pass\n"
        "def test_indirect(organisation): pass\n"
    )
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tools.database_tests_only", "--collect-only", "-q"),
            *("--noconftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert re.findall(r"::(test_\w+)", result.stdout) == ["test_marked", "test_fixture", "test_indirect"]


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("def test_it(): pass", 0),
        ("def test_it(): pytest.skip('no browser here')", 1),
        ("pytest.skip('not here', allow_module_level=True)", 1),
        ("@pytest.mark.xfail\ndef test_it(): assert False", 0),
    ],
)
def test_a_skipped_test_fails_the_run(tmp_path, body, status, workers):
    (tmp_path / "test_one.py").write_text(f"import pytest\n{body}\n")
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tools.no_skips", "-n", workers, "-q"),
            *("-c", str(tmp_path / "pytest.ini"), str(tmp_path)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == status, result.stdout
    assert ("skipped tests fail this run" in result.stdout) is bool(status)


def test_ci_runs_make_test_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text()
    assert script.splitlines()[-1] == "exec make test"
    assert "set -euo pipefail" in script


def test_every_target_is_explained():
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[1].split())
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))
    assert phony - explained == {"embedded", "dev"}
