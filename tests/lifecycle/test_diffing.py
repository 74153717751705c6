"""Differences grouped by object."""

from portal.lifecycle.operations.diffing import compare


def deployment(image="a:1", replicas=2, **more):
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "n"},
        "spec": {
            "replicas": replicas,
            "template": {
                "spec": {"containers": [{"name": "sidecar", "image": "s"}, {"name": "web", "image": image}]}
            },
            **more,
        },
    }


SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "n"}, "spec": {}}


def test_nothing_changed_is_said_of_each_object():
    assert [d.change for d in compare([deployment(), SERVICE], [SERVICE, deployment()])] == ["same", "same"]


def test_changed_fields_are_named_by_identity_not_by_position():
    new = deployment(image="a:2", replicas=3)
    new["spec"]["template"]["spec"]["containers"].reverse()
    (diff,) = compare([deployment()], [new])
    assert diff.change == "changed"
    assert {(f.path, f.old, f.new) for f in diff.fields} == {
        ("spec.replicas", 2, 3),
        ("spec.template.spec.containers[web].image", "a:1", "a:2"),
    }


def test_added_and_removed_objects_show_their_whole_text():
    added, removed = compare([SERVICE], [deployment()])
    assert (added.change, added.key.kind) == ("added", "Deployment")
    assert (removed.change, removed.key.kind) == ("removed", "Service")
    assert all(mark in "+@" for mark, _ in added.lines)
    assert all(mark in "-@" for mark, _ in removed.lines)


def test_an_absent_field_is_not_an_empty_one():
    (diff,) = compare([deployment()], [deployment(paused=None)])
    (field,) = diff.fields
    assert (field.path, field.had, field.has) == ("spec.paused", False, True)


def test_true_is_not_one():
    (diff,) = compare([deployment(paused=True)], [deployment(paused=1)])
    assert diff.change == "changed"


def test_changed_objects_come_first():
    kinds = [d.change for d in compare([SERVICE, deployment()], [SERVICE, deployment(image="b")])]
    assert kinds == ["changed", "same"]
