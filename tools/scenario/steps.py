"""The steps of the main job. Each asks the portal, then reads in the cluster what came of it.

The story can be told again on kept data: what is there already is kept or changed, not asked for twice.
"""

from __future__ import annotations

from collections.abc import Callable

from tools import console
from tools.scenario import drift, gate, policies
from tools.scenario.api import StepFailed
from tools.scenario.cluster import check
from tools.scenario.story import APPLICATION, DATABASE, WEB, Row, Story

# where helm keeps the releases of namespaces
SYSTEM_NAMESPACE = "slipway-system"
PARTS_OF_A_NAMESPACE = ("resourcequota", "limitrange", "networkpolicy", "rolebinding")
ENFORCE = "pod-security.kubernetes.io/enforce"
REPOSITORY = "registry.example.com/shop/storefront"


def look_around(story: Story) -> None:
    """The library has what the story needs; the cluster answers. What an interrupted run left is settled."""
    library = {row["slug"]: row["name"] for row in story.alice.every("offerings/")}
    console.say(f"      alice finds {', '.join(library.values())}")
    missing = {"namespace", "web-service", "postgresql"} - library.keys()
    if missing:
        raise StepFailed(f"the library lacks {', '.join(sorted(missing))}")
    story.cluster.kubectl("version")
    story.cluster.kubectl("get", "nodes")
    for change in list(story.alice.every("changes/", application=APPLICATION)):
        if change["state"] == "awaiting_approval":
            story.alice.post(
                f"changes/{change['id']}/cancel/", {"comment": "Left by an earlier run."}
            ).expect(200)
        elif change["state"] in {"queued", "running"}:
            story.alice.follow(change)


def namespace_in_dev(story: Story) -> None:
    """Quota, limits, default-deny network, Pod Security labels, role bindings, a deployer."""
    _namespace(story, "dev")


def _namespace(story: Story, environment: str) -> None:
    name = f"{APPLICATION}-{environment}"
    if story.instance(name, environment):
        console.say(f"      {name} is there already")
    else:
        body = {
            "application": APPLICATION,
            "environment": environment,
            "offering": "namespace",
            "plan": "small",
        }
        change = story.ask("create", **body, reason="A place for the storefront.")
        if change["state"] == "awaiting_approval":
            console.say("      olga approves it: production is guarded, its namespace too")
            gate.gathered(story, change)
            story.approve(change)
        story.finish(change)
    labels = story.cluster.one("namespace", name)["metadata"]["labels"]
    check(ENFORCE in labels, f"Pod Security is enforced at level {labels.get(ENFORCE)}")
    for kind in PARTS_OF_A_NAMESPACE:
        check(bool(story.cluster.objects(kind, name)), f"{name} has its {kind}")
    accounts = [row["metadata"]["name"] for row in story.cluster.objects("serviceaccount", name)]
    check(any("deployer" in account for account in accounts), "a deployer service account")
    _deployed(story, name, SYSTEM_NAMESPACE)


def _deployed(story: Story, release: str, namespace: str) -> Row:
    found = story.cluster.release(release, namespace)
    check(found["info"]["status"] == "deployed", f"helm: {release} revision {found['version']} is deployed")
    return found


def database_in_dev(story: Story) -> None:
    """A PostgreSQL from the library, asked for in JSON."""
    namespace = f"{APPLICATION}-dev"
    if story.instance(DATABASE, "dev"):
        console.say(f"      {DATABASE} is there already")
    else:
        body = {"application": APPLICATION, "environment": "dev", "offering": "postgresql", "name": DATABASE}
        story.finish(story.ask("create", **body, plan="small", values={}, reason="Orders need a home."))
    _deployed(story, DATABASE, namespace)
    (found,) = story.cluster.objects("statefulset", namespace, f"app.kubernetes.io/instance={DATABASE}")
    wanted = found["spec"]["replicas"]
    check(found["status"].get("readyReplicas") == wanted, f"{wanted} of {wanted} database pods ready")
    claims = story.cluster.objects(
        "persistentvolumeclaim", namespace, f"app.kubernetes.io/instance={DATABASE}"
    )
    check(
        all(claim["status"]["phase"] == "Bound" for claim in claims) and bool(claims), "its volume is bound"
    )


