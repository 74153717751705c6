"""The trial of public charts: what counts as equal, and what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services_catalog.imports.charts import chart
from tools.public_charts import trials
from tools.public_charts.page import page
from tools.public_charts.repository import served
from tools.public_charts.trials import Trial

ONE = "---\n# Source: a/one.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {key: a}\n"
TWO = "---\n# Source: a/two.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\ndata: {key: b}\n"


def test_the_order_of_objects_does_not_matter_and_their_text_does() -> None:
    assert trials.equal(ONE + TWO, TWO + ONE, lambda: pytest.fail("Helm is asked once")) == ("yes", "")
    theirs = ONE + TWO.replace("key: b", "key: c")
    found, cause = trials.equal(ONE + TWO, theirs, lambda: theirs)
    assert found == "no"
    assert "ConfigMap/two /data/key" in cause


def test_what_helm_itself_makes_by_chance_is_told_apart() -> None:
    ours, theirs, again = (ONE.replace("key: a", f"key: {each}") for each in "xyz")
    assert trials.equal(ours, theirs, lambda: again) == ("but for chance", "")


def test_the_page_lists_every_chart_and_the_cause_of_each_failure() -> None:
    report = {
        "schema": {"given": True, "draft": "7"},
        "policy": {},
        "reproducibility": {"status": "may_vary"},
    }
    good = Trial("good", "1.0.0", True, report, 7, True, True, "yes", 3)
    bad = Trial("bad", "2.0.0", failures=[("import", "It is a | library.")])
    text = page([good, bad])
    assert "**1 of 2 charts**" in text
    assert "| good | 1.0.0 | given (7) | 7 | 3 | yes | yes | yes | – | may vary |" in text
    assert "- **bad 2.0.0**, import: It is a \\| library." in text


def test_a_folder_is_served_as_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import urllib.request

    from tests import tools

    monkeypatch.setenv("SLIPWAY_HELM", str(tools.helm()))
    packed = chart()
    archive = tmp_path / "greeter-1.0.0.tgz"
    archive.write_bytes(packed.content)
    (tmp_path / "work").mkdir()
    with served([archive], tmp_path / "work") as url:
        index = urllib.request.urlopen(f"{url}/index.yaml").read().decode()
        assert "greeter-1.0.0.tgz" in index
        assert urllib.request.urlopen(f"{url}/greeter-1.0.0.tgz").read() == packed.content
