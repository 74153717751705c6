"""The values that a chart is tried with: its own `ci/*-values.yaml`, as chart-testing names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from portal.core.documents import dump_yaml
from services_catalog.archives import PackedChart

# some charts have dozens
MOST = 12
DECLARED = "ci/declared-values.yaml"


def examples(chart: PackedChart) -> list[str]:
    """The first dozen."""
    return sorted(path for path in chart.files if _is_example(path))[:MOST]


def for_trials(chart: PackedChart, example: Mapping[str, Any] | None = None) -> PackedChart:
    """The chart with no more examples than are tried, and with what a declaration adds to them."""
    kept = set(examples(chart))
    files = {path: content for path, content in chart.files.items() if path in kept or not _is_example(path)}
    if example:
        files[DECLARED] = dump_yaml(dict(example)).encode()
    return replace(chart, files=files)


def _is_example(path: str) -> bool:
    return PurePosixPath(path).match("ci/*-values.yaml")
