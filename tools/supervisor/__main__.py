"""`python -m tools.supervisor demo|up|down|reset|status`."""

from __future__ import annotations

import sys

from tools import console
from tools.supervisor import commands
from tools.supervisor.errors import CannotStart

COMMANDS = {
    "demo": commands.demo,
    "up": commands.up,
    "down": commands.down,
    "reset": commands.reset,
    "status": commands.status,
}


def main(arguments: list[str]) -> int:
    """Exit status 0 when done as asked, 1 with what to do on standard error, 2 on a wrong call."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m tools.supervisor {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[arguments[0]]()
    except CannotStart as problem:
        console.fail(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
