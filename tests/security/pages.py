"""Every page: its address, what to post there, and what each role gets. A page without a row fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from portal.accounts.models import BrowserSession
from portal.audit.notifying import notify
from portal.core import clock
from portal.environments.models import ApproverGroup
from portal.lifecycle.models import DriftItem, DriftTolerance, ServiceInstance
from tests.api import campaign_rows, policy_rows, quota_rows, source_rows
from tests.api.conftest import PEOPLE, World
from tests.api.test_roles import a_group, an_event, decision, emergency, passed, wish_of_olga
from tests.factories import WindowFactory

#          anonymous alice bob mona pia olga pete audrey
EVERYBODY = "302 200 200 200 200 200 200 200"
TEAM = "302 200 200 200 404 200 200 200"  # members, and whoever reads everything
MEMBERS = "302 200 200 200 404 403 403 403"  # members only
MEMBERS_DO = "401 302 302 302 404 403 403 403"
OPERATOR_DOES = "401 403 403 403 404 302 403 403"
CURATOR_DOES = "401 403 403 403 403 403 302 403"
CURATOR = "302 403 403 403 403 403 200 403"
READERS = "302 403 403 403 403 200 200 200"  # of what is about the whole platform
ELSEWHERE = "302 302 302 302 302 302 302 302"  # from where there is nothing to see
OWN = "401 302 404 404 404 404 404 404"  # alice alone, whatever the roles of others
ONESELF = "401 302 302 302 302 302 302 302"

Address = Callable[[World], str]
Data = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """One page and method: where, what is posted, and the status for each of PEOPLE."""

    statuses: str
    address: Address
    data: Data = lambda world: {}

    def status_for(self, person: str) -> int:
        return int(self.statuses.split()[PEOPLE.index(person)])


def of_change(rest: str) -> Address:
    return lambda world: f"/changes/{world.waiting.pk}/{rest}"


def of_instance(rest: str) -> Address:
    return lambda world: f"/instances/{world.instance.pk}/{rest}"


def rollback(world: World) -> str:
    return f"/instances/{world.instance.pk}/rollback/{world.instance.current_release_id}/"


def of_exception(rest: str) -> Address:
    return lambda world: f"/exceptions/{policy_rows.asked(world).pk}/{rest}"


def of_raise(rest: str) -> Address:
    return lambda world: f"/quota-raises/{quota_rows.asked(world).pk}/{rest}"


def of_quota(rest: str) -> Address:
    def address(world: World) -> str:
        quota_rows.pool(world)
        return f"/teams/shop/quota/{rest}"

    return address


def of_campaign(rest: str = "", state: str = "running") -> Address:
    return lambda world: f"/campaigns/{campaign_rows.campaign(world, state).pk}/{rest}"


def of_item(rest: str, state: str) -> Address:
    def address(world: World) -> str:
        item = campaign_rows.item(world, state)
        return f"/campaigns/{item.campaign_id}/items/{item.pk}/{rest}"

    return address


def of_policy(rest: str) -> Address:
    return lambda world: f"/policies/{policy_rows.a_policy()}/{rest}"


def of_environment(rest: str) -> Address:
    return lambda world: f"/platform/environments/production/{rest}"


def at(address: str) -> Address:
    return lambda world: address


def of_source(rest: str) -> Address:
    return lambda world: f"/platform/sources/{source_rows.a_source().slug}/{rest}"


def of_source_version(rest: str, made: Callable[[], object] = source_rows.a_version) -> Address:
    def address(world: World) -> str:
        made()
        return f"/platform/sources/public/greeter/1.0.0/{rest}"

    return address


def refused_version(world: World) -> str:
    return f"/platform/sources/public/liar/{source_rows.refused().version}/retry/"


def a_notice(rest: str) -> Address:
    def address(world: World) -> str:
        about = {"topic": "change.waiting", "text": "A change waits.", "url": "/changes/"}
        notice = notify([world.people["alice"]], **about, key=f"to {rest}")[0]
        return f"/notifications/{notice.pk}/{rest}"

    return address


def session_of_alice(world: World) -> str:
    now, handle = clock.now(), uuid4()
    BrowserSession.objects.create(
        session_key=handle.hex,
        handle=handle,
        user=world.people["alice"],
        opened_at=now,
        seen_at=now,
        expire_date=now + timedelta(hours=1),
    )
    return f"/me/sessions/{handle}/end/"


OBJECT = {"api_version": "apps/v1", "kind": "Deployment", "name": "shop-api", "path": "spec.replicas"}


def drifted(world: World) -> str:
    now = clock.now()
    item = DriftItem.objects.create(
        instance=world.instance,
        **OBJECT,
        how="changed",
        sealed=2,
        live=3,
        first_seen_at=now,
        last_seen_at=now,
    )
    return f"/instances/{world.instance.pk}/drift/items/{item.pk}/tolerate/"


def tolerated(world: World) -> str:
    now = clock.now()
    tolerance = DriftTolerance.objects.create(
        instance=world.instance,
        **OBJECT,
        reason="For the sale.",
        until=now + timedelta(days=1),
        created_by=world.people["alice"],
        created_at=now,
    )
    return f"/instances/{world.instance.pk}/drift/tolerances/{tolerance.pk}/end/"


def announced(world: World) -> dict[str, Any]:
    ServiceInstance.objects.filter(pk=world.instance.pk).update(retirement_announced_at=clock.now())
    return {"confirm": world.instance.name}


def wish(world: World) -> dict[str, Any]:
    return {"digest": world.waiting.seal, "text": "Two replicas, please."}


def review_of(world: World) -> str:
    return f"/changes/{passed(world).pk}/review/"


def settled(world: World) -> str:
    return f"/changes/{world.waiting.pk}/comments/{wish_of_olga(world).pk}/settle/"


def token_of_alice(world: World) -> str:
    return f"/me/tokens/{world.api('alice').token_row.token_key}/revoke/"


def group(world: World) -> str:
    found = ApproverGroup.objects.filter(slug="release-managers").first() or a_group()
    return f"/platform/groups/{found.slug}/"


def a_window(world: World) -> str:
    return (
        f"/platform/environments/production/windows/{WindowFactory(environment=world.production).pk}/remove/"
    )


def radius(rest: str = "") -> Address:
    return lambda world: f"/policies/blast-radius/{policy_rows.radius(world).pk}/{rest}"


def application(world: World) -> dict[str, Any]:
    return {"team": world.shop.pk, "slug": "gifts", "name": "Gifts", "description": ""}


FREEZE = {
    "what": "once",
    "reason": "Stock-taking.",
    "time_zone": "Europe/Berlin",
    "starts_at": "2090-01-01T00:00",
    "ends_at": "2090-01-02T00:00",
}
GUARD = {"mode": "audit", "reason": "What would be refused?", "seen": "off"}
PASSWORD = {
    "current": "not the password",
    "new": "seven quiet lighthouses",
    "again": "seven quiet lighthouses",
}
MODE = {"environment": "dev", "mode": "audit", "reason": "Looking first."}
EXCEPTION = of_exception
__all__ = ["EXCEPTION"]


def in_dev(world: World) -> dict[str, Any]:
    return {"application": "storefront", "environment": "dev"}


def glass(world: World) -> dict[str, Any]:
    return {**emergency(world), "confirm": "production"}


def several(world: World) -> dict[str, Any]:
    return {"rows": f"{world.waiting.pk}:{world.waiting.seal}", "comment": "Not now."}


FREEZE = {
    "what": "once",
    "reason": "Stock-taking.",
    "time_zone": "Europe/Berlin",
    "starts_at": "2090-01-01T00:00",
    "ends_at": "2090-01-02T00:00",
}
GUARD = {"mode": "audit", "reason": "What would be refused?", "seen": "off"}
PASSWORD = {
    "current": "not the password",
    "new": "seven quiet lighthouses",
    "again": "seven quiet lighthouses",
}
MODE = {"environment": "dev", "mode": "audit", "reason": "Looking first."}
SOURCE = {
    "name": "Other",
    "slug": "other",
    "kind": "helm",
    "url": "https://other.example.com",
    "newest": "10",
    "interval_minutes": "60",
    "enabled": "on",
}
PUBLISHED = {
    "offering": "greeter",
    "name": "Greeter",
    "summary": "It greets.",
    "category": "Social",
    "owner": "platform",
    "description": "It greets.",
    "when_not_to_use": "Never.",
    "declaration": "plans: [{slug: a, name: A, description: A, price_cents_per_month: 0, default: true}]",
}
PAGES: dict[str, Page] = {
    "GET home": Page(EVERYBODY, at("/")),
    "GET home-live": Page(EVERYBODY, at("/home/live/")),
    "POST home-welcomed": Page(ONESELF, at("/home/welcomed/")),
    "GET search": Page(EVERYBODY, at("/search/?q=shop")),
    "GET search-suggest": Page(ELSEWHERE, at("/search/suggest/?q=shop")),
    "GET catalog": Page(EVERYBODY, at("/catalog/")),
    "GET catalog-offering": Page(EVERYBODY, at("/catalog/web-service/")),
    "GET catalog-request": Page(EVERYBODY, at("/catalog/web-service/request/")),
    "POST catalog-request": Page(
        "401 200 200 200 200 422 422 422", at("/catalog/web-service/request/"), in_dev
    ),
    "POST catalog-request-preview": Page(
        "401 200 200 200 200 200 200 200", at("/catalog/web-service/request/preview/"), in_dev
    ),
    "GET applications": Page(EVERYBODY, at("/applications/")),
    "GET applications-new": Page(EVERYBODY, at("/applications/new/")),
    "POST applications-new": Page("401 422 422 302 422 422 422 422", at("/applications/new/"), application),
    "GET applications-live": Page(TEAM, at("/applications/storefront/live/")),
    "GET applications-one": Page(TEAM, at("/applications/storefront/")),
    "GET instances": Page(EVERYBODY, at("/instances/")),
    "GET instances-one": Page(TEAM, of_instance("")),
    "GET instances-live": Page(TEAM, of_instance("live/")),
    "GET instances-objects": Page(TEAM, of_instance("objects/")),
    "GET instances-object": Page(TEAM, of_instance("objects/one/?kind=Deployment&name=shop-api")),
    "GET instances-pods": Page(TEAM, of_instance("pods/")),
    # what is written into a log is for those who run the service
    "GET instances-log": Page("302 200 200 200 404 200 403 403", of_instance("logs/?pod=shop-api-1")),
    "GET instances-events": Page(TEAM, of_instance("events/")),
    "GET instances-compare": Page(TEAM, of_instance("compare/?old=1&new=1")),
    "GET instances-update": Page(MEMBERS, of_instance("update/")),
    "POST instances-update": Page("401 200 200 200 404 403 403 403", of_instance("update/")),
    "POST instances-update-preview": Page("401 200 200 200 404 403 403 403", of_instance("update/preview/")),
    "GET instances-upgrade": Page("302 409 409 409 404 403 403 403", of_instance("upgrade/")),
    "POST instances-upgrade": Page("401 409 409 409 404 403 403 403", of_instance("upgrade/")),
    "GET instances-promote": Page(MEMBERS, of_instance("promote/production/")),
    "POST instances-promote": Page("401 422 422 422 404 403 403 403", of_instance("promote/production/")),
    "GET instances-rollback": Page(MEMBERS, rollback),
    "POST instances-rollback": Page("401 422 422 422 404 403 403 403", rollback),
    "GET instances-retire": Page(MEMBERS, of_instance("retire/")),
    "POST instances-retire": Page(MEMBERS_DO, of_instance("retire/"), announced),
    "POST instances-retire-announce": Page(MEMBERS_DO, of_instance("retire/announce/")),
    "POST instances-retire-withdraw": Page(MEMBERS_DO, of_instance("retire/withdraw/")),
    "GET drift": Page(EVERYBODY, at("/drift/")),
    "GET instances-drift": Page("302 302 302 302 404 302 302 302", of_instance("drift/")),
    "POST instances-drift-scan": Page("401 302 302 302 404 302 403 403", of_instance("drift/scan/")),
    "GET instances-drift-revert": Page(MEMBERS, of_instance("drift/revert/")),
    "POST instances-drift-revert": Page("401 409 409 409 404 403 403 403", of_instance("drift/revert/")),
    "GET instances-drift-adopt": Page(MEMBERS, of_instance("drift/adopt/")),
    "POST instances-drift-adopt": Page("401 409 409 409 404 403 403 403", of_instance("drift/adopt/")),
    "GET instances-drift-tolerate": Page("302 200 200 200 404 200 403 403", drifted),
    "POST instances-drift-tolerate": Page("401 422 422 422 404 422 403 403", drifted),
    "POST instances-drift-tolerance-end": Page("401 302 302 302 404 302 403 403", tolerated),
    "GET pools": Page(READERS, at("/platform/pools/")),
    "GET pools-team": Page(TEAM, of_quota("")),
    "GET pools-ask": Page(MEMBERS, of_quota("dev/raise/")),
    "POST pools-ask": Page(MEMBERS_DO, of_quota("dev/raise/"), lambda w: {"pods": "200", "reason": "Sale."}),
    "GET pools-limit": Page("302 403 403 403 404 403 200 403", of_quota("dev/limits/")),
    "POST pools-limit": Page(
        "401 403 403 403 404 403 302 403",
        of_quota("dev/limits/"),
        lambda w: {"pods": "50", "reason": "The cluster is small."},
    ),
    "GET pools-raise": Page(TEAM, of_raise("")),
    "POST pools-grant": Page("401 403 403 403 404 302 302 403", of_raise("grant/")),
    "POST pools-reject": Page(
        "401 403 403 403 404 302 302 403", of_raise("reject/"), lambda w: {"comment": "There are no nodes."}
    ),
    "POST pools-withdraw": Page(MEMBERS_DO, of_raise("withdraw/")),
    "GET fleet": Page(EVERYBODY, at("/fleet/")),
    "GET catalog-fleet": Page(EVERYBODY, at("/catalog/web-service/fleet/")),
    "GET catalog-compare": Page(EVERYBODY, at("/catalog/web-service/compare/")),
    "GET catalog-deprecate": Page(CURATOR, at("/catalog/web-service/deprecate/")),
    "POST catalog-deprecate": Page(
        CURATOR_DOES, at("/catalog/web-service/deprecate/"), lambda w: {"message": "Take another."}
    ),
    "POST catalog-deprecate-lift": Page(
        CURATOR_DOES,
        lambda w: f"/catalog/web-service/deprecate/lift/?version={campaign_rows.deprecated(w).version}",
    ),
    "GET campaigns": Page(EVERYBODY, at("/campaigns/")),
    "GET campaigns-new": Page(CURATOR, at("/campaigns/new/?offering=web-service")),
    "POST campaigns-new": Page("401 403 403 403 403 403 422 403", at("/campaigns/new/?offering=web-service")),
    "GET campaigns-one": Page(TEAM, of_campaign()),
    "GET campaigns-live": Page(TEAM, of_campaign("live/")),
    "POST campaigns-start": Page("401 404 404 404 404 403 302 403", of_campaign("start/", "ready")),
    "POST campaigns-pause": Page("401 403 403 403 404 403 302 403", of_campaign("pause/")),
    "POST campaigns-resume": Page("401 403 403 403 404 403 302 403", of_campaign("resume/", "paused")),
    "POST campaigns-stop": Page("401 403 403 403 404 403 302 403", of_campaign("stop/")),
    "GET campaigns-item": Page(TEAM, of_item("", "asked")),
    "POST campaigns-item": Page(
        "401 403 403 302 404 403 403 403", of_item("", "asked"), lambda w: {"answer": "agree"}
    ),
    "POST campaigns-retry": Page("401 403 403 403 404 403 302 403", of_item("retry/", "failed")),
    "GET changes": Page(EVERYBODY, at("/changes/")),
    "GET changes-one": Page(TEAM, of_change("")),
    "GET changes-live": Page(TEAM, of_change("live/")),
    "GET changes-diff": Page("302 404 404 404 404 404 404 404", of_change("diff/")),
    "POST changes-approve": Page(OPERATOR_DOES, of_change("approve/"), decision),
    "POST changes-reject": Page(OPERATOR_DOES, of_change("reject/"), decision),
    "POST changes-ask": Page(OPERATOR_DOES, of_change("ask/"), wish),
    "POST changes-say": Page("401 302 302 302 404 302 302 302", of_change("comments/"), wish),
    "POST changes-settle": Page(OPERATOR_DOES, settled),
    "POST changes-evidence": Page("401 302 302 302 404 302 403 403", of_change("evidence/")),
    "POST changes-seal": Page(MEMBERS_DO, of_change("seal/")),
    "POST changes-cancel": Page("401 302 302 302 404 302 403 403", of_change("cancel/")),
    "GET changes-break-glass": Page(TEAM, of_change("break-glass/")),
    "POST changes-break-glass": Page(OPERATOR_DOES, of_change("break-glass/"), glass),
    "POST changes-review": Page(
        OPERATOR_DOES, review_of, lambda w: {"review": "justified", "comment": "It was down."}
    ),
    "GET approvals": Page("302 403 403 403 403 200 403 403", at("/approvals/")),
    "POST approvals-bulk": Page("401 403 403 403 403 302 403 403", at("/approvals/bulk/"), several),
    "GET policies": Page(EVERYBODY, at("/policies/")),
    "GET policies-playground": Page(EVERYBODY, at("/policies/playground/")),
    "POST policies-playground": Page("401 200 200 200 200 200 200 200", at("/policies/playground/")),
    "GET policies-blast-radius": Page(READERS, at("/policies/blast-radius/")),
    "POST policies-blast-radius": Page("401 403 403 403 403 422 422 422", at("/policies/blast-radius/")),
    "GET policies-blast-radius-one": Page("302 404 404 404 404 200 200 200", radius()),
    "GET policies-blast-radius-live": Page("302 404 404 404 404 200 200 200", radius("live/")),
    "GET policies-one": Page(EVERYBODY, of_policy("")),
    "GET policies-mode": Page(CURATOR, of_policy("mode/")),
    "POST policies-mode": Page(CURATOR_DOES, of_policy("mode/"), lambda w: MODE),
    "GET policies-mode-live": Page("302 403 403 403 403 403 404 403", of_policy("mode/live/")),
    "POST policies-mode-confirm": Page(
        "401 403 403 403 403 403 409 403", of_policy("mode/confirm/"), lambda w: MODE
    ),
    "GET exceptions": Page(EVERYBODY, at("/exceptions/")),
    "GET exceptions-new": Page(MEMBERS, lambda w: f"/exceptions/new/?instance={w.instance.pk}"),
    "POST exceptions-new": Page(
        "401 422 422 422 404 403 403 403", lambda w: f"/exceptions/new/?instance={w.instance.pk}"
    ),
    "GET exceptions-debt": Page(EVERYBODY, at("/exceptions/debt/")),
    "GET exceptions-one": Page(TEAM, of_exception("")),
    "POST exceptions-grant": Page(
        "401 403 403 403 404 302 302 403", of_exception("grant/"), lambda w: {"comment": "Yes."}
    ),
    "POST exceptions-reject": Page(
        "401 403 403 403 404 302 302 403", of_exception("reject/"), lambda w: {"comment": "No."}
    ),
    "POST exceptions-revoke": Page(
        "401 302 302 302 404 302 302 403",
        lambda w: f"/exceptions/{policy_rows.granted(w).pk}/revoke/",
        lambda w: {"comment": "No more."},
    ),
    "POST exceptions-withdraw": Page(MEMBERS_DO, of_exception("withdraw/")),
    "GET audit": Page(EVERYBODY, at("/audit/")),
    "POST audit-verify": Page("401 403 403 403 403 302 302 302", at("/audit/verify/")),
    "GET audit-one": Page(TEAM, lambda w: f"/audit/{an_event(w)}/"),
    "GET audit-export": Page(EVERYBODY, at("/audit/export/?as=csv")),
    "GET notifications": Page(EVERYBODY, at("/notifications/")),
    "POST notifications-read-all": Page(ONESELF, at("/notifications/read-all/")),
    "POST notifications-preference": Page(
        ONESELF, at("/notifications/preference/"), lambda w: {"email": "all"}
    ),
    "POST notifications-open": Page(OWN, a_notice("open/")),
    "POST notifications-read": Page(OWN, a_notice("read/")),
    "GET sessions": Page(EVERYBODY, at("/me/sessions/")),
    "POST sessions-end-others": Page(ONESELF, at("/me/sessions/end-others/")),
    "POST sessions-end": Page(OWN, session_of_alice),
    "GET password": Page(EVERYBODY, at("/me/password/")),
    "POST password": Page("401 422 422 422 422 422 422 422", at("/me/password/"), lambda w: PASSWORD),
    "GET tokens": Page(EVERYBODY, at("/me/tokens/")),
    "POST tokens-new": Page(
        "401 201 201 201 201 201 201 201",
        at("/me/tokens/new/"),
        lambda w: {"name": "for a pipeline", "days": "30"},
    ),
    "POST tokens-revoke": Page(OWN, token_of_alice),
    "GET platform": Page(CURATOR, at("/platform/")),
    "GET sources": Page(READERS, at("/platform/sources/")),
    "GET sources-new": Page(CURATOR, at("/platform/sources/new/")),
    "POST sources-new": Page(CURATOR_DOES, at("/platform/sources/new/"), lambda w: SOURCE),
    "GET sources-one": Page(READERS, of_source("")),
    "GET sources-live": Page(READERS, of_source("live/")),
    "GET sources-edit": Page(CURATOR, of_source("edit/")),
    "POST sources-edit": Page(CURATOR_DOES, of_source("edit/"), lambda w: SOURCE),
    "POST sources-sync": Page(CURATOR_DOES, of_source("sync/")),
    "POST sources-remove": Page(CURATOR_DOES, of_source("remove/"), lambda w: {"confirm": "public"}),
    "GET sources-version": Page(READERS, of_source_version("")),
    "GET sources-version-publish": Page(CURATOR, of_source_version("publish/")),
    "POST sources-version-publish": Page(CURATOR_DOES, of_source_version("publish/"), lambda w: PUBLISHED),
    "POST sources-version-activate": Page(CURATOR_DOES, of_source_version("activate/", source_rows.a_draft)),
    "POST sources-version-retire": Page(CURATOR_DOES, of_source_version("retire/", source_rows.on_offer)),
    "POST sources-version-discard": Page(CURATOR_DOES, of_source_version("discard/", source_rows.a_draft)),
    "POST sources-version-retry": Page(CURATOR_DOES, refused_version),
    "GET platform-groups": Page(CURATOR, at("/platform/groups/")),
    "POST platform-groups": Page(
        CURATOR_DOES, at("/platform/groups/"), lambda w: {"slug": "security", "name": "Security"}
    ),
    "GET platform-group": Page(CURATOR, group),
    "POST platform-group": Page(CURATOR_DOES, group, lambda w: {"name": "Release managers"}),
    "GET platform-gate": Page(READERS, of_environment("gate/")),
    "POST platform-gate-save": Page("401 403 403 403 403 403 422 403", of_environment("gate/save/")),
    "GET platform-guard": Page(READERS, of_environment("guard/")),
    "POST platform-guard-choose": Page(CURATOR_DOES, of_environment("guard/set/"), lambda w: GUARD),
    "POST platform-guard-put-right": Page(
        "401 403 403 403 403 403 502 403", of_environment("guard/put-right/")
    ),
    "GET platform-windows": Page(CURATOR, of_environment("windows/")),
    "POST platform-windows-add": Page(
        "401 403 403 403 403 403 422 403", of_environment("windows/add/"), lambda w: FREEZE
    ),
    "POST platform-windows-remove": Page(CURATOR_DOES, a_window),
    "GET platform-policies": Page(CURATOR, at("/platform/clusters/sandbox/policies/")),
    "POST platform-policies-install": Page(
        "401 403 403 403 403 403 502 403", at("/platform/clusters/sandbox/policies/install/")
    ),
    "POST platform-policies-remove": Page(
        "401 403 403 403 403 403 422 403", at("/platform/clusters/sandbox/policies/remove/")
    ),
    "GET docs": Page(EVERYBODY, at("/docs/?q=approve")),
    "GET docs-one": Page(EVERYBODY, at("/docs/gate/")),
    "GET docs-picture": Page(EVERYBODY, at("/docs/screenshots/home-light.png")),
    "GET design": Page(EVERYBODY, at("/design/")),
}
