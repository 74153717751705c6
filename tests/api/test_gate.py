"""The gate over the API: its rules, emergencies, comments, sealing again, groups, and figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import Membership, User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.states import ChangeState
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.factories import ChangeFactory, InstanceFactory, platform

EMERGENCY = "Customers cannot pay; this brings them back."


def url(world: World, what: str = "") -> str:
    return f"changes/{world.waiting.pk}/{what}"


def emergency(world: World, **more: Any) -> dict[str, Any]:
    return {"digest": world.waiting.seal, "reason": EMERGENCY, **more}


def patch(world: World, who: str, path: str, body: Any) -> Any:
    return world.api(who).call("PATCH", path, body)


# ------------------------------------------------------------------ a change that waits
def test_a_waiting_change_says_what_its_gate_wants(world: World) -> None:
    Environment.objects.filter(slug="production").update(approvals_required=2)
    ChangeRequest.objects.filter(pk=world.waiting.pk).update(risk=55, risk_reasons=["removes objects"])
    olga = world.api("olga")
    assert olga.post(url(world, "approve/"), {"digest": world.waiting.seal}).status_code == 200
    seen = olga.get(url(world)).json()
    assert (seen["state"], seen["approvals_required"]) == ("awaiting_approval", 2)
    assert seen["approvals_lacking"] == ["1 more approval"]
    assert (seen["contributors"], seen["risk"], seen["risk_reasons"]) == (["alice"], 55, ["removes objects"])
    assert [(each["actor"], each["valid"]) for each in seen["approvals"]] == [("olga", True)]
    assert (seen["break_glass"], seen["superseded_by"], seen["held"], seen["emergency"]) == (
        None,
        None,
        "",
        False,
    )
    assert "contributors" not in olga.get("changes/").json()["results"][0]


def test_my_queue_is_a_filter_by_risk(world: World) -> None:
    platform("oscar", "operator")
    world.people["oscar"] = User.objects.get(username="oscar")
    riskier = ChangeFactory(
        instance=InstanceFactory(application=world.storefront, environment=world.production),
        state=ChangeState.AWAITING_APPROVAL,
        risk=80,
    )
    mine = "changes/?waiting_for=me&ordering=-risk"
    found = [row["id"] for row in world.api("oscar").get(mine).json()["results"]]
    assert found == [riskier.pk, world.waiting.pk]
    world.api("olga").post(url(world, "approve/"), {"digest": world.waiting.seal})
    assert [row["id"] for row in world.api("olga").get(mine).json()["results"]] == [riskier.pk]
    assert world.api("alice").get(mine).json()["count"] == 0
    check(world.api("olga").get("changes/?waiting_for=bob"), 400, "invalid_input")
    check(world.api("olga").get("changes/?ordering=risk"), 400, "invalid_input")


def test_a_password_is_wanted_with_the_decision_where_the_gate_says_so(world: World) -> None:
    Environment.objects.filter(slug="production").update(reauthenticate=True)
    olga, decision = world.api("olga"), {"digest": world.waiting.seal}
    check(olga.post(url(world, "approve/"), decision), 403, "reauthentication_required")
    wrong = olga.post(url(world, "approve/"), decision | {"password": "guess"})
    check(wrong, 403, "reauthentication_required")
    assert "guess" not in wrong.content.decode()
    done = olga.post(url(world, "approve/"), decision | {"password": "correct horse battery"})
    assert done.json()["state"] == "queued"
    assert "password" not in done.content.decode()


# ------------------------------------------------------------------ emergencies
def test_the_glass_is_broken_and_reviewed(world: World) -> None:
    platform("oscar", "operator")
    world.people["oscar"] = User.objects.get(username="oscar")
    short = world.api("olga").post(url(world, "break-glass/"), emergency(world, reason="Now!"))
    assert check(short, 422, "validation_failed")["errors"][0]["path"] == "/reason"
    done = world.api("olga").post(url(world, "break-glass/"), emergency(world)).json()
    assert (done["state"], done["break_glass"]["actor"], done["break_glass"]["review"]) == (
        "queued",
        "olga",
        "",
    )
    review = {"review": "justified", "comment": "It was down."}
    check(world.api("olga").post(url(world, "break-glass/review/"), review), 403, "not_permitted")
    seen = world.api("oscar").post(url(world, "break-glass/review/"), review).json()["break_glass"]
    assert (seen["review"], seen["reviewed_by"]) == ("justified", "oscar")
    check(world.api("oscar").post(url(world, "break-glass/review/"), review), 409, "state_conflict")
    events = AuditEvent.objects.filter(action__startswith="gate.").values_list("action", "source")
    assert set(events) == {("gate.passed", "api"), ("gate.reviewed", "api")}


def test_there_is_nothing_to_review_where_no_glass_was_broken(world: World) -> None:
    review = {"review": "justified", "comment": "It was down."}
    check(world.api("olga").post(url(world, "break-glass/review/"), review), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"digest": "sha256:x"}, "/digest"),
        ({"reason": None}, "/reason"),
        ({"password": 5 * ["x"]}, "/password"),
        ({"comment": "x"}, "/comment"),
    ],
)
def test_an_emergency_that_cannot_be_read(world: World, body: dict[str, Any], path: str) -> None:
    answer = world.api("olga").post(url(world, "break-glass/"), emergency(world) | body)
    assert check(answer, 422, "validation_failed")["errors"][0]["path"] == path
    assert not BreakGlass.objects.exists()


def test_going_on_call_is_seen_and_lets_a_maintainer_pass(world: World) -> None:
    check(world.api("mona").post(url(world, "break-glass/"), emergency(world)), 403, "not_permitted")
    answer = patch(world, "mona", "teams/shop/members/mona/", {"on_call": True})
    assert answer.json() == {"username": "mona", "name": "mona", "role": "maintainer", "on_call": True}
    members = world.api("alice").get("teams/shop/").json()["members"]
    assert [each["username"] for each in members if each["on_call"]] == ["mona"]
    assert world.api("mona").post(url(world, "break-glass/"), emergency(world)).status_code == 200
    check(patch(world, "mona", "teams/shop/members/bob/", {"on_call": True}), 409, "state_conflict")
    check(patch(world, "mona", "teams/shop/members/pia/", {"on_call": True}), 404, "not_found")
    assert not Membership.objects.exclude(user__username="mona").filter(on_call=True).exists()


# ------------------------------------------------------------------ comments
def test_a_wish_stands_in_the_way_until_its_author_takes_it_back(world: World) -> None:
    platform("oscar", "operator")
    world.people["oscar"] = User.objects.get(username="oscar")
    olga, wish = world.api("olga"), {"text": "Two replicas, please.", "asks_change": True}
    nothing = check(olga.post(url(world, "comments/"), wish), 422, "validation_failed")
    assert nothing["errors"][0]["path"] == "/digest"
    said = olga.post(url(world, "comments/"), wish | {"digest": world.waiting.seal})
    assert (said.status_code, said.json()["standing"]) == (201, True)
    decision = {"digest": world.waiting.seal}
    check(world.api("oscar").post(url(world, "approve/"), decision), 409, "change_wanted")
    settled = olga.post(url(world, f"comments/{said.json()['id']}/settle/"))
    assert settled.json()["standing"] is False
    assert world.api("oscar").post(url(world, "approve/"), decision).status_code == 200
    listed = world.api("alice").get(url(world, "comments/")).json()["results"]
    assert [(each["author"], each["asks_change"]) for each in listed] == [("olga", True)]


def test_comments_of_another_change_are_not_settled_here(world: World) -> None:
    wish = {"text": "Two replicas, please.", "asks_change": True, "digest": world.waiting.seal}
    said = world.api("olga").post(url(world, "comments/"), wish).json()
    answer = world.api("olga").post(f"changes/{world.change.pk}/comments/{said['id']}/settle/")
    check(answer, 404, "not_found")


# ------------------------------------------------------------------ sealing again
def test_sealing_again_makes_decisions_before_invalid(world: World) -> None:
    Environment.objects.filter(slug="production").update(approvals_required=2)
    world.api("olga").post(url(world, "approve/"), {"digest": world.waiting.seal})
    done = world.api("bob").post(url(world, "reseal/")).json()
    assert done["digest"] != world.waiting.seal
    assert [(each["actor"], each["valid"]) for each in done["approvals"]] == [("olga", False)]
    assert done["contributors"] == ["alice", "bob"]
    check(world.api("bob").post(url(world, "reseal/")), 409, "state_conflict")


# ------------------------------------------------------------------ rules and groups
def test_rules_are_set_with_why_and_shown(world: World) -> None:
    path = "environments/production/gate/"
    group = {"slug": "security", "name": "Security", "members": ["olga"]}
    assert world.api("pete").post("approver-groups/", group).status_code == 201
    check(world.api("pete").post("approver-groups/", group), 409, "state_conflict")
    rules = {
        "approvals_required": 2,
        "approver_groups": ["security"],
        "required_evidence": {"drift": 30},
        "reauthenticate": True,
    }
    refused = check(patch(world, "pete", path, rules), 422, "validation_failed")
    assert [error["path"] for error in refused["errors"]] == ["/reason"]
    seen = patch(world, "pete", path, rules | {"reason": "Agreed."}).json()["gate"]
    assert {name: seen[name] for name in rules} == rules
    assert world.api("alice").get("environments/production/").json()["gate"] == seen
    groups = world.api("alice").get("approver-groups/").json()["results"]
    assert groups == [group | {"environments": ["production"]}]
    assert world.api("olga").get(url(world)).json()["approvals_required"] == 2


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"approvals_required": 6}, "/approvals_required"),
        ({"required_evidence": {"stars": 5}}, "/required_evidence"),
        ({"required_evidence": {"drift": 0}}, "/required_evidence/drift"),
        ({"one_of_each_group": True}, "/one_of_each_group"),
        ({"approver_groups": ["nobody"]}, "/approver_groups"),
        ({"guard": "off"}, "/guard"),
        ({"slug": "other"}, "/slug"),
    ],
)
def test_rules_that_make_no_sense_are_refused(world: World, rules: dict[str, Any], path: str) -> None:
    answer = patch(world, "pete", "environments/production/gate/", rules | {"reason": "Agreed."})
    assert check(answer, 422, "validation_failed")["errors"][0]["path"] == path


def test_members_of_a_group_are_people_who_are_there(world: World) -> None:
    body = {"slug": "security", "name": "Security", "members": ["ghost"]}
    refused = check(world.api("pete").post("approver-groups/", body), 422, "validation_failed")
    assert refused["errors"][0]["path"] == "/members/0"


# ------------------------------------------------------------------ figures
def test_the_report_counts_by_environment_and_month(world: World) -> None:
    now = clock.now()
    ChangeRequest.objects.filter(pk=world.waiting.pk).update(evidence_asked_at=now)
    for state, hours in (
        ("succeeded", 1),
        ("succeeded", 3),
        ("failed", 5),
        ("rejected", 7),
        ("expired", None),
    ):
        ChangeFactory(
            instance=world.waiting.instance,
            state=state,
            created_at=now,
            evidence_asked_at=now,
            decided_at=None if hours is None else now + timedelta(hours=hours),
        )
    world.api("olga").post(url(world, "break-glass/"), emergency(world))
    BreakGlass.objects.update(review_due_at=now - timedelta(seconds=1))
    rows = world.api("audrey").get("reports/gates/?months=1&environment=production").json()
    assert rows == [
        {
            "environment": "production",
            "month": f"{now:%Y-%m}",
            "asked": 6,
            "approved": 3,
            "rejected": 1,
            "expired": 1,
            "superseded": 0,
            "median_hours": 4.0,
            "p90_hours": 7.0,
            "break_glass": 1,
            "unreviewed": 1,
            "overdue": 1,
            "unjustified": 0,
        }
    ]
    assert world.api("audrey").get("reports/gates/?environment=dev").json() == []


@pytest.mark.parametrize("query", ["months=0", "months=25", "months=x", "months=", "year=2026"])
def test_a_report_that_cannot_be_understood_is_refused(world: World, query: str) -> None:
    check(world.api("audrey").get(f"reports/gates/?{query}"), 400, "invalid_input")
