"""The commands of docs/tutorial.md and the Python of docs/api-examples.md, run as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from portal.accounts.models import ApiToken
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from portal.web.documents import library
from tests import tools
from tests.fixtures.portal import LivePortal

BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = 540.0


def blocks(document: str, language: str) -> list[str]:
    source = library.named(document).source
    return [match["code"] for match in BLOCK.finditer(source) if match["language"] == language]


@pytest.fixture
def tokens(live_portal: LivePortal) -> dict[str, str]:
    people = live_portal.organisation.people.items()
    made = {name: ApiToken.objects.create(user, name="t", last_used_at=clock.now()) for name, user in people}
    return {name: token for name, (_, token) in made.items()}


@pytest.fixture
def checkout(live_portal: LivePortal, tokens: dict[str, str], tmp_path: Path) -> Path:
    """A folder that looks like one in which the demo runs."""
    state = tmp_path / ".slipway"
    (state / "sandbox").mkdir(parents=True)
    (state / "sandbox" / "kubeconfig").symlink_to(live_portal.kubeconfig)
    (state / "bin").symlink_to(tools.kubectl().parent)
    users = {name: {"password": live_portal.password, "token": token} for name, token in tokens.items()}
    (state / "demo.json").write_text(json.dumps({"url": live_portal.url, "users": users}))
    return tmp_path


@pytest.mark.timeout(600)
def test_the_tutorial_leads_from_nothing_to_production(checkout: Path) -> None:
    script = "set -e -o pipefail\n" + "\n".join(blocks("tutorial", "sh"))
    done = subprocess.run(
        ["bash", "-c", script], cwd=checkout, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "refused, as it should be" in done.stdout
    assert re.search(r"^image-\S+ - ", done.stdout, re.MULTILINE), "the moving tag was not denied"
    runs = ServiceInstance.objects.alive().filter(application__slug="bakery", health="ready")
    assert sorted(runs.values_list("environment__slug", "name")) == sorted(
        (stage, name)
        for stage in ("dev", "staging", "production")
        for name in (f"bakery-{stage}", "bakery-db", "bakery-web")
    )
    assert AuditEvent.objects.filter(action="change.approved").count() == 3


@pytest.mark.timeout(600)
def test_the_python_examples_do_what_they_say(
    live_portal: LivePortal, tokens: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"url": live_portal.url, "token": tokens["alice"]}
    for code in blocks("api-examples", "python"):
        exec(compile(code, "docs/api-examples.md", "exec"), names)
    said = capsys.readouterr().out
    assert said.startswith("succeeded ")
    assert "image-" in said
    assert "shop-web dev" in said