def web_in_dev(story: Story) -> None:
    """A web service at the first chart version, with a new image each time the story is told."""
    told = len(list(story.alice.every("changes/", application=APPLICATION, kind="rollback")))
    story.web_values = {
        "image": {"repository": REPOSITORY, "tag": f"1.{told}.0"},
        "replicas": 2,
        "env": {"LOG_LEVEL": "info"},
    }
    wish = {"values": story.web_values, "plan": "small", "reason": f"Ship storefront 1.{told}.0."}
    if running := story.instance(WEB, "dev"):
        change = story.ask("update", instance=running["id"], **wish)
    else:
        body = {"application": APPLICATION, "environment": "dev", "offering": "web-service", "name": WEB}
        change = story.ask("create", **body, version="1.0.0", **wish)
    story.finish(change)
    _deployed(story, WEB, f"{APPLICATION}-dev")
    image = story.running_image("dev")
    check(image == _image(story), f"its pods run {image}")


def _image(story: Story) -> str:
    image = (story.web_values or {})["image"]
    return f"{image['repository']}:{image['tag']}"


def denied(story: Story) -> None:
    """A privileged container with a moving tag: every reason at once, each with what to do."""
    values = {
        "image": {"repository": REPOSITORY, "tag": "latest"},
        "securityContext": {"privileged": True, "allowPrivilegeEscalation": True},
    }
    body = {"application": APPLICATION, "environment": "dev", "offering": "web-service", "name": "shop-root"}
    answer = story.alice.post("changes/", {"kind": "create", **body, "values": values, "reason": "Try it."})
    problem = answer.expect(422)
    check(problem["code"] == "policy_denied", "HTTP 422 policy_denied")
    for verdict in problem["verdicts"]:
        console.say(f"      {console.paint('✗', 'red')} {verdict['policy']}: {verdict['message']}")
        console.say(console.paint(f"        → {' '.join(verdict['remediation'].split())}", "dim"))
        if not verdict["remediation"]:
            raise StepFailed(f"{verdict['policy']} says nothing about how to fix it")
    check(len(problem["verdicts"]) >= 2, "both reasons are given at once")
    story.cluster.absent("helm", "status", "shop-root", "-n", f"{APPLICATION}-dev")
    story.cluster.absent(
        "kubectl", "get", "all", "-n", f"{APPLICATION}-dev", "-l", "app.kubernetes.io/instance=shop-root"
    )


def to_staging(story: Story) -> None:
    """Promotion to staging is automatic: the same release, judged again."""
    _namespace(story, "staging")
    story.finish(_promote(story, "dev", "staging"))
    check(story.running_image("staging") == _image(story), "staging runs the image of dev")
    _deployed(story, WEB, f"{APPLICATION}-staging")


def _promote(story: Story, origin: str, target: str) -> Row:
    instance = story.instance(WEB, origin)
    if instance is None:
        raise StepFailed(f"{WEB} is not in {origin}")
    return story.ask("promote", instance=instance["id"], environment=target, reason=f"Good in {origin}.")


def to_production_waits(story: Story) -> None:
    """Production is guarded: the change waits, and nothing has moved in the cluster."""
    _namespace(story, "production")
    namespace = f"{APPLICATION}-production"
    before = story.cluster.helm("list", "-n", namespace)
    story.waiting = _promote(story, "staging", "production")
    check(story.waiting["state"] == "awaiting_approval", "the change waits for an operator")
    check(story.cluster.helm("list", "-n", namespace) == before, "production is as it was")


def no_self_approval(story: Story) -> None:
    """Who asked may not decide."""
    change = _required(story.waiting)
    body = {"comment": "Trust me.", "digest": change["digest"]}
    problem = story.alice.post(f"changes/{change['id']}/approve/", body).expect(403)
    console.say(f"      HTTP 403: {problem['detail']}")
    state = story.alice.get(f"changes/{change['id']}/")["state"]
    check(state == "awaiting_approval", "it waits on")


def olga_approves(story: Story) -> None:
    """The operator finds it in her queue with diff, verdicts and evidence, and approves what was sealed."""
    change = _required(story.waiting)
    queue = [row["id"] for row in story.olga.every("changes/", state="awaiting_approval")]
    check(change["id"] in queue, f"change #{change['id']} is in olga's queue of {len(queue)}")
    seen = story.olga.get(f"changes/{change['id']}/")
    verdicts = [verdict["outcome"] for verdict in seen["verdicts"]]
    passed = f"{verdicts.count('pass')} of {len(verdicts)} verdicts pass"
    differing = [row for row in story.olga.get(f"changes/{change['id']}/diff/") if row["change"] != "same"]
    console.say(f"      {len(differing)} object(s) differ; {passed}")
    for line in gate.gathered(story, change):
        console.say(f"      {line['label']}: {line['summary']} ({line['source']})")
    wrong = story.olga.post(
        f"changes/{change['id']}/approve/", {"comment": "", "digest": "sha256:" + "0" * 64}
    )
    check(wrong.status == 409, "another digest than the sealed one is refused")
    story.approve(change)
    done = story.finish(change)
    check(
        done["release"]["digest"] == seen["release"]["digest"],
        f"applied {seen['release']['digest'][:19]}…, as approved",
    )
    image = story.running_image("production")
    check(image == _image(story), f"production runs {image}")
    _deployed(story, WEB, f"{APPLICATION}-production")


