"""Python packages: what the package index knows against the pinned releases.

An index's JSON documents carry the advisories of PyPI's own database (OSV) for one release: the newest in the
project's document, any other in the release's own. Some mirrors serve the former only. Then a pin that is not
the newest release is *not told about*, and that is said; it is not taken for clean.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pip._internal.models.index import PyPI

from tools.audit.findings import Finding
from tools.setup.commands import SetupFailed

# abandoned with known holes: an index that tells of none would make everything look clean
CANARY = ("pycrypto", "2.6.1")
PAUSES = (1.0, 3.0, 9.0)
SECONDS, WORKERS, MOST_BYTES = 30, 6, 32 * 1024 * 1024
# a status that says "not here", as opposed to "not now"
ABSENT = frozenset({404, 405, 410, 501})
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class IndexAway(SetupFailed):
    """The index does not answer, or not as an index does."""


@dataclass(frozen=True)
class Told:
    """What the index says of one pin; `known` is false where it does not tell of this release."""

    package: str
    version: str
    newest: str
    known: bool
    findings: tuple[Finding, ...]


def pins_in(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Every (name, version) of these lock files, once."""
    return sorted({pin for file in files for pin in _PIN.findall(file.read_text())})


def index_url() -> str:
    """Where JSON documents are, beside the index that pip is set up with."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = re.findall(r"^(?:global|install|:env:)\.index-url='([^']+)'", said.stdout, re.MULTILINE)
    configured = (os.environ.get("PIP_INDEX_URL") or (found[-1] if found else "")).rstrip("/")
    return f"{configured.removesuffix('/simple')}/pypi" if configured else PyPI.pypi_url


def ask_all(pins: Iterable[tuple[str, str]], index: str) -> list[Told]:
    """Raises IndexAway when the index does not answer, or does not tell of advisories at all."""
    if not ask(CANARY, index).findings:
        raise IndexAway(
            f"The package index tells nothing against {' '.join(CANARY)}, which is known to be vulnerable: "
            "what it says of other packages proves nothing. Use an index that serves advisories."
        )
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda pin: ask(pin, index), pins))


def ask(pin: tuple[str, str], index: str) -> Told:
    """One pin; two requests at the most."""
    package, version = pin
    project = _document(f"{index}/{package}/json")
    if project is None:
        return Told(package, version, "", False, (_missing(package, version, "the project"),))
    newest = str(project["info"]["version"])
    release = project if newest == version else _document(f"{index}/{package}/{version}/json")
    findings = list(_advisories(package, version, release or project, about=newest if not release else ""))
    files = (project.get("releases") or {}).get(version, (release or {}).get("urls"))
    if not files:
        findings.append(_missing(package, version, "this release"))
    elif all(file.get("yanked") for file in files):
        why = next((file["yanked_reason"] for file in files if file.get("yanked_reason")), "no reason given")
        findings.append(
            Finding(package, version, (f"yanked:{version}",), f"taken back by its authors: {why}")
        )
    return Told(package, version, newest, release is not None, tuple(findings))


def _missing(package: str, version: str, what: str) -> Finding:
    return Finding(package, version, (f"missing:{version}",), f"the index does not have {what} (any more)")


def _advisories(package: str, version: str, document: Mapping[str, Any], about: str) -> Iterable[Finding]:
    seen: set[str] = set()
    for entry in document.get("vulnerabilities") or ():
        names = (str(entry["id"]), *map(str, entry.get("aliases") or ()))
        if entry.get("withdrawn") or seen & set(names):  # databases copy from one another
            continue
        seen |= set(names)
        fixed = ", ".join(map(str, entry.get("fixed_in") or ())) or "nothing yet"
        words = str(entry.get("summary") or entry.get("details") or "").strip().splitlines()
        said = f"{(words or [''])[0][:160]} Fixed in: {fixed}."
        yield Finding(package, version, names, f"(told of {about}) {said}" if about else said)


def _document(url: str) -> dict[str, Any] | None:
    """None when the index says that it has no such document. Tries again what may be better in a moment."""
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
    why = ""
    for pause in (0.0, *PAUSES):
        time.sleep(pause)
        request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:  # noqa: S310
                return _read(answer.read(MOST_BYTES + 1))
        except urllib.error.HTTPError as exc:
            if exc.code in ABSENT:
                return None
            why = f"it answers {exc.code}"
        except (OSError, ValueError, KeyError) as exc:  # timeouts, and what is no such document
            why = str(exc) or type(exc).__name__
    raise IndexAway(
        f"The package index does not answer ({why}), after {len(PAUSES) + 1} attempts. "
        "Nothing is known about the pinned packages now. Run this again when it is back."
    )


def _read(content: bytes) -> dict[str, Any]:
    document = json.loads(content)
    if not isinstance(document, dict) or "info" not in document or "vulnerabilities" not in document:
        raise ValueError("its document has no advisories")
    return document
