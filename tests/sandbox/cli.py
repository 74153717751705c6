"""Driving the real kubectl and helm against a running sandbox."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 90


@dataclass(frozen=True)
class Cli:
    """One binary with a kubeconfig and a namespace; call it with its arguments."""

    binary: Path
    kubeconfig: Path
    namespace: str
    home: Path
    # of the environment, beside what both need
    extra: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: str, stdin: str = "", fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run it; a failure (or, with `fails`, a success) is an assertion with what it printed."""
        done = subprocess.run(
            [str(self.binary), *arguments, "--namespace", self.namespace],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "KUBECONFIG": str(self.kubeconfig),
                "KUBECTL_KUBERC": "false",
                **self.extra,
            },
            check=False,
        )
        said = f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        assert (done.returncode != 0) == fails, said
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--output", "json").stdout)
