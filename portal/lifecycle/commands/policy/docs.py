"""Write docs/policy-library.md from the policies, or check that it is what they say."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.lifecycle.commands.policy.console import Console, add_policies, folder_of, policies_of
from portal.policy.library_page import page

HELP = "write the page about the policies (docs/policy-library.md), or check it"
PAGE = Path("docs", "policy-library.md")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when it is out of date")
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="default: docs/policy-library.md beside the policies' folder"
    )
    add_policies(parser)


def run(options: Mapping[str, Any], console: Console) -> int:
    wanted = page(policies_of(options))
    target: Path = options["to"] or folder_of(options).absolute().parent / PAGE
    there = target.read_text(encoding="utf-8") if target.is_file() else None
    if there == wanted:
        console.out.write(f"{target} says what the policies say.\n")
        return 0
    if options["check"]:
        console.notes.write(f"{target} is out of date. Make it anew: manage.py policy docs\n")
        return 1
    target.write_text(wanted, encoding="utf-8")
    console.out.write(f"{target} is written.\n")
    return 0
