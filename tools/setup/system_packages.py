"""What only the operating system's packages give: installed when root on Debian, else asked for by name."""

from __future__ import annotations

import os
import shutil
import threading

from tools.setup.commands import SetupFailed, run

_APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_one_at_a_time = threading.Lock()


def install(packages: list[str], *, why: str) -> None:
    """apt-get install `packages`. Raises SetupFailed with the command to type when this user cannot."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SetupFailed(
            f"This machine lacks {', '.join(packages)} ({why}). Install it and start again, on Debian:\n"
            f"    sudo apt-get update && sudo {' '.join(command)}"
        )
    with _one_at_a_time:
        # a lock held by an unattended upgrade is waited for
        waiting = ["-o", "DPkg::Lock::Timeout=300"]
        run(["apt-get", *waiting, "update", "-q"], what="apt-get update", env=_APT_ENVIRONMENT)
        run([command[0], *waiting, *command[1:]], what=f"Installing {why}", env=_APT_ENVIRONMENT)
