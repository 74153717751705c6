"""What campaigns are about, made once for all tests."""

from __future__ import annotations

import pytest

from tests.fixtures.snapshots import Snapshot, Take
from tests.lifecycle.campaigns import scene
from tests.lifecycle.campaigns.scene import Notes


@pytest.fixture(scope="session")
def notes_snapshot(snapshot_of: Take) -> Snapshot[Notes]:
    return snapshot_of(scene.build)


@pytest.fixture
def notes(db: None, notes_snapshot: Snapshot[Notes]) -> Notes:
    return notes_snapshot.restore()


@pytest.fixture
def organisation(notes: Notes) -> scene.Organisation:
    return notes.organisation
