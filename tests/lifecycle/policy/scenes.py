"""How tests call `manage.py policy`, and the small policies and files that they speak in."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.core.management import CommandError, call_command

from tests.policy.scenes import binding, policy

ENVIRONMENT = "slipway.dev/environment"
NEEDS_A = {"expression": "object.?data.?a.hasValue()", "message": "There is no a."}


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [verdict for verdict in self.json["verdicts"] if verdict["outcome"] != "pass"]


def run(*arguments: Any) -> Result:
    """The command with these arguments, without the portal's database."""
    out, err = io.StringIO(), io.StringIO()
    status, said = 0, ""
    try:
        call_command("policy", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as exc:
        status, said = exc.returncode, str(exc)
    except SystemExit as exc:
        status = int(exc.code or 0)
    return Result(status, out.getvalue(), err.getvalue() + said)


def write(path: Path, *documents: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump_all(documents, sort_keys=False))
    return path


def by_environment(operator: str, *values: str) -> dict[str, Any]:
    expression = {"key": ENVIRONMENT, "operator": operator, "values": list(values)}
    return {"namespaceSelector": {"matchExpressions": [expression]}}


BY_MODE = [
    policy("p", NEEDS_A),
    binding("p", "Warn", named="mild", matchResources=by_environment("In", "dev")),
    binding("p", "Deny", named="strict", matchResources=by_environment("NotIn", "dev")),
]
