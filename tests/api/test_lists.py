"""Lists: the same number of queries whatever their length, a stable order, bounded pages, strict filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from portal.accounts.models import ApiToken, Membership
from portal.audit.models import AuditEvent
from portal.audit.notifying import notify
from portal.audit.recording import record
from portal.core import clock
from portal.environments.models import ApproverGroup, PolicyMode
from portal.lifecycle.models import ChangeRequest, ServiceInstance, UpgradeCampaign
from portal.lifecycle.services import comments
from portal.lifecycle.states import Health
from tests.api import campaign_rows, drift_rows, policy_rows, quota_rows, source_rows
from tests.api.conftest import World, finished_change, running_instance
from tests.api.test_problems import check
from tests.api.test_roles import operations
from tests.factories import (
    ApplicationFactory,
    ClusterFactory,
    EnvironmentFactory,
    OfferingFactory,
    OfferingVersionFactory,
    PlanFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
    WindowFactory,
)

Make = Callable[[World, int], Any]


def an_instance(world: World, number: int) -> ServiceInstance:
    alice, offering = world.people["alice"], world.instance.offering
    return running_instance(world.storefront, world.dev, alice, offering, f"many-{number}")


def a_drifted_instance(world: World, number: int) -> Any:
    return drift_rows.drifted(an_instance(world, number))


def a_version(world: World, number: int) -> Any:
    version = OfferingVersionFactory(offering=world.instance.offering, version=f"2.{number}.0")
    return PlanFactory(offering_version=version)


def a_release(world: World, number: int) -> Any:
    return ReleaseFactory(instance=world.instance, number=number + 10, created_by=UserFactory())


def an_application(world: World, number: int) -> Any:
    return ApplicationFactory(team=TeamFactory(slug=f"team-{number}"), slug=f"app-{number}")


def a_stage(world: World, number: int) -> Any:
    cluster = ClusterFactory(slug=f"cluster-{number}")
    return EnvironmentFactory(
        slug=f"stage-{number}", order=100 + number, cluster=cluster, promotes_from=[world.dev]
    )


def an_event(world: World, number: int) -> Any:
    return record("change.requested", world.change, actor=world.people["alice"])


def an_instance_with_findings(world: World, number: int) -> ServiceInstance:
    instance = an_instance(world, number)
    exception = policy_rows.exception(instance, world.people["alice"], granted_by=world.people["olga"])
    policy_rows.violation(instance)
    policy_rows.violation(instance, 1, outcome="waived", exception=exception)
    return instance


def a_finding(world: World, number: int) -> Any:
    an_instance_with_findings(world, number)
    return PolicyMode.objects.create(
        policy=policy_rows.a_policy(),
        environment=EnvironmentFactory(slug=f"stage-{number}"),
        mode="audit",
        reason="Looking first.",
        set_by=UserFactory(),
        set_at=clock.now(),
    )


def an_exception(world: World, number: int) -> Any:
    instance = an_instance(world, number)
    return policy_rows.exception(instance, UserFactory(), granted_by=UserFactory())


# How a row is made, and the queries of one request: the token, the roles where they matter, count, rows.
def a_notice(world: World, number: int) -> Any:
    about = {"topic": "change.waiting", "text": "A change waits.", "url": "/changes/"}
    return notify([world.people["audrey"]], **about, key=f"change {number}")


def a_group(world: World, number: int) -> Any:
    group = ApproverGroup.objects.create(slug=f"group-{number}", name=f"Group {number}")
    group.members.set([UserFactory(), UserFactory()])
    return group


def a_comment(world: World, number: int) -> Any:
    return comments.say(world.waiting, actor=world.people["olga"], text=f"Remark {number}.")


LISTS: dict[str, tuple[Make, int]] = {
    "offerings/": (lambda world, n: OfferingFactory(slug=f"offering-{n}"), 5),
    "offerings/web-service/versions/": (a_version, 6),
    "plans/": (a_version, 5),
    "instances/": (an_instance, 5),
    "drift/": (a_drifted_instance, 7),
    "instances/{instance}/releases/": (a_release, 6),
    "changes/{waiting}/comments/": (a_comment, 6),
    "approver-groups/": (a_group, 5),
    "quota-pools/": (quota_rows.another_pool, 6),
    "quota-raises/": (quota_rows.another_raise, 5),
    "sources/": (lambda world, n: source_rows.another_source(n), 5),
    "sources/public/versions/": (lambda world, n: source_rows.refused(f"1.0.{n}"), 6),
    "changes/": (lambda world, n: finished_change(an_instance(world, n)), 5),
    "applications/": (an_application, 5),
    "teams/": (lambda world, n: TeamFactory(slug=f"team-{n}"), 5),
    "environments/": (a_stage, 6),
    "environments/dev/windows/": (lambda world, n: WindowFactory(environment=world.dev), 4),
    "clusters/": (a_stage, 4),
    # policies are files; asked for are the modes, twice, the environments, and three counts
    "policies/": (a_finding, 10),
    "policies/{policy}/violations/": (a_finding, 7),
    "policies/reports/": (lambda world, n: policy_rows.report(an_instance_with_findings(world, n)), 7),
    "policies/blast-radius/": (lambda world, n: policy_rows.radius(world), 5),
    "exceptions/": (an_exception, 5),
    "fleet/": (an_instance, 6),
    "campaigns/": (campaign_rows.another, 5),
    "campaigns/{campaign}/items/": (campaign_rows.another_item, 6),
    "audit/": (an_event, 4),
    "me/notifications/": (a_notice, 2),
    "tokens/": (lambda world, n: ApiToken.objects.create(world.people["audrey"], name=f"token {n}"), 3),
}


def address(world: World, path: str) -> str:
    ids = {"instance": world.instance.pk, "waiting": world.waiting.pk, "policy": policy_rows.a_policy()}
    if "{campaign}" in path:
        ids["campaign"] = (UpgradeCampaign.objects.first() or campaign_rows.campaign(world)).pk
    return path.format(**ids)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_queries_at_3_and_at_30_rows(world: World, path: str) -> None:
    make, expected = LISTS[path]
    audrey, url = world.api("audrey"), address(world, path) + "?page_size=200"

    def ask(numbers: range) -> tuple[int, list[str]]:
        for number in numbers:
            make(world, number)
        with CaptureQueriesContext(connection) as queries:
            rows = audrey.get(url).json()["results"]
        return len(rows), [query["sql"][:300] for query in queries]

    few_rows, few = ask(range(3))
    many_rows, many = ask(range(3, 30))
    assert (len(few), len(many)) == (expected, expected), "\n".join(many)
    a_row_each = {"policies/": 0, "policies/{policy}/violations/": 2}.get(path, 1)
    assert many_rows == few_rows + 27 * a_row_each


def test_every_list_is_pinned() -> None:
    reads = {operation.split()[1] for operation in operations() if operation.startswith("GET")}
    lists = {path for path in reads if not path.endswith("}/")}
    single = {"/me/", "/audit/verify/", "/audit/export/", "/changes/{id}/log/", "/changes/{id}/diff/"}
    single |= {"/changes/{id}/evidence/", "/fleet/export/", "/offerings/{offering_slug}/compare/"}
    single |= {"/changes/{id}/evidence/", "/environments/{slug}/guard/", "/reports/gates/"}
    single |= {"/instances/{instance_id}/drift/", "/exceptions/debt/", "/clusters/{slug}/policies/"}
    single |= {"/me/notification-preference/", "/instances/{id}/manifests/", "/instances/{id}/objects/"}
    single |= {"/sources/{source_slug}/versions/{id}/declaration/"}
    running = ("topology", "pods", "events", "logs", "connections")
    single |= {f"/instances/{{instance_id}}/{what}/" for what in running}
    names_of = {"instance": "{id}", "waiting": "{change_id}", "policy": "{name}", "campaign": "{campaign_id}"}
    names = {
        "/web-service/": "/{offering_slug}/",
        "/dev/": "/{environment_slug}/",
        "/public/": "/{source_slug}/",
    }
    pinned = {f"/{path}".format(**names_of) for path in LISTS}
    for given, name in names.items():
        pinned = {path.replace(given, name) for path in pinned}
    assert lists - single == pinned


@pytest.mark.parametrize(
    ("path", "expected"), [("changes/{change}/", 10), ("instances/{instance}/", 5), ("teams/shop/", 5)]
)
def test_a_detail_costs_a_known_number_of_queries(
    world: World, path: str, expected: int, django_assert_num_queries: Any
) -> None:
    for number in range(10):
        Membership.objects.create(team=world.shop, user=UserFactory(username=f"member-{number}"))
    alice, url = world.api("alice"), path.format(change=world.waiting.pk, instance=world.instance.pk)
    with django_assert_num_queries(expected):
        assert alice.get(url).status_code == 200


# ------------------------------------------------------------------ pages
def test_pages_follow_one_another_without_gap_or_repetition(world: World) -> None:
    for number in range(7):
        finished_change(an_instance(world, number))
    moment = clock.now()
    ChangeRequest.objects.update(created_at=moment)  # equal times must not make rows wander
    seen, url = [], "changes/?page_size=3"
    while url:
        page = world.api("olga").get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == page["count"] == ChangeRequest.objects.count()


def test_the_audit_trail_is_followed_by_cursor(world: World) -> None:
    expected = {str(an_event(world, n).pk) for n in range(7)}
    AuditEvent.objects.all()
    seen, url = [], "audit/?page_size=3"
    while url:
        page = world.api("olga").get(url).json()
        assert "count" not in page
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen))
    assert set(seen) >= expected


@pytest.mark.parametrize("size", ["0", "-1", "201", "1000000", "x", "1.5", "", "٣", "1e2"])
@pytest.mark.parametrize("noun", ["changes", "audit"])
def test_page_sizes_out_of_bounds_are_said(world: World, noun: str, size: str) -> None:
    query = urlencode({"page_size": size})
    assert "200" in check(world.api("alice").get(f"{noun}/?{query}"), 400, "invalid_input")["detail"]


@pytest.mark.parametrize("size", ["1", "200"])
def test_page_sizes_within_bounds(world: World, size: str) -> None:
    assert world.api("olga").get(f"instances/?page_size={size}").status_code == 200


@pytest.mark.parametrize(
    ("page", "status"), [("0", 400), ("-1", 400), ("x", 400), ("last", 400), ("99", 404)]
)
def test_pages_that_are_none(world: World, page: str, status: int) -> None:
    assert world.api("alice").get(f"changes/?page={page}").status_code == status


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "bz05OTk5OTk5", "%00", "cj0xJnA9MjAyNi0xMy00NQ=="])
def test_forged_cursors_are_refused(world: World, cursor: str) -> None:
    answer = world.api("olga").get(f"audit/?cursor={cursor}")
    assert answer.status_code in (200, 400, 404)
    assert answer.status_code == 200 or answer["Content-Type"] == "application/problem+json"


# ------------------------------------------------------------------ filters
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=awaiting_approval", 1),
        ("state=succeeded", 1),
        ("state=succeeded&state=awaiting_approval", 2),
        ("environment=dev", 1),
        ("environment=production", 1),
        ("environment=nowhere", 0),
        ("team=shop", 2),
        ("application=storefront", 2),
        ("kind=update", 1),
        ("kind=create&environment=production", 0),
        ("instance={instance}", 1),
        ("requested_by=alice", 2),
        ("requested_by=bob", 0),
    ],
)
def test_changes_are_filtered(world: World, query: str, expected: int) -> None:
    page = world.api("alice").get("changes/?" + query.format(instance=world.instance.pk)).json()
    assert page["count"] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("environment=dev", 1),
        ("health=ready", 2),
        ("health=wrong&health=ready", 2),
        ("health=wrong", 0),
        ("name=shop-api", 2),
        ("offering=web-service", 2),
        ("application=storefront&environment=production", 1),
    ],
)
def test_instances_are_filtered(world: World, query: str, expected: int) -> None:
    assert world.api("alice").get(f"instances/?{query}").json()["count"] == expected


def test_retired_instances_show_only_when_asked_for(world: World) -> None:
    ServiceInstance.objects.filter(pk=world.instance.pk).update(retired_at=clock.now(), health=Health.QUIET)
    alice = world.api("alice")
    assert [row["environment"] for row in alice.get("instances/").json()["results"]] == ["production"]
    retired = alice.get("instances/?retired=true").json()["results"]
    assert [row["environment"] for row in retired] == ["dev"]
    assert alice.get("instances/?retired=false").json()["count"] == 1
    assert alice.get(f"instances/{world.instance.pk}/").json()["retired_at"]


@pytest.mark.parametrize("retired", ["perhaps", "1", "%00"])
def test_neither_true_nor_false_is_refused(world: World, retired: str) -> None:
    body = check(world.api("alice").get(f"instances/?retired={retired}"), 400, "invalid_input")
    assert body["errors"][0]["path"] == "?retired"


def test_the_audit_trail_is_filtered(world: World) -> None:
    first = an_event(world, 1)
    record("retirement.announced", world.instance, actor=world.people["bob"])
    olga = world.api("olga")

    def found(**query: str) -> list[str]:
        return [row["action"] for row in olga.get(f"audit/?{urlencode(query)}").json()["results"]]

    assert found(action="retirement.announced") == ["retirement.announced"]
    assert found(actor="bob") == ["retirement.announced"]
    assert found(object_type="ServiceInstance", object_id=str(world.instance.pk)) == ["retirement.announced"]
    assert found(team="payments") == []
    assert found(until=first.at.isoformat()) == []
    assert found(since=(clock.now() + timedelta(hours=1)).isoformat()) == []
    assert len(found(since=first.at.isoformat())) == 2


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense",
        "kind=explode",
        "instance=abc",
        "instance=1e400",
        "instance=99999999999999999999",
        "instance=0",
        "team=%00",
        "stat=running",
        "ordering=-id",
        "page=1&nope=1",
    ],
)
def test_filters_that_cannot_be_understood_are_refused(world: World, query: str) -> None:
    """An unfiltered list would be a wrong answer."""
    body = check(world.api("alice").get(f"changes/?{query}"), 400, "invalid_input")
    assert body["errors"][0]["path"].startswith("?")


@pytest.mark.parametrize(
    "path", ["changes/{change}/", "me/", "changes/{change}/diff/", "changes/{change}/evidence/"]
)
def test_query_parameters_are_refused_where_there_are_none(world: World, path: str) -> None:
    check(world.api("alice").get(path.format(change=world.change.pk) + "?verbose=1"), 400, "invalid_input")
