"""Role × verb × object: one table. A new operation without a row here fails the suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from portal.accounts.models import Membership, User
from portal.audit.notifying import notify
from portal.core import clock
from portal.environments.models import ApproverGroup
from portal.lifecycle.models import ChangeComment, ChangeRequest, ServiceInstance
from portal.lifecycle.services import break_glass, comments
from tests.api import campaign_rows, drift_rows, policy_rows, quota_rows, source_rows
from tests.api.conftest import PEOPLE, World
from tests.factories import WindowFactory
from tests.services_catalog.imports.charts import DECLARATION

#          anonymous alice bob mona pia olga pete audrey
EVERYBODY = "401 200 200 200 200 200 200 200"
TEAM = "401 200 200 200 404 200 200 200"  # members, and whoever reads everything
ANNOUNCED = "401 200 200 200 404 403 403 403"  # members only
OWN = "401 200 404 404 404 404 404 404"  # alice alone, whatever the roles of others
READERS = "401 403 403 403 403 200 200 200"  # of the whole audit trail
CURATOR_DOES = "401 403 403 403 403 403 200 403"
CURATOR_MAKES = "401 403 403 403 403 403 201 403"
SOURCE = {"slug": "other", "name": "Other", "kind": "helm", "url": "https://other.example.com"}


@dataclass(frozen=True)
class Row:
    """One operation: what to send, about what, and the status for each of PEOPLE."""

    statuses: str
    path: Callable[[World], str]
    body: Callable[[World], Any] = lambda world: None

    def status_for(self, person: str) -> int:
        return int(self.statuses.split()[PEOPLE.index(person)])


def at(path: str) -> Callable[[World], str]:
    return lambda world: path.format(
        change=world.change.pk, waiting=world.waiting.pk, instance=world.instance.pk
    )


def of_source(rest: str) -> Callable[[World], str]:
    return lambda world: f"sources/{source_rows.a_source().slug}/{rest}"


def of_source_version(
    rest: str, made: Callable[[], object] = source_rows.a_version
) -> Callable[[World], str]:
    def path(world: World) -> str:
        made()
        return f"sources/public/versions/{source_rows.a_version().pk}/{rest}"

    return path


def decision(world: World) -> dict[str, str]:
    return {"digest": world.waiting.seal, "comment": "Looked at it."}


def emergency(world: World) -> dict[str, str]:
    return {"digest": world.waiting.seal, "reason": "Customers cannot pay."}


def passed(world: World) -> ChangeRequest:
    """mona, on call, has passed the gate."""
    Membership.objects.filter(user=world.people["mona"]).update(on_call=True)
    mona = User.objects.get(username="mona")
    break_glass.pass_gate(world.waiting, actor=mona, **emergency(world))
    return world.waiting


def wish_of_olga(world: World) -> ChangeComment:
    wish = {"digest": world.waiting.seal, "text": "Two replicas, please."}
    return comments.ask_for_change(world.waiting, actor=world.people["olga"], **wish)


def a_group() -> ApproverGroup:
    return ApproverGroup.objects.create(slug="release-managers", name="Release managers")


def retirement(world: World) -> dict[str, Any]:
    ServiceInstance.objects.filter(pk=world.instance.pk).update(retirement_announced_at=clock.now())
    return {"kind": "retire", "instance": world.instance.pk, "confirm": world.instance.name}


def evaluation(world: World) -> dict[str, Any]:
    pod = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "try"}}
    return {"environment": "dev", "documents": [pod]}


def exception_wish(world: World) -> dict[str, Any]:
    reason = {"reason": "It takes until next week.", "days": 5}
    return {"change": policy_rows.denied(world).pk, "policy": policy_rows.a_policy(), **reason}


def exception_at(what: str) -> Callable[[World], str]:
    return lambda world: f"exceptions/{policy_rows.asked(world).pk}/{what}"


def quota_raise(what: str) -> Callable[[World], str]:
    return lambda world: f"quota-raises/{quota_rows.asked(world).pk}/{what}"


def told(world: World) -> str:
    about = {"topic": "change.waiting", "text": "A change waits.", "url": "/changes/"}
    return str(notify([world.people["alice"]], **about, key="a change")[0].pk)


FREEZE = {
    "kind": "freeze",
    "reason": "Stock-taking.",
    "time_zone": "Europe/Berlin",
    "starts_at": "2090-01-01T00:00:00+01:00",
    "ends_at": "2090-01-02T00:00:00+01:00",
}


def a_window(world: World) -> str:
    return f"environments/dev/windows/{WindowFactory(environment=world.dev).pk}/"


TABLE: dict[str, Row] = {
    "GET /me/": Row(EVERYBODY, at("me/")),
    "GET /me/notifications/": Row(EVERYBODY, at("me/notifications/")),
    "GET /me/notifications/{id}/": Row(OWN, lambda world: f"me/notifications/{told(world)}/"),
    "POST /me/notifications/{id}/read/": Row(OWN, lambda world: f"me/notifications/{told(world)}/read/"),
    "POST /me/notifications/read-all/": Row(EVERYBODY, at("me/notifications/read-all/"), lambda world: {}),
    "GET /me/notification-preference/": Row(EVERYBODY, at("me/notification-preference/")),
    "PUT /me/notification-preference/": Row(
        EVERYBODY, at("me/notification-preference/"), lambda world: {"email": "all"}
    ),
    "GET /offerings/": Row(EVERYBODY, at("offerings/")),
    "GET /offerings/{slug}/": Row(EVERYBODY, at("offerings/web-service/")),
    "GET /offerings/{offering_slug}/versions/": Row(EVERYBODY, at("offerings/web-service/versions/")),
    "GET /offerings/{offering_slug}/versions/{version}/": Row(
        EVERYBODY, at("offerings/web-service/versions/1.0.0/")
    ),
    "GET /plans/": Row(EVERYBODY, at("plans/")),
    "GET /environments/": Row(EVERYBODY, at("environments/")),
    "GET /environments/{slug}/": Row(EVERYBODY, at("environments/dev/")),
    "GET /environments/{slug}/guard/": Row(
        "401 403 403 403 403 200 200 200", at("environments/production/guard/")
    ),
    "POST /environments/{slug}/guard/": Row(
        "401 403 403 403 403 403 200 403",
        at("environments/production/guard/"),
        lambda world: {"mode": "audit", "reason": "What would be refused?"},
    ),
    "GET /environments/{environment_slug}/windows/": Row(EVERYBODY, at("environments/dev/windows/")),
    "POST /environments/{environment_slug}/windows/": Row(
        "401 403 403 403 403 403 201 403", at("environments/dev/windows/"), lambda world: FREEZE
    ),
    "PATCH /environments/{environment_slug}/windows/{id}/": Row(
        "401 403 403 403 403 403 200 403", a_window, lambda world: {"reason": "Longer than thought."}
    ),
    "DELETE /environments/{environment_slug}/windows/{id}/": Row("401 403 403 403 403 403 204 403", a_window),
    "GET /clusters/": Row(EVERYBODY, at("clusters/")),
    "GET /clusters/{slug}/": Row(EVERYBODY, at("clusters/sandbox/")),
    # no cluster answers here, so whoever may is told 503
    "GET /clusters/{slug}/policies/": Row(
        "401 403 403 403 403 503 503 503", at("clusters/sandbox/policies/")
    ),
    "POST /clusters/{slug}/policies/install/": Row(
        "401 403 403 403 403 403 503 403", at("clusters/sandbox/policies/install/")
    ),
    "POST /clusters/{slug}/policies/uninstall/": Row(
        "401 403 403 403 403 403 503 403", at("clusters/sandbox/policies/uninstall/")
    ),
    "GET /policies/": Row(EVERYBODY, at("policies/")),
    "GET /policies/{name}/": Row(EVERYBODY, lambda world: f"policies/{policy_rows.a_policy()}/"),
    "GET /policies/{name}/violations/": Row(
        EVERYBODY, lambda world: f"policies/{policy_rows.a_policy()}/violations/"
    ),
    "PUT /policies/{name}/modes/{environment}/": Row(
        "401 403 403 403 403 403 200 403",
        lambda world: f"policies/{policy_rows.a_policy()}/modes/dev/",
        lambda world: {"mode": "audit", "reason": "Looking first."},
    ),
    "POST /policies/evaluate/": Row(EVERYBODY, at("policies/evaluate/"), evaluation),
    "GET /policies/reports/": Row(EVERYBODY, at("policies/reports/")),
    "GET /policies/blast-radius/": Row(READERS, at("policies/blast-radius/")),
    "POST /policies/blast-radius/": Row(
        "401 403 403 403 403 202 202 202",
        at("policies/blast-radius/"),
        lambda world: {"remove": [policy_rows.a_policy()]},
    ),
    "GET /policies/blast-radius/{id}/": Row(
        READERS, lambda world: f"policies/blast-radius/{policy_rows.radius(world).pk}/"
    ),
    "GET /exceptions/": Row(EVERYBODY, at("exceptions/")),
    "POST /exceptions/": Row("401 201 201 201 404 403 403 403", at("exceptions/"), exception_wish),
    "GET /exceptions/debt/": Row(EVERYBODY, at("exceptions/debt/")),
    "GET /exceptions/{id}/": Row(TEAM, exception_at("")),
    # people of two roles decide, nobody of the team that asks
    "POST /exceptions/{id}/approve/": Row("401 403 403 403 404 200 200 403", exception_at("approve/")),
    "POST /exceptions/{id}/reject/": Row(
        "401 403 403 403 404 200 200 403", exception_at("reject/"), lambda world: {"comment": "Mirror it."}
    ),
    "POST /exceptions/{id}/withdraw/": Row("401 200 200 200 404 403 403 403", exception_at("withdraw/")),
    "POST /exceptions/{id}/revoke/": Row(
        "401 200 200 200 404 200 200 403",
        lambda world: f"exceptions/{policy_rows.granted(world).pk}/revoke/",
        lambda world: {"comment": "Mirrored."},
    ),
    "PATCH /environments/{slug}/gate/": Row(
        "401 403 403 403 403 403 200 403",
        at("environments/production/gate/"),
        lambda world: {"approvals_required": 2, "reason": "Four eyes are not enough."},
    ),
    "GET /sources/": Row(READERS, at("sources/")),
    "POST /sources/": Row(CURATOR_MAKES, at("sources/"), lambda world: SOURCE),
    "GET /sources/{slug}/": Row(READERS, of_source("")),
    "PATCH /sources/{slug}/": Row(CURATOR_DOES, of_source(""), lambda world: {"name": "Other"}),
    "DELETE /sources/{slug}/": Row("401 403 403 403 403 403 204 403", of_source("")),
    "POST /sources/{slug}/sync/": Row("401 403 403 403 403 403 202 403", of_source("sync/")),
    "GET /sources/{source_slug}/versions/": Row(READERS, of_source("versions/")),
    "GET /sources/{source_slug}/versions/{id}/": Row(READERS, of_source_version("")),
    "GET /sources/{source_slug}/versions/{id}/declaration/": Row(READERS, of_source_version("declaration/")),
    "POST /sources/{source_slug}/versions/{id}/publish/": Row(
        CURATOR_MAKES, of_source_version("publish/"), lambda world: {"declaration": DECLARATION}
    ),
    "POST /sources/{source_slug}/versions/{id}/activate/": Row(
        "401 403 403 403 403 403 409 403", of_source_version("activate/")
    ),
    "POST /sources/{source_slug}/versions/{id}/retire/": Row(
        CURATOR_DOES, of_source_version("retire/", source_rows.on_offer), lambda world: {}
    ),
    "POST /sources/{source_slug}/versions/{id}/discard/": Row(
        CURATOR_DOES, of_source_version("discard/", source_rows.a_draft)
    ),
    "POST /sources/{source_slug}/versions/{id}/retry/": Row(
        CURATOR_DOES,
        lambda world: f"sources/public/versions/{source_rows.refused().pk}/retry/",
    ),
    "GET /quota-pools/": Row(EVERYBODY, at("quota-pools/")),
    "POST /quota-pools/": Row("401 403 403 403 404 403 200 403", at("quota-pools/"), quota_rows.lower),
    "GET /quota-pools/{id}/": Row(TEAM, lambda world: f"quota-pools/{quota_rows.pool(world).pk}/"),
    "POST /quota-pools/simulate/": Row(
        "401 200 200 200 404 200 200 403", at("quota-pools/simulate/"), quota_rows.wish
    ),
    "GET /quota-raises/": Row(EVERYBODY, at("quota-raises/")),
    "POST /quota-raises/": Row("401 201 201 201 404 403 403 403", at("quota-raises/"), quota_rows.reasoned),
    "GET /quota-raises/{id}/": Row(TEAM, quota_raise("")),
    "POST /quota-raises/{id}/approve/": Row("401 403 403 403 404 200 200 403", quota_raise("approve/")),
    "POST /quota-raises/{id}/reject/": Row(
        "401 403 403 403 404 200 200 403", quota_raise("reject/"), lambda world: {"comment": "No nodes."}
    ),
    "POST /quota-raises/{id}/withdraw/": Row("401 200 200 200 404 403 403 403", quota_raise("withdraw/")),
    "GET /approver-groups/": Row(EVERYBODY, at("approver-groups/")),
    "POST /approver-groups/": Row(
        "401 403 403 403 403 403 201 403",
        at("approver-groups/"),
        lambda world: {"slug": "security", "name": "Security", "members": ["olga"]},
    ),
    "GET /approver-groups/{slug}/": Row(EVERYBODY, lambda world: f"approver-groups/{a_group().slug}/"),
    "PATCH /approver-groups/{slug}/": Row(
        "401 403 403 403 403 403 200 403",
        lambda world: f"approver-groups/{a_group().slug}/",
        lambda world: {"members": ["olga"]},
    ),
    "PATCH /teams/{slug}/members/{username}/": Row(
        "401 403 403 200 404 200 403 403", at("teams/shop/members/mona/"), lambda world: {"on_call": True}
    ),
    "GET /teams/": Row(EVERYBODY, at("teams/")),
    "GET /teams/{slug}/": Row(TEAM, at("teams/shop/")),
    "GET /applications/": Row(EVERYBODY, at("applications/")),
    "POST /applications/": Row(
        "401 403 403 201 404 403 403 403",
        at("applications/"),
        lambda world: {"team": "shop", "slug": "search", "name": "Search"},
    ),
    "GET /applications/{slug}/": Row(TEAM, at("applications/storefront/")),
    "GET /instances/": Row(EVERYBODY, at("instances/")),
    "GET /instances/{id}/": Row(TEAM, at("instances/{instance}/")),
    "GET /instances/{id}/manifests/": Row(TEAM, at("instances/{instance}/manifests/")),
    "GET /instances/{id}/releases/": Row(TEAM, at("instances/{instance}/releases/")),
    # nobody's cluster answers here, so whoever may look is told 503
    "GET /instances/{id}/objects/": Row(
        "401 503 503 503 404 503 503 503", at("instances/{instance}/objects/")
    ),
    **{
        f"GET /instances/{{instance_id}}/{what}/": Row(
            "401 503 503 503 404 503 503 503", at(f"instances/{{instance}}/{what}/")
        )
        for what in ("topology", "pods", "events")
    },
    # what is written into a log is for those who run the service
    "GET /instances/{instance_id}/logs/": Row(
        "401 503 503 503 404 503 403 403", at("instances/{instance}/logs/?pod=shop-api-1")
    ),
    "GET /instances/{instance_id}/connections/": Row(TEAM, at("instances/{instance}/connections/")),
    "POST /instances/{id}/announce-retirement/": Row(
        ANNOUNCED, at("instances/{instance}/announce-retirement/")
    ),
    "DELETE /instances/{id}/announce-retirement/": Row(
        "401 204 204 204 404 403 403 403", at("instances/{instance}/announce-retirement/")
    ),
    "GET /drift/": Row(EVERYBODY, at("drift/")),
    "GET /instances/{instance_id}/drift/": Row(TEAM, drift_rows.at),
    "POST /instances/{instance_id}/drift/scan/": Row(
        "401 202 202 202 404 202 403 403", lambda world: drift_rows.at(world, "scan/")
    ),
    "POST /instances/{instance_id}/drift/revert/": Row(
        "401 201 201 201 404 403 403 403", lambda world: drift_rows.at(world, "revert/"), lambda world: {}
    ),
    # its chart makes no such object, which whoever may ask is told
    "POST /instances/{instance_id}/drift/adopt/": Row(
        "401 422 422 422 404 403 403 403", lambda world: drift_rows.at(world, "adopt/"), lambda world: {}
    ),
    "POST /instances/{instance_id}/drift/adopt/preview/": Row(
        "401 200 200 200 404 403 403 403",
        lambda world: drift_rows.at(world, "adopt/preview/"),
        lambda world: {},
    ),
    "POST /instances/{instance_id}/drift/tolerances/": Row(
        "401 201 201 201 404 201 403 403",
        lambda world: drift_rows.at(world, "tolerances/"),
        drift_rows.toleration,
    ),
    "DELETE /instances/{instance_id}/drift/tolerances/{id}/": Row(
        "401 204 204 204 404 204 403 403",
        lambda world: drift_rows.at(world, f"tolerances/{drift_rows.tolerated(world).pk}/"),
    ),
    "GET /changes/": Row(EVERYBODY, at("changes/")),
    "POST /changes/": Row("401 201 201 201 404 403 403 403", at("changes/"), retirement),
    "POST /previews/": Row("401 200 200 200 404 403 403 403", at("previews/"), retirement),
    "GET /changes/{id}/": Row(TEAM, at("changes/{change}/")),
    "GET /changes/{id}/diff/": Row(TEAM, at("changes/{waiting}/diff/")),
    "GET /changes/{id}/evidence/": Row(TEAM, at("changes/{waiting}/evidence/")),
    "POST /changes/{id}/evidence/refresh/": Row(
        "401 202 202 202 404 202 403 403", at("changes/{waiting}/evidence/refresh/")
    ),
    "GET /changes/{id}/log/": Row(TEAM, at("changes/{change}/log/")),
    "POST /changes/{id}/approve/": Row(
        "401 403 403 403 404 200 403 403", at("changes/{waiting}/approve/"), decision
    ),
    "POST /changes/{id}/reject/": Row(
        "401 403 403 403 404 200 403 403", at("changes/{waiting}/reject/"), decision
    ),
    "POST /changes/{id}/cancel/": Row("401 200 200 200 404 200 403 403", at("changes/{waiting}/cancel/")),
    "POST /changes/{id}/reseal/": Row("401 200 200 200 404 403 403 403", at("changes/{waiting}/reseal/")),
    # mona is a maintainer, but not on call
    "POST /changes/{id}/break-glass/": Row(
        "401 403 403 403 404 200 403 403", at("changes/{waiting}/break-glass/"), emergency
    ),
    "POST /changes/{id}/break-glass/review/": Row(
        "401 403 403 403 404 200 403 403",
        lambda world: f"changes/{passed(world).pk}/break-glass/review/",
        lambda world: {"review": "justified", "comment": "It was down."},
    ),
    "GET /changes/{change_id}/comments/": Row(TEAM, at("changes/{waiting}/comments/")),
    "POST /changes/{change_id}/comments/": Row(
        "401 201 201 201 404 201 201 201", at("changes/{waiting}/comments/"), lambda world: {"text": "Look."}
    ),
    # of whoever asked for the change of it
    "POST /changes/{change_id}/comments/{id}/settle/": Row(
        "401 403 403 403 404 200 403 403",
        lambda world: f"changes/{world.waiting.pk}/comments/{wish_of_olga(world).pk}/settle/",
    ),
    "GET /fleet/": Row(EVERYBODY, at("fleet/")),
    "GET /fleet/export/": Row(EVERYBODY, at("fleet/export/")),
    "GET /campaigns/": Row(EVERYBODY, at("campaigns/")),
    "POST /campaigns/": Row("401 403 403 403 403 403 201 403", at("campaigns/"), campaign_rows.wish),
    "GET /campaigns/{id}/": Row(TEAM, campaign_rows.at()),
    # teams hear of it when it has begun
    "POST /campaigns/{id}/start/": Row(
        "401 404 404 404 404 403 200 403", campaign_rows.at("start/", "ready")
    ),
    "POST /campaigns/{id}/pause/": Row("401 403 403 403 404 403 200 403", campaign_rows.at("pause/")),
    "POST /campaigns/{id}/resume/": Row(
        "401 403 403 403 404 403 200 403", campaign_rows.at("resume/", "paused")
    ),
    "POST /campaigns/{id}/stop/": Row("401 403 403 403 404 403 200 403", campaign_rows.at("stop/")),
    "GET /campaigns/{campaign_id}/items/": Row(TEAM, campaign_rows.at("items/")),
    "POST /campaigns/{campaign_id}/items/{id}/answer/": Row(
        "401 403 403 200 404 403 403 403",
        campaign_rows.at_item("answer", "asked"),
        lambda world: {"answer": "agree"},
    ),
    "POST /campaigns/{campaign_id}/items/{id}/retry/": Row(
        "401 403 403 403 404 403 200 403", campaign_rows.at_item("retry", "failed")
    ),
    "GET /offerings/{offering_slug}/compare/": Row(EVERYBODY, at("offerings/web-service/compare/")),
    "PUT /offerings/{offering_slug}/deprecation/": Row(
        "401 403 403 403 403 403 200 403",
        at("offerings/web-service/deprecation/"),
        lambda world: {"message": "Take another."},
    ),
    "DELETE /offerings/{offering_slug}/deprecation/": Row(
        "401 403 403 403 403 403 204 403", campaign_rows.out_offering
    ),
    "PUT /offerings/{offering_slug}/versions/{version}/deprecation/": Row(
        "401 403 403 403 403 403 200 403",
        at("offerings/web-service/versions/1.0.0/deprecation/"),
        lambda world: {"message": "Upgrade."},
    ),
    "DELETE /offerings/{offering_slug}/versions/{version}/deprecation/": Row(
        "401 403 403 403 403 403 204 403", campaign_rows.out_version
    ),
    "GET /reports/gates/": Row(READERS, at("reports/gates/")),
    "GET /audit/": Row(EVERYBODY, at("audit/")),
    "GET /audit/{id}/": Row(TEAM, lambda world: f"audit/{an_event(world)}/"),
    "GET /audit/verify/": Row(READERS, at("audit/verify/")),
    "GET /audit/export/": Row(EVERYBODY, at("audit/export/")),
    "GET /tokens/": Row(EVERYBODY, at("tokens/")),
    "POST /tokens/": Row(
        "401 201 201 201 201 201 201 201", at("tokens/"), lambda world: {"name": "for the pipeline"}
    ),
    "DELETE /tokens/{token_key}/": Row(
        "401 204 404 404 404 404 404 404",
        lambda world: f"tokens/{world.api('alice').token_row.token_key}/",
    ),
}


def an_event(world: World) -> str:
    from portal.audit.recording import record

    return str(record("change.requested", world.change, actor=world.people["alice"]).pk)


def operations() -> Iterator[str]:
    """Everything that the OpenAPI description offers."""
    for path, methods in SchemaGenerator().get_schema(public=True)["paths"].items():
        for method in methods:
            yield f"{method.upper()} {path.removeprefix('/api/v1')}"


def test_every_operation_has_a_row_in_the_table() -> None:
    assert set(operations()) == set(TABLE)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("operation", TABLE)
def test_role_may_or_may_not(world: World, operation: str, person: str) -> None:
    row, method = TABLE[operation], operation.split()[0]
    path, body = row.path(world), row.body(world)
    answer = world.api(person).call(method, path, body)
    assert answer.status_code == row.status_for(person), answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("person", PEOPLE)
def test_refused_writes_leave_nothing_behind(world: World, person: str) -> None:
    before = ServiceInstance.objects.get(pk=world.instance.pk).retirement_announced_at
    if world.api(person).post(f"instances/{world.instance.pk}/announce-retirement/").status_code != 200:
        assert ServiceInstance.objects.get(pk=world.instance.pk).retirement_announced_at == before
