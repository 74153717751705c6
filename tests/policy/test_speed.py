"""How fast judging is, and against what. Run by `make bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
import yaml

from portal.policy import load_bundle
from tests.policy.scenes import POLICIES, deployment, judge

pytestmark = pytest.mark.benchmark

GOOD = sorted((POLICIES / "tests").glob("*/good-*.yaml"))[:10]


def _milliseconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile, of processor time: what else runs on the machine does not count."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken), sorted(taken)[int(rounds * 0.95)]


def test_a_release_of_ten_objects_is_judged_in_under_15_ms(record_property: Callable[..., None]) -> None:
    bundle = load_bundle(POLICIES)
    documents = [yaml.safe_load(path.read_text()) for path in GOOD]
    judge(bundle, *documents)
    median, p95 = _milliseconds(lambda: judge(bundle, *documents), 100)
    record_property("ten_objects_ms", f"median {median:.2f}, p95 {p95:.2f}")
    assert median < 15


def test_sharing_compiled_expressions_beats_compiling_each_time(record_property: Callable[..., None]) -> None:
    bundle = load_bundle(POLICIES)
    shared, _ = _milliseconds(lambda: judge(bundle, deployment()), 100)
    naive, _ = _milliseconds(lambda: judge(load_bundle(POLICIES), deployment()), 5)
    record_property("one_deployment_ms", f"shared {shared:.2f}, compiled each time {naive:.1f}")
    assert shared * 20 < naive


def test_the_whole_library_loads_in_under_300_ms(record_property: Callable[..., None]) -> None:
    median, _ = _milliseconds(lambda: load_bundle(POLICIES), 5)
    record_property("load_ms", f"{median:.0f}")
    assert median < 300
