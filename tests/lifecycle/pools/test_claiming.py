"""A namespace takes what it is limited to from its team's quota, as long as it is wanted or runs."""

from __future__ import annotations

import importlib
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from portal.core.errors import QuotaExceeded
from portal.lifecycle.models import QuotaClaim, QuotaPool, ServiceInstance
from portal.lifecycle.operations import pool_room, quota
from portal.lifecycle.selectors import pools
from portal.lifecycle.services import approvals, changes, wishes
from portal.lifecycle.services.previews import preview
from tests.factories import ApplicationFactory
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import ask, succeed
from tests.lifecycle.pools.scene import NAMESPACE, SMALL, limit


def claimed(organisation: Organisation, resource: str = "requests.cpu", environment: str = "dev") -> str:
    pool = pools.of_place(organisation.shop, organisation.environment(environment))
    return quota.show(pool_room.total(pools.claimed(pool)).get(resource, Decimal(0)), resource)


def test_without_limits_nobody_is_refused_and_claims_are_kept_all_the_same(
    organisation: Organisation,
) -> None:
    ask(organisation.alice, **NAMESPACE)
    assert (QuotaPool.objects.get().limits, claimed(organisation)) == ({}, "4")


def test_what_is_asked_for_counts_at_once_and_what_was_withdrawn_no_more(organisation: Organisation) -> None:
    change = ask(organisation.alice, **NAMESPACE)
    assert claimed(organisation) == "4"
    changes.cancel(change, actor=organisation.alice)
    assert claimed(organisation) == "0"


def test_what_waits_at_a_gate_counts_until_it_is_rejected(organisation: Organisation) -> None:
    change = ask(organisation.alice, **NAMESPACE | {"environment": "production"})
    assert claimed(organisation, environment="production") == "4"
    approvals.reject(change, actor=organisation.olga, digest=change.seal, comment="Not this week.")
    assert claimed(organisation, environment="production") == "0"


def test_a_larger_plan_counts_from_when_it_is_asked_and_the_smaller_while_it_still_runs(
    organisation: Organisation,
) -> None:
    namespace = succeed(ask(organisation.alice, **NAMESPACE, plan="medium"))
    smaller = ask(organisation.alice, kind="update", instance=namespace.pk, plan="small")
    assert claimed(organisation) == "12"
    succeed(smaller)
    assert claimed(organisation) == "4"
    ask(organisation.alice, kind="update", instance=namespace.pk, plan="medium")
    assert claimed(organisation) == "12"


def test_a_retired_namespace_claims_nothing(organisation: Organisation) -> None:
    namespace = succeed(ask(organisation.alice, **NAMESPACE))
    ServiceInstance.objects.filter(pk=namespace.pk).update(retired_at=namespace.created_at)
    assert claimed(organisation) == "0"


def test_a_namespace_beyond_the_quota_is_refused_with_every_reason(organisation: Organisation) -> None:
    limit(organisation, {"requests.cpu": "2", "pods": "10", "requests.memory": "8Gi"})
    with pytest.raises(QuotaExceeded) as caught:
        ask(organisation.alice, **NAMESPACE)
    refused = caught.value
    assert [line["resource"] for line in refused.details["quota"]] == ["requests.cpu", "pods"]
    for said in ("requests.cpu 4 of 2", "pods 50 of 10", "0 claimed before", "/teams/shop/quota/"):
        assert said in refused.message, said
    assert not ServiceInstance.objects.filter(offering__role="namespace").exists()
    assert not QuotaClaim.objects.exists()


def test_the_last_of_it_may_be_taken_and_the_next_is_refused(organisation: Organisation) -> None:
    limit(organisation, SMALL)
    ask(organisation.alice, **NAMESPACE)
    ApplicationFactory(team=organisation.shop, slug="search")
    with pytest.raises(QuotaExceeded, match="cpu 8 of 4"):
        ask(organisation.alice, **NAMESPACE | {"application": "search"})


def test_other_teams_and_other_environments_have_quotas_of_their_own(organisation: Organisation) -> None:
    limit(organisation, SMALL)
    ask(organisation.alice, **NAMESPACE)
    ask(organisation.pia, **NAMESPACE | {"application": "ledger"})
    ask(organisation.alice, **NAMESPACE | {"environment": "staging"})
    assert claimed(organisation, environment="staging") == "4"


def test_the_preview_shows_the_quota_before_and_after(organisation: Organisation) -> None:
    limit(organisation, SMALL | {"requests.cpu": "10"})
    draft = preview(wishes.resolve(organisation.alice, dict(NAMESPACE)))
    assert draft.room is not None
    (cpu, *_) = draft.room.lines
    assert (cpu.resource, cpu.used, cpu.after, cpu.hard, cpu.exceeded) == (
        "requests.cpu",
        "0",
        "4",
        "10",
        False,
    )
    assert not draft.quota_exceeded
    assert not QuotaClaim.objects.exists()


def test_where_a_pool_is_needed_a_team_without_one_makes_no_namespace(
    organisation: Organisation, settings: Any
) -> None:
    settings.SLIPWAY_NAMESPACES_NEED_POOL = True
    with pytest.raises(QuotaExceeded, match="namespaces need one"):
        ask(organisation.alice, **NAMESPACE)
    limit(organisation, SMALL)
    ask(organisation.alice, **NAMESPACE)


def test_a_namespace_without_a_limit_of_its_own_is_refused_where_the_pool_has_one(
    organisation: Organisation,
) -> None:
    pool = limit(organisation, {"requests.cpu": "100"})
    room = pool_room.room_for(pool.team, pool.environment, None, now={}, wanted={})
    (line,) = room.refused
    assert (line.resource, line.after, line.hard) == ("requests.cpu", "no limit", "100")


def test_a_release_that_is_sealed_anew_takes_the_place_of_the_one_before(organisation: Organisation) -> None:
    limit(organisation, SMALL, "production")
    change = ask(organisation.alice, **NAMESPACE | {"environment": "production"})
    other = ask(organisation.alice, **NAMESPACE | {"environment": "production"}, reason="Once more.")
    change.refresh_from_db()
    assert (change.state, other.state) == ("superseded", "awaiting_approval")
    assert claimed(organisation, environment="production") == "4"


def test_namespaces_of_before_the_quota_claim_what_they_have(organisation: Organisation) -> None:
    succeed(ask(organisation.alice, **NAMESPACE))
    ask(organisation.alice, **NAMESPACE | {"environment": "production"})
    before = {claim.release_id: claim.hard for claim in QuotaClaim.objects.all()}
    QuotaClaim.objects.all().delete()
    QuotaPool.objects.all().delete()
    migration: Any = importlib.import_module("portal.lifecycle.migrations.0013_quota_claims")
    migration.claim(apps, connection.schema_editor())
    assert {claim.release_id: claim.hard for claim in QuotaClaim.objects.all()} == before
