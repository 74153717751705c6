"""What the main job shows of policies: an exception, a blast radius, and the cluster itself."""

from __future__ import annotations

import time

from tools import console
from tools.scenario.api import StepFailed
from tools.scenario.cluster import check
from tools.scenario.story import APPLICATION, Story

FOREIGN = {"image": {"repository": "docker.io/library/nginx", "tag": "1.27.0"}}
PATIENCE_SECONDS = 60.0


def excepted(story: Story) -> None:
    """An image from elsewhere is denied, excepted by a second person for a time, and denied again."""
    body = {"kind": "create", "application": APPLICATION, "environment": "dev", "offering": "web-service"}
    wish = {**body, "name": "shop-mirror", "values": FOREIGN}
    problem = story.alice.post("changes/", wish).expect(422)
    asked = {"change": problem["change"], "policy": "image-registries", "days": 3}
    exception = story.alice.post("exceptions/", {**asked, "reason": "The mirror comes next week."}).expect(
        201
    )
    console.say(f"      exception #{exception['id']}: {exception['scope']}, until {exception['expires_at']}")
    own = story.alice.post(f"exceptions/{exception['id']}/approve/", {"comment": "Trust me."})
    check(own.status == 403, "alice may not grant it to herself")
    story.olga.post(f"exceptions/{exception['id']}/approve/", {"comment": "Until Friday."}).expect(200)
    seen = story.alice.post("previews/", wish).expect(200)
    waived = [verdict for verdict in seen["verdicts"] if verdict["outcome"] == "waived"]
    check(
        seen["allowed"] and bool(waived), f"with olga's consent it would pass, {len(waived)} verdict waived"
    )
    story.olga.post(f"exceptions/{exception['id']}/revoke/", {"comment": "The demo goes on."}).expect(200)
    check(not story.alice.post("previews/", wish).expect(200)["allowed"], "revoked, it counts no longer")


def blast_radius(story: Story) -> None:
    """Before a mode is made stricter: what it would break, by team."""
    proposal = {"modes": [{"policy": "ingress-tls", "environment": "production", "mode": "enforce"}]}
    radius = story.pete.post("policies/blast-radius/", proposal).expect(202)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while radius["state"] in ("waiting", "running"):
        if time.monotonic() > deadline:
            raise StepFailed(f"no worker answered within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.2)
        radius = story.pete.get(f"policies/blast-radius/{radius['id']}/")
    check(radius["state"] == "done", f"worked out: {radius['result']['counts']}")


def in_the_cluster(story: Story) -> None:
    """The same documents in the cluster: kubectl itself is refused, in the policy's words."""
    done = story.pete.post("clusters/sandbox/policies/install/", {}).expect(200)
    console.say(f"      {done['counts']}")
    story.cluster.kubectl("get", "validatingadmissionpolicybindings", "--no-headers=true", "-o", "name")
    words = ("create", "service", "nodeport", "backdoor", "--tcp=80", "-n", f"{APPLICATION}-dev")
    said = story.cluster.refused("kubectl", *words)
    check("ValidatingAdmissionPolicy 'service-exposure'" in said, "kubectl is refused by the same policy")
    drift = story.pete.get("clusters/sandbox/policies/")["counts"]
    check(not any(drift[action] for action in ("create", "change", "remove")), "nothing has drifted")
