"""The proof that ends a run of chaos finds what is wrong: each thing is done wrong once, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.service import Service
from tools.chaos.ledger import Ledger
from tools.chaos.proof import Proof
from tools.chaos.stack import Stack
from tools.chaos.witness import Seen, Witness


class Scene:
    """One service, made and updated as it should be, with a witness and what its client was told."""

    def __init__(self, stack: Stack, service: Service) -> None:
        self.stack, self.service, self.ledger = stack, service, Ledger()
        self.witness = Witness(stack.cluster)
        self.first = self._tell(service.created(text=f"{service.name} first", hookSeconds=1), "first")
        self.second = self._tell(
            service.succeeded(service.update(text=f"{service.name} second", hookSeconds=1)), "second"
        )
        self.witness.stop()

    def _tell(self, change: dict[str, Any], text: str) -> dict[str, Any]:
        rows = self.stack.sql(
            "SELECT key FROM lifecycle_idempotencyrecord WHERE change_id = %s", change["id"]
        )
        entry = self.ledger.open("alice", rows[0]["key"], change["kind"], f"{self.service.name} {text}")
        entry.change, entry.end = change["id"], change["state"]
        return change

    def wrong(self, check: str) -> list[str]:
        """What a check says of this service and its changes; of others of the module it is not asked."""
        proof = Proof(self.stack, self.ledger, self.witness)
        return [each for each in getattr(proof, check)() if self._concerns(each)]

    def _concerns(self, problem: str) -> bool:
        marks = (self.service.name, f"change {self.first['id']}", f"change {self.second['id']}", "under ")
        return any(mark in problem for mark in marks)


@pytest.fixture
def scene(stack: Stack, service: Service) -> Scene:
    return Scene(stack, service)


CHECKS = ("nothing_lost", "ended", "walks", "chain", "applied_once", "hooks", "releases", "live", "attempts")


def test_it_has_nothing_to_say_of_what_went_well(scene: Scene) -> None:
    assert {check: scene.wrong(check) for check in CHECKS} == {check: [] for check in CHECKS}
    assert len(scene.witness.hooks[f"{scene.service.name} second"]) == 1


def test_it_finds_what_was_done_beside_the_portal(scene: Scene) -> None:
    name = scene.service.name
    scene.stack.cluster.kubectl("scale", "deployment", name, "--replicas", "2", "-n", scene.service.namespace)
    assert any("live objects differ" in each for each in scene.wrong("live"))
    scene.stack.cluster.helm("rollback", name, "1", "-n", scene.service.namespace, "--force-conflicts")
    assert any("is not what #2 seals" in each for each in scene.wrong("releases"))


def test_it_finds_what_was_applied_twice(scene: Scene) -> None:
    done = next(each for each in scene.witness.revisions.values() if each.release == scene.service.name)
    scene.witness.revisions["another"] = Seen(
        done.namespace, done.release, 9, done.description, {"pending-upgrade", "deployed"}
    )
    assert any("was applied 2 times" in each for each in scene.wrong("applied_once"))
    scene.witness.hooks[f"{scene.service.name} second"].add("another")
    assert any("ran 2 times in 1 attempts" in each for each in scene.wrong("hooks"))


def test_it_finds_what_was_lost(scene: Scene) -> None:
    entry = scene.ledger.open("alice", "never-heard-of", "update", "")
    entry.change = 10**6
    assert any("does not exist" in each for each in scene.wrong("nothing_lost"))


def test_it_finds_an_end_that_the_trail_does_not_tell(scene: Scene) -> None:
    number = scene.second["id"]
    scene.stack.sql("UPDATE lifecycle_changerequest SET state = 'failed' WHERE id = %s", number)
    try:
        assert any("its trail is" in each for each in scene.wrong("walks"))
        assert any("was told to be succeeded and is failed" in each for each in scene.wrong("ended"))
    finally:
        scene.stack.sql("UPDATE lifecycle_changerequest SET state = 'succeeded' WHERE id = %s", number)
