"""`python -m tools.audit [FILE…]`: known vulnerabilities, yanked and vanished releases among what is pinned.

Without files: all of requirements/*.txt and package-lock.json. Asks the registries that pip and npm are set
up with, and nobody else. Waivers are in requirements/waivers.toml. 0 when nothing is open, 1 otherwise, also
when a registry does not answer: what nobody could ask is not clean.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from tools import console
from tools.audit import findings, frontend, packages
from tools.audit.findings import Finding
from tools.paths import REQUIREMENTS, ROOT
from tools.setup.commands import SetupFailed
from tools.setup.frontend import npm_command
from tools.setup.python_environment import find_uv

WAIVERS = REQUIREMENTS / "waivers.toml"


def main(arguments: list[str]) -> int:
    try:
        waivers = findings.read_waivers(WAIVERS, datetime.now(tz=UTC).date())
        found = _python([Path(each) for each in arguments] or sorted(REQUIREMENTS.glob("*.txt")))
        if not arguments:
            found += _npm()
    except SetupFailed as failure:
        console.fail(str(failure))
        return 1
    unsettled, waived, idle = findings.apart(found, waivers)
    for each in waived:
        console.warn(f"waived: {each}")
    if not arguments:
        for waiver in idle:
            console.warn(f"The waiver of {waiver.id} for {waiver.package} waives nothing: take it out.")
    for each in unsettled:
        console.fail(str(each))
    if unsettled:
        console.fail(
            f"{len(unsettled)} found. Update with UPGRADE=1 make lock, or waive with reason and date in "
            f"{WAIVERS.relative_to(ROOT)}."
        )
    return 1 if unsettled else 0


def _python(locks: list[Path]) -> list[Finding]:
    with console.step("known against Python packages") as notes:
        told = packages.ask_all(packages.pins_in(locks), packages.index_url())
        unknown = [each for each in told if not each.known]
        notes.append(f"{len(told)} asked about, {len(told) - len(unknown)} told of")
    if unknown:
        names = ", ".join(f"{each.package} {each.version}" for each in unknown)
        console.warn(
            f"The index tells of the newest releases only; of these it does not: {names}. "
            "A newer release does not mean that the pinned one has a hole."
        )
    return [finding for each in told for finding in each.findings]


def _npm() -> list[Finding]:
    with console.step("known against front-end packages") as notes:
        npm, _ = npm_command(find_uv())
        found, told = frontend.ask(npm, ROOT)
        notes.append("npm audit" if told else "deprecation only")
    if not told:
        console.warn("The npm registry in use offers no audit; it was asked about deprecation instead.")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