def upgrade(story: Story) -> None:
    """To a newer version of the offering."""
    instance = _required(story.instance(WEB, "dev"))
    versions = [row["version"] for row in story.alice.every("offerings/web-service/versions/")]
    current = instance["current_release"]["version"]
    newer = max((version for version in versions if version != current), key=_precedence)
    story.finish(story.ask("upgrade", instance=instance["id"], version=newer, reason="Spread over zones."))
    namespace = f"{APPLICATION}-dev"
    found = _deployed(story, WEB, namespace)
    labels = story.cluster.one("deployment", WEB, namespace)["metadata"]["labels"]
    check(labels["helm.sh/chart"] == f"web-service-{newer}", f"revision {found['version']} is chart {newer}")
    story.running_image("dev")


def _precedence(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split("."))


def rollback(story: Story) -> None:
    """Back to the release before, through the same path: judged, sealed, applied, observed."""
    instance = _required(story.instance(WEB, "dev"))
    releases = list(story.alice.every(f"instances/{instance['id']}/releases/"))
    now = instance["current_release"]["number"]
    before = max((row for row in releases if row["number"] < now), key=lambda row: int(row["number"]))
    story.finish(story.ask("rollback", instance=instance["id"], release=before["id"], reason="Practice."))
    namespace = f"{APPLICATION}-dev"
    _deployed(story, WEB, namespace)
    labels = story.cluster.one("deployment", WEB, namespace)["metadata"]["labels"]
    check(
        labels["helm.sh/chart"] == f"web-service-{before['version']}", f"chart {before['version']} runs again"
    )
    story.running_image("dev")


def retire(story: Story) -> None:
    """Two steps: announce, then confirm with the name. It is gone from the cluster; the rest is untouched."""
    instance = _required(story.instance(WEB, "dev"))
    wish = {"kind": "retire", "instance": instance["id"], "reason": "The demo ends."}
    early = story.alice.post("changes/", {**wish, "confirm": WEB})
    check(early.status == 409, "retiring without the announcement is refused")
    story.alice.post(f"instances/{instance['id']}/announce-retirement/", {}).expect(200)
    wrong = story.alice.post("changes/", {**wish, "confirm": "shop"})
    check(wrong.status == 422, "a wrong name does not confirm")
    story.finish(story.ask("retire", instance=instance["id"], confirm=WEB, reason=wish["reason"]))
    namespace = f"{APPLICATION}-dev"
    story.cluster.absent("helm", "status", WEB, "-n", namespace)
    story.cluster.absent("kubectl", "get", "deployment", WEB, "-n", namespace)
    _deployed(story, DATABASE, namespace)


def _required(row: Row | None) -> Row:
    if row is None:
        raise StepFailed("an earlier step left nothing to go on with")
    return row


STEPS: tuple[tuple[str, Callable[[Story], None]], ...] = (
    ("alice (team shop) looks into the library", look_around),
    ("alice requests a namespace for storefront in dev", namespace_in_dev),
    ("alice requests a PostgreSQL", database_in_dev),
    ("alice requests a web service", web_in_dev),
    ("alice asks for a privileged container: denied, with every reason", denied),
    ("alice asks for an exception; olga grants it, and takes it back", policies.excepted),
    ("alice promotes the web service to staging: automatic", to_staging),
    ("pete (platform engineer) has production want evidence", gate.rules),
    ("alice promotes it to production: it waits", to_production_waits),
    ("alice may not approve it herself", no_self_approval),
    ("olga (operator) approves; the worker applies exactly that", olga_approves),
    ("oscar (operator) passes the gate in an emergency; olga reviews it", gate.emergency),
    ("somebody helps with kubectl; alice sees who, tolerates some, brings it back", drift.drift),
    ("alice upgrades the web service in dev", upgrade),
    ("alice rolls it back", rollback),
    ("alice retires it, in two steps", retire),
    ("pete asks what a stricter mode would break", policies.blast_radius),
    ("pete installs the policies in the cluster: kubectl is refused too", policies.in_the_cluster),
)
