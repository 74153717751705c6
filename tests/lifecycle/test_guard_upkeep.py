"""The guard over time: other credentials, what somebody takes away, and putting it right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core import clock
from portal.core.objects import ObjectKey
from portal.lifecycle.operations import guarding
from portal.lifecycle.services import guards
from portal.policy.documents import BINDING_KIND
from tests.fixtures.guard import Scene

pytestmark = pytest.mark.django_db
REFUSED = "Ask for the change in the portal"
WEB = "deployment/shop-web"


def test_a_portal_with_an_account_of_its_own_shuts_the_administrator_out(scene: Scene) -> None:
    scene.guard("deny")
    scene.admin("label", WEB, "seen=yes")  # the portal's own credentials, so far
    assert guarding.portal_in(scene.organisation.cluster).is_administrator
    scene.give_the_portal_an_account()
    portal = guarding.portal_in(scene.organisation.cluster)
    assert (portal.name, portal.is_administrator) == ("system:serviceaccount:default:slipway-portal", False)
    assert guarding.keep() == 1
    assert REFUSED in scene.admin("label", WEB, "seen=no", "--overwrite", fails=True).stderr
    assert scene.update(replicas=3).state == "succeeded"
    assert scene.work(kind="update", instance=scene.namespace.pk, plan="medium").state == "succeeded"


def test_what_is_taken_away_is_noted_by_itself_after_a_while(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.guard("audit")
    scene.kubectl("delete", "validatingadmissionpolicy/slipway-gate-objects")
    assert guarding.keep() == 0
    scene.organisation.cluster.refresh_from_db()
    assert scene.organisation.cluster.guard_message == ""
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert guarding.keep() == 0
    scene.organisation.cluster.refresh_from_db()
    assert scene.organisation.cluster.guard_message == "1 of 6 objects differ from what belongs here."


def test_the_guard_itself_can_be_taken_away_which_drift_shows(scene: Scene) -> None:
    scene.guard("deny")
    scene.kubectl("delete", "validatingadmissionpolicybinding/slipway-gate-objects-deny")
    scene.kubectl("label", WEB, "seen=yes")
    guards.look_again(scene.environment, actor=scene.organisation.pete)
    scene.organisation.cluster.refresh_from_db()
    assert scene.organisation.cluster.guard_message == "1 of 6 objects differ from what belongs here."
    key = ObjectKey("admissionregistration.k8s.io/v1", f"{BINDING_KIND}", "", "slipway-gate-objects-deny")
    assert scene.kubernetes.get(key) is None
    guards.put_right(scene.environment, actor=scene.organisation.pete)
    assert REFUSED in scene.kubectl("label", WEB, "seen=no", "--overwrite", fails=True)
    scene.guard("off")
    assert scene.kubernetes.get(key) is None
