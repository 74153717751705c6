"""git, as far as reading a folder of somebody else's repository needs it, and no further.

Only http and https are spoken, to the very address that was checked, without redirects, helpers, hooks,
submodules or configuration of anybody; nothing is ever checked out. https://git-scm.com/docs/git-config
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from portal.clusters import process
from portal.clusters.types import MIB
from portal.core.outbound.addresses import Allowed, check
from portal.core.outbound.errors import AnswerTooLarge, NotReached, TooSlow
from portal.core.outbound.places import Place, addresses_of, place_of
from services_catalog.sources.errors import (
    GitMissing,
    SourceNotFound,
    SourceRefusedUs,
    SourceTooLarge,
    SourceUnreadable,
)
from services_catalog.sources.fetching import AGENT, basic
from services_catalog.sources.limits import Limits

OLDEST = (2, 37)  # from which on an address can be pinned
LONGEST_SAID = 300
_REFUSED = re.compile(r"Authentication failed|could not read Username|error: (401|403)|terminal prompts")
_MISSING = re.compile(r"not found|couldn't find remote ref|error: 404", re.IGNORECASE)


@dataclass(frozen=True)
class Git:
    """One repository, and a folder of our own to keep its objects in for one sync."""

    url: str
    folder: Path
    allowed: Allowed
    limits: Limits
    credentials: tuple[str, str] | None = None

    def run(
        self, *arguments: str, stdin: bytes = b"", output_bytes: int = 32 * MIB, far: bool = False
    ) -> bytes:
        """What git says. `far`: it may speak to the repository's server, and to that alone."""
        settings = {**QUIET, **(self._far() if far else {})}
        seconds = self.limits.git_seconds
        try:
            done = process.run(
                [binary(), *arguments],
                stdin=stdin,
                env=self._environment(settings),
                cwd=self.folder,
                bounds=process.Bounds(
                    seconds,
                    output_bytes=output_bytes,
                    memory_bytes=self.limits.git_memory_bytes,
                    file_bytes=self.limits.git_pack_bytes,
                ),
            )
        except process.ChildTimedOut:
            raise TooSlow(f"git did not end within {seconds:g} seconds.") from None
        except (process.ChildTooLoud, process.ChildTooLarge):
            raise SourceTooLarge("Reading the repository takes more memory than is allowed.") from None
        except OSError as exc:
            raise GitMissing from exc
        if done.returncode:
            raise self._error(done.stderr)
        return done.stdout

    def _far(self) -> dict[str, str]:
        """Settings that open the way to one server, at an address that was checked just now."""
        place = place_of(self.url)
        found = addresses_of(place, self.limits.answer_seconds)
        for address in found:
            check(place.host, address, self.allowed, encrypted=place.encrypted)
        settings = {f"protocol.{place.scheme}.allow": "always"}
        if place.literal is None:
            written = ",".join(f"[{each}]" if each.version == 6 else str(each) for each in found)
            settings["http.curloptResolve"] = f"{place.host}:{place.port}:{written}"
        if self.credentials:
            settings[f"http.{_origin(place)}.extraHeader"] = f"Authorization: {basic(*self.credentials)}"
        return settings

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Settings go through the environment, which only our own processes can read."""
        numbered = {}
        for number, (name, value) in enumerate(settings.items()):
            numbered[f"GIT_CONFIG_KEY_{number}"], numbered[f"GIT_CONFIG_VALUE_{number}"] = name, value
        certificates = {name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ}
        return {
            **certificates,
            **numbered,
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_HTTP_USER_AGENT": AGENT,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "PATH": "/usr/bin:/bin",
        }

    def _is_full(self) -> bool:
        """Whether a pack has met its bound: git itself does not say of what its child died."""
        packs = self.folder.glob("objects/pack/tmp_pack_*")
        return any(pack.stat().st_size >= self.limits.git_pack_bytes for pack in packs)

    def _error(self, said: str) -> Exception:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        told = "; ".join(line for line in lines if line.startswith(("fatal:", "error:", "remote:")))
        told = told.replace(str(self.folder), "")[:LONGEST_SAID]
        if self._is_full():
            most = self.limits.git_pack_bytes // MIB
            return AnswerTooLarge(f"The repository's newest commit has more than {most} MiB.")
        if _REFUSED.search(said):
            return SourceRefusedUs()
        if _MISSING.search(said):
            return SourceNotFound(f"There is no such repository or branch. git says: {told}")
        if "out of memory" in said:
            return SourceTooLarge("Reading the repository takes more memory than is allowed.")
        if "unable to access" in said:
            return NotReached(f"It cannot be read. git says: {told}")
        return SourceUnreadable(f"It cannot be read. git says: {told or 'nothing'}")


# for every run; nothing is allowed but what `far` opens
QUIET = {
    "protocol.allow": "never",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "20",
    "http.maxRequests": "1",
    "credential.helper": "",
    "core.askPass": "",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.symlinks": "false",
    "core.deltaBaseCacheLimit": "32m",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "index.threads": "1",
    "maintenance.auto": "false",
    "pack.threads": "1",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
    "uploadpack.packObjectsHook": "",
    "safe.directory": "*",
}


def binary() -> str:
    """Raises GitMissing."""
    found = shutil.which("git", path="/usr/bin:/usr/local/bin:/bin")
    if found is None or _version(found) < OLDEST:
        raise GitMissing
    return found


@lru_cache(maxsize=4)
def _version(path: str) -> tuple[int, int]:
    done = process.run(
        [path, "--version"], env={"PATH": "/usr/bin:/bin"}, cwd=Path("/"), bounds=process.Bounds(10, MIB)
    )
    match = re.search(rb"(\d+)\.(\d+)", done.stdout)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def _origin(place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{place.scheme}://{host}:{place.port}/"
