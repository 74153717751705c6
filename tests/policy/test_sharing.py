"""One bundle, used from many threads and after fork: gunicorn's workers and celery's."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

from portal.policy import load_bundle
from tests.policy.scenes import POLICIES, deployment, judge

BUNDLE = load_bundle(POLICIES)


def _findings(number: int) -> list[tuple[str, str, str]]:
    document = deployment(f"web-{number}", securityContext={"privileged": number % 2 == 0})
    return [(v.policy, v.outcome, v.message) for v in judge(BUNDLE, document).verdicts]


def test_threads_share_a_bundle_and_agree() -> None:
    expected = [_findings(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(_findings, range(40))) == expected


def test_a_forked_worker_judges_with_what_its_parent_loaded() -> None:
    expected = [_findings(number) for number in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(_findings, range(4)).get(timeout=30) == expected
