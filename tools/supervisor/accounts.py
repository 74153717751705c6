"""The URL and the demo accounts, on screen."""

from __future__ import annotations

import json

from tools import console
from tools.supervisor.parts import Plan
from tools.supervisor.state import State


def show(state: State, plan: Plan) -> None:
    """Print where to go and who to be."""
    try:
        users = json.loads((state.root / "demo.json").read_text())["users"]
    except (OSError, ValueError, KeyError):
        users = {}
    console.heading(f"Slipway serves {plan.url}")
    for name, user in users.items():
        console.say(f"  {name:<8} {user['password']:<28} {user['role']}")
    console.say()
    console.say(f"  Accounts and API tokens: {state.root / 'demo.json'}")
    console.say(f"  Cluster:                 kubectl --kubeconfig {state.kubeconfig} get namespaces")
    console.say(f"  Logs:                    {state.log}")
    console.say("  Ctrl-C stops everything.")
