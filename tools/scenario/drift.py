"""What the main job shows of drift: found with its writer, tolerated until a day, brought back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tools.scenario.api import StepFailed
from tools.scenario.cluster import check
from tools.scenario.story import APPLICATION, WEB, Row, Story

PATIENCE_SECONDS = 60.0
PLACE = f"{APPLICATION}-dev"
DEPLOYMENT = f"deployment/{WEB}"


def drift(story: Story) -> None:
    """Somebody helps with kubectl; the portal says so, lets a part of it be, and brings the rest back."""
    instance = story.instance(WEB, "dev")
    if instance is None:
        raise StepFailed(f"{WEB} is not in dev")
    base = f"instances/{instance['id']}/drift/"
    _looked(story, base, lambda report: report["status"] == "in_step")
    story.cluster.kubectl("scale", DEPLOYMENT, "-n", PLACE, "--replicas=3")
    story.cluster.kubectl("set", "env", DEPLOYMENT, "-n", PLACE, "DEBUG=1")
    report = _looked(story, base, lambda report: report["changed"] >= 1 and report["added"] >= 1)
    found = {item["path"]: item for item in report["items"]}
    check(
        (found["spec.replicas"]["sealed"], found["spec.replicas"]["live"]) == (2, 3),
        f"found: {report['summary']}, by {', '.join(report['managers'])}",
    )
    _tolerated(story, base, found["spec.replicas"])
    change = story.alice.post(f"{base}revert/", {"reason": "Nobody remembers why."}).expect(201)
    story.finish(change)
    container = story.cluster.one("deployment", WEB, PLACE)["spec"]["template"]["spec"]["containers"][0]
    names = [each["name"] for each in container.get("env") or []]
    check("DEBUG" not in names, "the variable is gone, which applying the release again would have left")
    _looked(story, base, lambda report: report["status"] == "in_step" and not report["items"])


def _tolerated(story: Story, base: str, item: Row) -> None:
    until = (datetime.now(tz=UTC) + timedelta(days=7)).isoformat()
    place = {"object": item["object"], "path": item["path"]}
    body = {**place, "until": until, "reason": "Until the sale is over."}
    made = story.alice.post(f"{base}tolerances/", body).expect(201)
    report = story.alice.get(base)
    check(report["tolerated"] == 1 and not report["changed"], "three copies are tolerated for a week")
    ended = story.alice.call("DELETE", f"{base}tolerances/{made['id']}/", {"comment": "It is over."})
    check(ended.status == 204, "and count again once that is ended")


def _looked(story: Story, base: str, wanted: Callable[[Row], bool]) -> Row:
    """The report, once a worker has looked and it is as `wanted`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        story.alice.post(f"{base}scan/", {}).expect(202)
        report = story.alice.get(base)
        if not report["asked"] and wanted(report):
            return dict(report)
        if time.monotonic() > deadline:
            raise StepFailed(f"drift is not as expected within {PATIENCE_SECONDS:.0f} s: {report}")
        time.sleep(1.0)
