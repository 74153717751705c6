"""What the main job shows of the production gate: evidence, an emergency, its review."""

from __future__ import annotations

import time

from tools.scenario.api import StepFailed
from tools.scenario.cluster import check
from tools.scenario.story import WEB, Row, Story

EVIDENCE = {"policies": 60, "diff": 60, "rollback": 60}
PATIENCE_SECONDS = 60.0


def rules(story: Story) -> None:
    """Production wants fresh evidence: policies judged anew, the difference to what is live, a way back."""
    body = {"required_evidence": EVIDENCE, "reason": "Nobody should approve what they cannot see."}
    story.pete.call("PATCH", "environments/production/gate/", body).expect(200)
    gate = story.olga.get("environments/production/")["gate"]
    check(gate["required_evidence"] == EVIDENCE, f"the gate wants {', '.join(EVIDENCE)}, an hour old at most")
    own = story.alice.call("PATCH", "environments/production/gate/", {**body, "approvals_required": 0})
    check(own.status == 403, "alice may not open it")


def gathered(story: Story, change: Row) -> list[Row]:
    """The evidence of a waiting change, once the worker has gathered what the gate wants."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        lines: list[Row] = story.olga.call("GET", f"changes/{change['id']}/evidence/").expect(200)
        lacking = [line for line in lines if line["blocks"]]
        if lines and not lacking:
            return lines
        if time.monotonic() > deadline:
            said = "; ".join(f"{line['label']}: {line['blocks']}" for line in lacking) or "nothing gathered"
            raise StepFailed(f"the evidence is not complete within {PATIENCE_SECONDS:.0f} s: {said}")
        time.sleep(0.2)


def emergency(story: Story) -> None:
    """An operator passes the gate with a reason, loudly; another one has to review it."""
    instance = story.instance(WEB, "production")
    if instance is None:
        raise StepFailed(f"{WEB} is not in production")
    values = {**(story.web_values or {}), "env": {"LOG_LEVEL": "debug"}}
    change = story.ask("update", instance=instance["id"], values=values, reason="Why are orders lost?")
    check(change["state"] == "awaiting_approval", "it waits, like any other change")
    body = {"digest": change["digest"], "reason": "Orders are being lost; we need to see why, now."}
    refused = story.alice.post(f"changes/{change['id']}/break-glass/", body)
    check(refused.status == 403, "alice may not pass the gate")
    story.oscar.post(f"changes/{change['id']}/break-glass/", body).expect(200)
    story.finish(change)
    notices = [row["text"] for row in story.olga.every("me/notifications/", unread="true") if row["urgent"]]
    check(bool(notices), f"olga is told: {notices[0] if notices else ''}")
    review = {"review": "justified", "comment": "Orders were lost; seen it with oscar."}
    own = story.oscar.post(f"changes/{change['id']}/break-glass/review/", review)
    check(own.status == 403, "oscar may not review it himself")
    story.olga.post(f"changes/{change['id']}/break-glass/review/", review).expect(200)
