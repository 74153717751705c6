"""The helm binary: where it is, which version, and how it is started."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from portal.clusters import process
from portal.clusters.errors import HelmKilled, HelmMissing, HelmTimeout
from portal.core.digests import digest_of

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
# what a way out to a cluster may need; nothing else of our environment reaches helm
PASSED_ON = (*PROXIES, "NO_PROXY", "no_proxy", "SSL_CERT_FILE")
MOST_CACHES = 128
HOW_TO_INSTALL = "Set SLIPWAY_HELM to a helm 3.19 or newer; `make up` installs one."


def find(binary: Path | str | None = None) -> Path:
    """The helm of that path or bare name, else of SLIPWAY_HELM, else on PATH. Raises HelmMissing."""
    wanted = str(binary or os.environ.get("SLIPWAY_HELM") or "helm")
    found = shutil.which(wanted)
    if found is None:
        raise HelmMissing(f"There is no helm at {wanted!r}. {HOW_TO_INSTALL}")
    return Path(found).absolute()


@contextmanager
def home() -> Iterator[Path]:
    """A directory of its own for one run of helm; nothing secret is ever written there."""
    with tempfile.TemporaryDirectory(prefix="slipway-helm-") as directory:
        yield Path(directory)


def environment(directory: Path, *, network: bool, cache: Path | None = None) -> dict[str, str]:
    """No PATH (so no plugins and no credential helpers), no KUBECONFIG, no HELM_* of the caller.

    `cache` keeps what an API server tells everybody about its kinds.
    """
    passed = {name: os.environ[name] for name in PASSED_ON if network and name in os.environ}
    return {
        **passed,
        "HOME": str(directory),
        "HELM_CACHE_HOME": str(directory / "cache"),
        "HELM_CONFIG_HOME": str(directory / "config"),
        "HELM_DATA_HOME": str(directory / "data"),
        "HELM_PLUGINS": str(directory / "plugins"),
        "HELM_NO_PLUGINS": "1",
        "KUBECACHEDIR": str(cache or directory / "kube"),
        # helm lives for a fraction of a second: collecting garbage as often as a server only costs time
        "GOGC": "400",
        "GOMEMLIMIT": "512MiB",
    }


def cache_of(cache_dir: Path | None, *identity: str | None) -> Path | None:
    """Where to keep what one cluster says of its kinds; what is unused for longest makes room for a new one.
    None, which only costs time, when there is no directory or it cannot be written."""
    if cache_dir is None:
        return None
    cache = cache_dir / digest_of(identity).removeprefix("sha256:")[:16]
    try:
        if not cache.exists():
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in sorted(cache_dir.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST_CACHES]:
                shutil.rmtree(old, ignore_errors=True)
    except FileNotFoundError:  # another worker makes room too
        return cache
    except OSError:
        return None
    return cache


def version(binary: Path) -> tuple[int, int, int]:
    """(major, minor, patch). Asked once per binary and process, since the answer costs a process."""
    return _version(binary, binary.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _version(binary: Path, _changed: int) -> tuple[int, int, int]:
    with home() as directory:
        try:
            done = process.run(
                [str(binary), "version", "--template", "{{ .Version }}"],
                env=environment(directory, network=False),
                cwd=directory,
                bounds=process.Bounds(seconds=20, output_bytes=process.CHUNK),
            )
        except process.ChildTimedOut as exc:
            raise HelmTimeout(f"{binary} does not say its version in time.") from exc
        except (OSError, process.ChildError) as exc:
            raise HelmMissing(f"{binary} cannot be run: {type(exc).__name__}. {HOW_TO_INSTALL}") from exc
    if done.returncode < 0:
        # ended by somebody else: that says nothing of what it is
        raise HelmKilled
    match = re.match(rb"v?(\d+)\.(\d+)\.(\d+)", done.stdout.strip())
    if done.returncode or not match:
        raise HelmMissing(f"{binary} is not helm. {HOW_TO_INSTALL}")
    major, minor, patch = (int(part) for part in match.groups())
    return major, minor, patch
