"""A preview tells which values would settle a finding, and those values do."""

from __future__ import annotations

from portal.lifecycle.services import policy_modes
from tests.api.conftest import Api
from tests.fixtures.organisation import Organisation
from tests.lifecycle.helpers import live_namespace


def test_setting_what_a_ready_fix_says_settles_the_verdict(organisation: Organisation) -> None:
    live_namespace(organisation)
    dev = organisation.environment("dev")
    policy_modes.set_mode(
        "autoscaler-minimum", dev, "enforce", actor=organisation.pete, reason="As elsewhere."
    )
    image = {"repository": "registry.example.com/shop/web", "tag": "1.2.3"}
    body = {
        "application": "storefront",
        "environment": "dev",
        "offering": "web-service",
        "name": "shop-web",
        "values": {"image": image, "autoscaling": {"enabled": True, "minReplicas": 1, "maxReplicas": 5}},
    }
    alice = Api(organisation.alice)
    draft = alice.post("previews/", body).json()
    assert (draft["allowed"], draft["waived"]) == (False, 0)
    [fix] = draft["value_fixes"]
    assert fix == {
        "policy": "autoscaler-minimum",
        "object": "HorizontalPodAutoscaler/shop-web",
        "settings": [{"path": "/autoscaling/minReplicas", "value": 2}],
    }
    body["values"]["autoscaling"]["minReplicas"] = fix["settings"][0]["value"]
    assert alice.post("previews/", body).json()["allowed"]
