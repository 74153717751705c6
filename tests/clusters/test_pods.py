from __future__ import annotations

from datetime import UTC, datetime

from portal.clusters.pods import event_of, log_line_of, pod_of, selector_text, time_of, trouble_of_pods
from portal.core.objects import ObjectKey


def pod(name="web-1", *, reason=None, ready=False, message="", **metadata):
    waiting = {"waiting": {"reason": reason, "message": message}} if reason else {"running": {}}
    return {
        "metadata": {"name": name, "namespace": "a", "creationTimestamp": "2026-01-02T03:04:05Z", **metadata},
        "spec": {"nodeName": "n1", "containers": [{"name": "web"}, {"name": "side"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {"name": "web", "ready": ready, "restartCount": 2, "state": waiting},
                {"name": "side", "ready": True, "restartCount": 1, "state": {"running": {}}},
            ],
        },
    }


def test_a_pod_at_a_glance():
    found = pod_of(pod(ready=True))
    assert (found.name, found.phase, found.ready, found.restarts) == ("web-1", "Running", "2/2", 3)
    assert found.containers == ("web", "side")
    assert found.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.message == ""


def test_a_pod_says_why_it_is_not_ready():
    found = pod_of(pod(reason="ImagePullBackOff", message="no such image"))
    assert found.message == "container web: ImagePullBackOff: no such image"
    assert pod_of(pod(deletionTimestamp="2026-01-02T03:04:05Z")).phase == "Terminating"


def test_a_pod_without_a_node_says_so():
    waits = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}
    found = pod_of({"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions": [waits]}})
    assert found.message == "0/3 nodes are available"
    assert found.ready == "0/0"


def test_the_trouble_of_most_pods_is_named():
    pods = [
        pod(reason="CrashLoopBackOff"),
        pod(reason="CrashLoopBackOff"),
        pod(ready=True),
        pod(reason="Error"),
    ]
    assert trouble_of_pods(pods) == "2 pods: container web: CrashLoopBackOff"
    assert trouble_of_pods([pod(ready=True)]) == ""


def test_a_line_of_a_log():
    found = log_line_of("2026-01-02T03:04:05.123456789Z GET / 200", "web")
    assert (found.text, found.container) == ("GET / 200", "web")
    assert found.time == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert log_line_of("no stamp here", "web").text == "no stamp here"


def test_an_event_of_either_generation():
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": "a", "name": "p"}
    old = {"involvedObject": about, "type": "Warning", "reason": "Failed", "message": "m", "count": 3}
    found = event_of({**old, "lastTimestamp": "2026-01-02T03:04:05Z"})
    assert (found.key, found.kind, found.count) == (ObjectKey("v1", "Pod", "a", "p"), "Warning", 3)
    new = event_of(
        {"involvedObject": about, "eventTime": "2026-01-02T03:04:05.000000Z", "lastTimestamp": None}
    )
    assert (new.count, new.last_seen) == (1, found.last_seen)


def test_a_selector_is_text_or_labels():
    assert selector_text({"a": "b", "c": "d"}) == "a=b,c=d"
    assert selector_text("a in (b)") == "a in (b)"


def test_a_time_that_is_none():
    for text in (None, "", "yesterday", "2026-01-02", "2026-01-02T03:04:05"):
        assert time_of(text) is None
