"""JSON, merge and strategic merge patches, as values: what goes in, what comes out."""

from __future__ import annotations

from typing import Any

import pytest

from portal.policy.schema.types import built_in
from portal.sandbox import patches
from portal.sandbox.statuses import ApiError

DEPLOYMENT = built_in("apps", "v1", "Deployment")


def strategic(old: Any, patch: Any) -> Any:
    return patches.apply(patches.STRATEGIC, old, patch, DEPLOYMENT)


def pod(**spec: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


@pytest.mark.parametrize(
    ("old", "patch", "new"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_follows_the_examples_of_its_rfc(old: Any, patch: Any, new: Any) -> None:
    assert patches.apply(patches.MERGE, old, patch, DEPLOYMENT) == new


@pytest.mark.parametrize(
    ("old", "patch", "new"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
        ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
        ({"a": 1}, [{"op": "replace", "path": "/a", "value": 2}], {"a": 2}),
        ({"a": {"b": 1}}, [{"op": "move", "from": "/a/b", "path": "/c"}], {"a": {}, "c": 1}),
        ({"a": 1}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1}),
        ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/m~0n"}], {}),
    ],
)
def test_json_patch_follows_its_rfc(old: Any, patch: Any, new: Any) -> None:
    assert patches.apply(patches.JSON, old, patch, DEPLOYMENT) == new


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/missing"},
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "dance", "path": "/a"},
        {"path": "/a"},
        {"op": "add", "path": "a", "value": 1},
    ],
)
def test_one_failing_operation_rejects_the_whole_json_patch(operation: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        patches.apply(
            patches.JSON, {"a": 1}, [{"op": "add", "path": "/x", "value": 1}, operation], DEPLOYMENT
        )
    assert refused.value.code == 422


def test_strategic_merge_goes_by_the_containers_names() -> None:
    old = pod(containers=[{"name": "a", "image": "x:1", "args": ["1"]}, {"name": "b", "image": "y:1"}])
    new = strategic(old, pod(containers=[{"name": "b", "image": "y:2"}, {"name": "c", "image": "z:1"}]))
    assert new["spec"]["template"]["spec"]["containers"] == [
        {"name": "a", "image": "x:1", "args": ["1"]},
        {"name": "b", "image": "y:2"},
        {"name": "c", "image": "z:1"},
    ]


def test_strategic_merge_replaces_lists_without_a_key() -> None:
    old = pod(containers=[{"name": "a", "args": ["1", "2"]}])
    new = strategic(old, pod(containers=[{"name": "a", "args": ["3"]}]))
    assert new["spec"]["template"]["spec"]["containers"][0]["args"] == ["3"]


def test_strategic_delete_directive_takes_an_item_out() -> None:
    old = pod(containers=[{"name": "a"}, {"name": "b"}])
    new = strategic(old, pod(containers=[{"name": "a", "$patch": "delete"}]))
    assert new["spec"]["template"]["spec"]["containers"] == [{"name": "b"}]


def test_strategic_replace_directive_replaces_a_map_and_a_list() -> None:
    old = pod(nodeSelector={"a": "b"}, containers=[{"name": "a"}, {"name": "b"}])
    patch = pod(
        nodeSelector={"$patch": "replace", "c": "d"}, containers=[{"$patch": "replace"}, {"name": "z"}]
    )
    spec = strategic(old, patch)["spec"]["template"]["spec"]
    assert spec == {"nodeSelector": {"c": "d"}, "containers": [{"name": "z"}]}


def test_retain_keys_clears_what_it_does_not_name() -> None:
    old = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic(old, patch) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_set_element_order_sorts_what_it_names() -> None:
    old = pod(containers=[{"name": "a"}, {"name": "b"}])
    patch = pod(
        **{"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}]},
        containers=[{"name": "c"}],
    )
    found = strategic(old, patch)["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in found] == ["c", "b", "a"]


def test_primitive_list_items_are_deleted_by_value() -> None:
    old = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic(old, patch) == {"metadata": {"finalizers": ["b"]}}


def test_strategic_item_without_its_key_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        strategic(pod(containers=[{"name": "a"}]), pod(containers=[{"image": "x"}]))
    assert "does not contain declared merge key: name" in refused.value.message


def test_patches_leave_the_old_object_as_it_was() -> None:
    old = pod(containers=[{"name": "a", "env": [{"name": "A", "value": "1"}]}])
    before = repr(old)
    strategic(old, pod(containers=[{"name": "a", "env": [{"name": "A", "value": "2"}]}]))
    patches.json_patch(old, [{"op": "add", "path": "/spec/x", "value": 1}])
    assert repr(old) == before
