"""Where a subcommand writes, and the folder of policies that it reads."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

from portal.policy import Bundle, load_bundle


class Stream(Protocol):
    def write(self, text: str) -> Any: ...


@dataclass(frozen=True)
class Console:
    """`out` is for the result alone, so that a program can read it; `notes` for everything else."""

    out: Stream
    notes: Stream
    colour: bool = False


def add_policies(parser: ArgumentParser) -> None:
    parser.add_argument("--policies", type=Path, metavar="DIR", help="another folder than SLIPWAY_POLICY_DIR")


def add_output(parser: ArgumentParser, *formats: str) -> None:
    parser.add_argument("--output", choices=formats, default=formats[0], help=f"default: {formats[0]}")


def folder_of(options: Mapping[str, Any]) -> Path:
    folder: Path = options.get("policies") or settings.SLIPWAY_POLICY_DIR
    return folder


def policies_of(options: Mapping[str, Any]) -> Bundle:
    """Raises PolicyInvalid."""
    return load_bundle(folder_of(options))
