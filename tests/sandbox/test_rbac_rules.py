"""Matching RBAC rules against requests, and against each other."""

import pytest

from portal.sandbox.rbac import rules

READ_PODS = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]}


@pytest.mark.parametrize(
    ("rule", "request_", "expected"),
    [
        (READ_PODS, ("get", "", "pods", "", "web"), True),
        (READ_PODS, ("delete", "", "pods", "", "web"), False),
        (READ_PODS, ("get", "", "pods", "log", "web"), True),
        (READ_PODS, ("get", "", "pods", "exec", "web"), False),
        (READ_PODS, ("get", "apps", "pods", "", "web"), False),
        ({**READ_PODS, "resources": ["*"]}, ("get", "", "pods", "exec", "web"), True),
        ({**READ_PODS, "resources": ["*/scale"]}, ("get", "", "deployments", "scale", "web"), True),
        ({**READ_PODS, "resources": ["*/scale"]}, ("get", "", "deployments", "", "web"), False),
        ({**READ_PODS, "resourceNames": ["web"]}, ("get", "", "pods", "", "web"), True),
        ({**READ_PODS, "resourceNames": ["web"]}, ("get", "", "pods", "", "other"), False),
        ({**READ_PODS, "resourceNames": ["web"]}, ("list", "", "pods", "", ""), False),
    ],
)
def test_rule_matches_only_what_it_names(rule: dict, request_: tuple[str, ...], expected: bool) -> None:
    assert rules.allows(rule, *request_) is expected


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("/healthz", "/healthz", True),
        ("/api/*", "/api/v1", True),
        ("*", "/x", True),
        ("/api", "/api/v1", False),
    ],
)
def test_path_rule_ends_in_a_star_or_is_exact(url: str, path: str, expected: bool) -> None:
    assert rules.allows_path({"verbs": ["get"], "nonResourceURLs": [url]}, "get", path) is expected


def test_what_one_has_oneself_may_be_granted() -> None:
    wanted = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]
    assert rules.uncovered([READ_PODS], wanted) == []


def test_what_one_lacks_is_named_piece_by_piece() -> None:
    wanted = [{"verbs": ["get", "delete"], "apiGroups": [""], "resources": ["pods"]}]
    (extra,) = rules.uncovered([READ_PODS], wanted)
    assert rules.describe(extra) == '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}'


def test_a_rule_for_one_name_does_not_cover_all_names() -> None:
    owned = [{**READ_PODS, "resourceNames": ["web"]}]
    assert rules.uncovered(owned, [READ_PODS])
    assert not rules.uncovered(owned, [{**READ_PODS, "resourceNames": ["web"]}])
