"""How far a rollout may go in one step."""

import pytest

from portal.sandbox.controllers import rollout
from portal.sandbox.controllers.rollout import Limits


def limits(replicas: int, surge: int | str = "25%", unavailable: int | str = "25%") -> Limits:
    return rollout.limits_of(
        {
            "replicas": replicas,
            "strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
        }
    )


def test_percentages_round_surge_up_and_unavailability_down() -> None:
    assert limits(3) == Limits(3, 1, 0)
    assert limits(10) == Limits(10, 3, 2)


def test_nought_for_both_still_lets_a_rollout_move() -> None:
    assert limits(4, 0, 0) == Limits(4, 0, 1)


@pytest.mark.parametrize(
    ("new", "total", "expected"),
    [(0, 3, 1), (1, 4, 1), (1, 3, 2), (2, 3, 3), (5, 5, 3)],
)
def test_new_set_grows_within_the_surge(new: int, total: int, expected: int) -> None:
    assert rollout.new_size(limits(3, 1, 0), new, total) == expected


def test_old_pods_stay_while_new_ones_are_not_available() -> None:
    assert rollout.old_sizes(limits(3, 1, 0), [(3, 3)], (1, 0)) == [3]


def test_each_available_new_pod_lets_an_old_one_go() -> None:
    assert rollout.old_sizes(limits(3, 1, 0), [(3, 3)], (1, 1)) == [2]


def test_unhealthy_old_pods_go_first() -> None:
    assert rollout.old_sizes(limits(3, 1, 1), [(1, 0), (3, 3)], (0, 0)) == [0, 2]


def test_pods_that_are_leaving_are_not_counted_twice() -> None:
    assert rollout.old_sizes(limits(3, 1, 0), [(2, 3)], (2, 2)) == [1]


def test_scaling_in_the_middle_of_a_rollout_keeps_the_proportion() -> None:
    sizes = rollout.proportional_sizes(limits(20, 0, 5), [8, 2], former_most=10)
    assert sizes == [16, 4]


def test_hash_is_stable_and_ignores_its_own_label() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "x"}]}}
    digest = rollout.template_hash(template)
    labelled = {"metadata": {"labels": {"app": "web", rollout.HASH_LABEL: digest}}, "spec": template["spec"]}
    assert rollout.without_hash(labelled) == template
    assert rollout.template_hash(rollout.without_hash(labelled)) == digest
    assert rollout.template_hash(template, collisions=1) != digest
    assert set(digest) <= set("bcdfghjklmnpqrstvwxz2456789")
