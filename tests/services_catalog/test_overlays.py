"""What a promotion carries, and what may differ from stage to stage."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import pointers
from portal.core.errors import ValidationFailed
from portal.core.pointers import ABSENT, parse
from services_catalog import overlays
from services_catalog.overlays import carried
from services_catalog.values import leaves
from tests.services_catalog.test_library import change, errors

OVERLAYS = ["/replicas", "/ingress/host", "/resources"]
SOURCE = {
    "image": {"tag": "1.4.2"},
    "replicas": 1,
    "ingress": {"enabled": True, "host": "staging.example.com"},
}
RUNNING = {"image": {"tag": "1.4.1"}, "replicas": 4, "ingress": {"enabled": True, "host": "www.example.com"}}


def test_the_first_promotion_takes_everything_from_the_source():
    assert carried(SOURCE, OVERLAYS, {}, None) == SOURCE


def test_a_target_that_runs_keeps_what_may_differ_and_takes_the_rest():
    assert carried(SOURCE, OVERLAYS, {}, RUNNING) == {
        "image": {"tag": "1.4.2"},
        "replicas": 4,
        "ingress": {"enabled": True, "host": "www.example.com"},
    }


def test_what_the_promoter_says_wins():
    said = {"replicas": 6, "ingress": {"host": "new.example.com"}}
    result = carried(SOURCE, OVERLAYS, said, RUNNING)
    assert (result["replicas"], result["ingress"]["host"]) == (6, "new.example.com")
    assert result["image"] == SOURCE["image"]


def test_what_a_running_target_leaves_to_its_plan_stays_with_its_plan():
    """Or else one copy in staging would make production one copy."""
    result = carried(SOURCE, OVERLAYS, {}, {"image": {"tag": "1.4.1"}})
    assert "replicas" not in result
    assert result["ingress"] == {"enabled": True}


def test_a_mapping_that_may_differ_is_taken_as_a_whole():
    source = {"resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}}
    said = {"resources": {"limits": {"cpu": "4"}}}
    assert carried(source, OVERLAYS, said, None) == said


def test_what_may_not_differ_is_refused_at_its_place_with_what_may():
    with pytest.raises(ValidationFailed) as caught:
        carried(
            SOURCE, OVERLAYS, {"image": {"tag": "2.0.0"}, "ingress": {"path": "/x"}, "replicas": 2}, RUNNING
        )
    found = {error["path"]: error for error in caught.value.errors}
    assert set(found) == {"/image/tag", "/ingress/path"}
    assert {error["code"] for error in found.values()} == {"not_an_overlay"}
    assert "/replicas, /ingress/host, /resources" in found["/image/tag"]["message"]


def test_without_overlays_nothing_may_differ():
    assert carried(SOURCE, [], {}, RUNNING) == SOURCE
    with pytest.raises(ValidationFailed, match="need to be corrected"):
        carried(SOURCE, [], {"replicas": 2}, RUNNING)


def test_a_value_never_replaces_what_stands_around_it():
    with pytest.raises(ValidationFailed) as caught:
        carried({"ingress": None}, OVERLAYS, {"ingress": {"host": "a"}}, None)
    assert caught.value.errors[0]["code"] == "no_room"
    assert carried({"ingress": None}, OVERLAYS, {}, RUNNING)["ingress"] is None


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.lists(st.integers(0, 1), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)
POINTERS = st.lists(st.lists(KEYS, min_size=1, max_size=3).map(pointers.pointer), max_size=3, unique=True)


@given(DOCUMENTS, POINTERS, DOCUMENTS, st.none() | DOCUMENTS)
def test_nothing_outside_of_the_overlays_ever_changes(source, declared, said, previous):
    before = copy.deepcopy((source, said, previous))
    paths = [parse(text) for text in declared]
    try:
        result = carried(source, declared, said, previous)
    except ValidationFailed as exc:
        for error in exc.errors:
            assert pointers.get(said, parse(error["path"])) is not ABSENT
        return
    finally:
        assert (source, said, previous) == before, "what is given is never written to"

    def outside(document):
        return {
            path: value
            for path, value in leaves(document)
            if not any(path[: len(each)] == each for each in paths)
        }

    assert outside(result) == outside(source)
    for path in paths:
        told = pointers.get(said, path)
        if told is not ABSENT and not any(path != each and meet(path, each) for each in paths):
            assert pointers.get(result, path) == told


def meet(path, other):
    return path[: len(other)] == other or other[: len(path)] == path


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        ("/nothing/here", "knows no /nothing/here"),
        ("/password", "x-slipway-secret"),
        ("/resources", "x-slipway-plan"),
        ("/resources/limits/cpu", "x-slipway-plan"),
        ("/slipway", "x-slipway-context"),
        ("/allowedInstances/0", "inside of a list"),
        ("/persistence", "part of"),
        ("/eviction", "locked_values"),
        ("not a pointer", "JSON pointer"),
    ],
)
def test_overlays_that_cannot_be_are_errors_of_the_library(library_copy, pointer, said):
    def edit(document):
        document["versions"][0]["locked_values"] = {"eviction": "noeviction"}
        document["versions"][0]["overlays"] = ["/persistence/size", pointer]

    change(library_copy, "redis", edit)
    found = " ".join(
        message for path, message in errors(library_copy).items() if "/versions/0/overlays/" in path
    )
    assert said in found


def test_our_own_overlays_are_sizes_and_addresses(offerings):
    declared = {(each.slug, text) for each in offerings for v in each.versions for text in v.overlays}
    assert ("web-service", "/replicas") in declared
    assert not [text for _, text in declared if text.startswith(("/env", "/image", "/secretEnv"))]
    for each in offerings:
        for version in each.versions:
            assert not list(overlays.problems(version.values_schema, version.locked_values, version.overlays))
