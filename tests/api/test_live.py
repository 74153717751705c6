"""What the API says of a running service, against a real cluster and a real helm."""

from __future__ import annotations

from typing import Any

from portal.lifecycle.models import ChangeRequest
from tests.api.conftest import Api
from tests.factories import UNREACHABLE
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import work_off


def ask(api: Api, **body: Any) -> dict[str, Any]:
    """Open a change and work it off to its success."""
    answer = api.post("changes/", body)
    assert answer.status_code == 201, answer.content
    done = work_off(ChangeRequest.objects.get(pk=answer.json()["id"]))
    assert done.state == "succeeded", done.outcome
    change: dict[str, Any] = api.get(f"changes/{done.pk}/").json()
    return change


def test_a_service_is_followed_from_the_wish_to_its_pods(provisioned: Organisation) -> None:
    alice = Api(provisioned.alice)
    place = {"application": "storefront", "environment": "dev"}
    ask(alice, **place, offering="namespace", plan="small")
    image = {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}
    change = ask(
        alice, **place, offering="web-service", name="shop-web", values={"image": image, "replicas": 2}
    )
    assert [step["state"] for step in change["steps"]] == ["done"] * 6
    assert change["steps"][-1]["key"] == "verified"
    assert [(check["name"], check["ok"]) for check in change["verifications"]] == [("health", True)]
    assert (change["waiting"], change["waiting_on"]) == (None, "")
    assert change["rollouts"][-1]["outcome"] == "succeeded"
    log = alice.get(f"changes/{change['id']}/log/").json()
    assert log["ended"]
    assert log["lines"]

    url = f"instances/{change['instance']}/"
    instance = alice.get(url).json()
    assert (instance["health"], instance["current_release"]["number"]) == ("ready", 1)
    assert any("shop-web" in endpoint for endpoint in instance["connection"]["endpoints"])
    live = {item["object"]["kind"]: item for item in alice.get(f"{url}objects/").json()}
    assert {item["state"] for item in live.values()} == {"ready"}
    assert len(live["Deployment"]["pods"]) == 2
    manifests = alice.get(f"{url}manifests/").json()
    assert {document["kind"] for document in manifests["objects"]} >= {"Deployment", "Service"}
    assert manifests["digest"] == change["digest"]

    update = ask(alice, kind="update", instance=change["instance"], values={"image": image, "replicas": 3})
    changed = [item for item in alice.get(f"changes/{update['id']}/diff/").json() if item["change"] != "same"]
    fields = [field for item in changed for field in item["fields_changed"]]
    assert {"path": "spec.replicas", "old": 2, "new": 3} in fields
    numbers = [row["number"] for row in alice.get(f"{url}releases/").json()["results"]]
    assert numbers == [2, 1]


def test_a_cluster_that_stops_answering_is_503(provisioned: Organisation) -> None:
    alice = Api(provisioned.alice)
    change = ask(alice, application="storefront", environment="dev", offering="namespace", plan="small")
    cluster = provisioned.cluster
    cluster.kubeconfig = UNREACHABLE
    cluster.save()
    answer = alice.get(f"instances/{change['instance']}/objects/")
    assert (answer.status_code, answer.json()["code"]) == (503, "cluster_unreachable")
    assert answer["Retry-After"]
