"""Finding out whether what is ready also works: rounds of an offering's checks until all were right often
enough in a row, or the time is over.

One round is one short step of a worker. What each check said last is kept in the change's row, so that any
worker goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from portal.clusters.proxy import ServiceProxy
from portal.core import clock
from portal.lifecycle.check_results import Result
from portal.lifecycle.models import ChangeRequest, Release, ServiceInstance
from portal.lifecycle.operations import checks, secrets
from portal.lifecycle.operations.checks import Check, Finding
from services_catalog.verification import WITHIN_SECONDS

CONCURRENT = 8
MOST_SAID = 300


def begin(release: Release, instance: ServiceInstance) -> tuple[list[Result], timedelta] | None:
    """Results before the first round and the time there is; None for a version that declares no checks."""
    planned = checks.of_release(release, instance)
    if not planned:
        return None
    within = release.offering_version.verification.get("within_seconds", WITHIN_SECONDS)
    return [_result(check, {}) for check in planned], timedelta(seconds=within)


def look(change: ChangeRequest, release: Release, *, unready: str) -> list[Result]:
    """One round: every check once, at the same time. With `unready` objects nothing is asked, and nothing is
    right. Takes some seconds at the most; raises nothing for what a cluster or a service does."""
    planned = checks.of_release(release, change.subject)
    before = {each["name"]: each for each in change.verifications}
    if unready:
        findings = [Finding(False, f"not asked: {unready}")] * len(planned)
    else:
        proxy = ServiceProxy(change.subject.environment.cluster.connection)
        with ThreadPoolExecutor(min(CONCURRENT, len(planned) or 1)) as pool:
            findings = list(pool.map(lambda check: checks.run(check, proxy), planned))
    redact = secrets.Redactor(secrets.of(release.offering_version.values_schema, release.values))
    return [
        _told(_result(check, before.get(check.name, {})), finding, redact)
        for check, finding in zip(planned, findings, strict=True)
    ]


def _result(check: Check, before: Mapping[str, Any]) -> Result:
    fresh = {
        "name": check.name,
        "kind": check.kind,
        "asks": check.asks,
        "wanted": check.wanted,
        "times": check.times,
    }
    # what was counted of another declaration counts no more
    same = all(before.get(key) == value for key, value in fresh.items())
    counted = before if same else {"ok": None, "detail": "", "said": "", "passes": 0, "misses": 0, "at": None}
    return {**counted, **fresh, "since": before.get("since") or clock.now().isoformat()}


def _told(result: Result, finding: Finding, redact: secrets.Redactor) -> Result:
    return {
        **result,
        "ok": finding.ok,
        # cut only after masking, so that no part of a secret is left
        "detail": redact(finding.detail)[:MOST_SAID],
        "said": redact(finding.said)[:MOST_SAID],
        "passes": result["passes"] + 1 if finding.ok else 0,
        "misses": 0 if finding.ok else result["misses"] + 1,
        "at": clock.now().isoformat(),
    }
