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


def labelled(document, **labels):
    return {**document, "metadata": {**document["metadata"], "labels": labels}}


def test_what_differs_only_in_the_labels_of_its_version_comes_last_and_says_so():
    def version(number, image):
        labels = {"helm.sh/chart": f"web-{number}", "app.kubernetes.io/version": number}
        return [labelled(SERVICE, **labels), labelled(deployment(image=image), **labels)]

    new, old = version("1.1.0", "a:2"), version("1.0.0", "a:1")
    assert [(d.key.kind, d.only_labels) for d in compare(old, new)] == [
        ("Deployment", False),
        ("Service", True),
    ]


def test_labels_of_another_kind_and_those_of_pods_are_a_change_like_any_other():
    (diff,) = compare([labelled(SERVICE, tier="a")], [labelled(SERVICE, tier="b")])
    assert not diff.only_labels
    old, new = deployment(), deployment()
    new["spec"]["template"]["metadata"] = {"labels": {"helm.sh/chart": "web-1.1.0"}}
    (diff,) = compare([old], [new])
    assert not diff.only_labels
    (same,) = compare([old], [old])
    assert not same.only_labels


def test_changed_objects_come_first():
    kinds = [d.change for d in compare([SERVICE, deployment()], [SERVICE, deployment(image="b")])]
    assert kinds == ["changed", "same"]
