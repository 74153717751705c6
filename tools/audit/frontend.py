"""Front-end packages: `npm audit`, and where the registry has no such service, whether one is deprecated."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.audit.findings import Finding
from tools.audit.packages import ABSENT, PAUSES, IndexAway

SECONDS = 60


def pins_in(lock: Path) -> list[tuple[str, str]]:
    packages = json.loads(lock.read_text())["packages"]
    return [
        (name.rpartition("node_modules/")[2], entry["version"]) for name, entry in packages.items() if name
    ]


def ask(npm: Sequence[str | Path], folder: Path) -> tuple[list[Finding], bool]:
    """What is known, and whether the registry tells of advisories. Raises IndexAway."""
    said = _npm(npm, folder, "audit", "--json", "--package-lock-only", "--ignore-scripts")
    if said is not None:
        return _advisories(said), True
    found = []
    for name, version in pins_in(folder / "package-lock.json"):
        why = _npm(npm, folder, "view", f"{name}@{version}", "deprecated", "--json")
        if why:
            found.append(Finding(name, version, (f"deprecated:{version}",), str(why)))
    return found, False


def _advisories(said: Any) -> list[Finding]:
    found = {}
    for name, entry in said["vulnerabilities"].items():
        for via in entry["via"]:
            if isinstance(via, dict):  # else it is the name of the dependency that has it
                identity = str(via.get("url") or via.get("source")).rpartition("/")[2]
                text = f"{via.get('title')} ({via.get('severity')}). Affected: {via.get('range')}."
                found[name, identity] = Finding(name, "", (identity,), text)
    return list(found.values())


def _npm(npm: Sequence[str | Path], folder: Path, *arguments: str) -> Any:
    """What npm answers, None when it or the registry says that there is no such thing. Raises IndexAway."""
    why = ""
    for pause in (0.0, *PAUSES):
        time.sleep(pause)
        done = subprocess.run(
            [*map(str, npm), *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        try:
            said = json.loads(done.stdout or "null")
        except ValueError:
            said = {}
        if arguments[0] == "view" and done.returncode == 0:
            return said
        if isinstance(said, dict) and "vulnerabilities" in said:
            return said
        status = said.get("statusCode") if isinstance(said, dict) else None
        if status in ABSENT:
            return None
        why = f"it answers {status}" if status else (done.stderr.strip().splitlines() or ["no answer"])[0]
    raise IndexAway(f"The npm registry does not answer ({why}). Run this again when it is back.")
