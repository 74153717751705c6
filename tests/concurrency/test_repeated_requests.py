"""One request, sent twice in one moment under one Idempotency-Key, is one change and answered twice."""

from __future__ import annotations

from typing import Any

import pytest

from portal.core.errors import ChangeUnderWay, PolicyDenied
from portal.lifecycle.models import ChangeRequest, IdempotencyRecord
from portal.lifecycle.services import changes, wishes
from portal.lifecycle.services.changes import Opened
from tests.concurrency.racing import Meeting, Outcomes, race
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import WEB, live_namespace, live_service

pytestmark = pytest.mark.django_db(transaction=True)
SERVICE = {"application": "storefront", "environment": "dev", "offering": "web-service", "name": "shop-web"}


def twice(organisation: Organisation, monkeypatch: pytest.MonkeyPatch, **wish: Any) -> Outcomes:
    """Both have looked for the key, and found nothing, before either goes on."""
    meeting = Meeting(2, patience=10)
    monkeypatch.setattr(changes, "replay", meeting.after(changes.replay))

    def ask() -> Opened:
        found = wishes.resolve(organisation.alice, wish)
        return changes.open_change(found, idempotency_key="once", fingerprint="of the body")

    outcomes = race(ask, ask, losing=(ChangeUnderWay, PolicyDenied))
    assert meeting.complete
    return outcomes


def test_an_update_sent_twice_in_one_moment_is_one_change(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = live_service(organisation)
    wish = {"kind": "update", "instance": instance.pk, "values": {**WEB, "replicas": 3}}
    opened = twice(organisation, monkeypatch, **wish).values
    assert sorted(each.created for each in opened) == [False, True]
    assert len({each.change.pk for each in opened}) == 1
    assert IdempotencyRecord.objects.count() == 1


def test_a_first_request_sent_twice_in_one_moment_is_one_change(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_namespace(organisation)
    opened = twice(organisation, monkeypatch, **SERVICE, values=WEB).values
    assert sorted(each.created for each in opened) == [False, True]
    assert ChangeRequest.objects.filter(name="shop-web").count() == 1


def test_what_policy_denies_is_denied_once_and_said_twice(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_namespace(organisation)
    untagged = {**WEB, "image": {"repository": "registry.example.com/shop/web", "tag": "latest"}}
    outcomes = twice(organisation, monkeypatch, **SERVICE, values=untagged)
    assert [type(error) for error in outcomes.errors] == [PolicyDenied, PolicyDenied]
    assert len({error.details["change"] for error in outcomes.errors}) == 1
    assert ChangeRequest.objects.filter(state="denied").count() == 1


def test_control_without_a_second_look_one_of_them_is_told_to_wait_for_itself(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = live_service(organisation)
    monkeypatch.setattr(changes, "replay", lambda *_: None)
    wish = {"kind": "update", "instance": instance.pk, "values": {**WEB, "replicas": 3}}
    outcomes = twice(organisation, monkeypatch, **wish)
    assert [type(error) for error in outcomes.errors] == [ChangeUnderWay]
