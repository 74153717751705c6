"""What the cluster itself says, by real kubectl and helm; every read is printed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import console
from tools.scenario.api import StepFailed

SECONDS = 60
SHOWN_LINES = 12


@dataclass(frozen=True)
class Cluster:
    """A kubeconfig and the two programs that read through it."""

    kubeconfig: Path
    programs: Path

    def kubectl(self, *words: str) -> str:
        """Run kubectl and show what it says. StepFailed when it fails."""
        return self._shown("kubectl", words)

    def helm(self, *words: str) -> str:
        """Run helm and show what it says. StepFailed when it fails."""
        return self._shown("helm", words)

    def objects(self, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """Objects of a kind, also printed as kubectl's own table."""
        words = ["get", kind, "-n", namespace, *(["-l", selector] if selector else [])]
        self.kubectl(*words)
        found: list[dict[str, Any]] = json.loads(self._run("kubectl", [*words, "-o", "json"]).stdout)["items"]
        return found

    def one(self, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """One object, also printed as kubectl's own table. StepFailed when it is not there."""
        words = ["get", kind, name, *(["-n", namespace] if namespace else [])]
        self.kubectl(*words)
        found: dict[str, Any] = json.loads(self._run("kubectl", [*words, "-o", "json"]).stdout)
        return found

    def release(self, name: str, namespace: str) -> dict[str, Any]:
        """`helm status` as data; its history is printed. StepFailed when helm knows no such release."""
        self.helm("history", name, "-n", namespace, "--max", "5")
        found: dict[str, Any] = json.loads(
            self._run("helm", ["status", name, "-n", namespace, "-o", "json"]).stdout
        )
        return found

    def absent(self, program: str, *words: str) -> None:
        """Show that something is not there. StepFailed when it is."""
        result = self._run(program, words, check=False)
        said = result.stderr.strip().splitlines()[-1:] or ["(nothing)"]
        if result.returncode == 0 and result.stdout.strip():
            raise StepFailed(f"{program} {shlex.join(words)} should find nothing: {result.stdout[:500]}")
        if result.returncode != 0 and "not found" not in result.stderr.lower():
            raise StepFailed(f"{program} {shlex.join(words)}: {result.stderr[:500]}")
        _show(program, words, said)

    def refused(self, program: str, *words: str) -> str:
        """Show how something is refused, and what is said. StepFailed when it is not."""
        result = self._run(program, words, check=False)
        if result.returncode == 0:
            raise StepFailed(f"{program} {shlex.join(words)} should be refused: {result.stdout[:500]}")
        _show(program, words, result.stderr.strip().splitlines())
        return result.stderr

    def _shown(self, program: str, words: Iterable[str]) -> str:
        words = list(words)
        output = self._run(program, words).stdout
        _show(program, words, output.rstrip().splitlines())
        return output

    def _run(
        self, program: str, words: Iterable[str], *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        words = list(words)
        result = subprocess.run(
            [str(self.programs / program), "--kubeconfig", str(self.kubeconfig), *words],
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if check and result.returncode != 0:
            raise StepFailed(
                f"{program} {shlex.join(words)}: {(result.stderr or result.stdout).strip()[:1000]}"
            )
        return result


def check(fact: bool, what: str) -> None:
    """Print a verified fact; StepFailed when it does not hold."""
    if not fact:
        raise StepFailed(f"not so in the cluster: {what}")
    console.say(f"      {console.paint('✓', 'green')} {what}")


def _show(program: str, words: Iterable[str], lines: list[str]) -> None:
    console.say(console.paint(f"      $ {program} {shlex.join(words)}", "blue"))
    for line in lines[:SHOWN_LINES]:
        console.say(console.paint(f"        {line[:150]}", "dim"))
    if len(lines) > SHOWN_LINES:
        console.say(console.paint(f"        … {len(lines) - SHOWN_LINES} more lines", "dim"))
