"""Exceptions in the engine: whom they cover, and that they end on the second, also in installed policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.policy import Bundle, load_bundle
from portal.policy.defaults import apply_defaults
from portal.policy.types import AdmissionRequest
from portal.policy.waivers import Waiver, Waivers
from tests.policy.scenes import ALICE, DEPLOYMENTS, PODS, binding, deployment, judge, namespace, policy

END = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def replicas_bundle() -> Bundle:
    rule = policy("replicas", "object.spec.replicas >= 3", rule=DEPLOYMENTS)
    return load_bundle([rule, binding("replicas")])


def waiver(**scope: Any) -> Waiver:
    scope = {"policy": "replicas", "namespace": "shop", **scope}
    return Waiver(exception=7, since=END - timedelta(days=7), until=END, **scope)


def outcome_at(moment: datetime, *waivers: Waiver, instance: str = "web", name: str = "web") -> str:
    judged = judge(replicas_bundle(), deployment(name), waivers=Waivers(waivers, moment, instance))
    return judged.verdicts[0].outcome


def test_an_exception_is_honoured_one_second_before_its_end_and_not_at_it_nor_after() -> None:
    assert outcome_at(END - SECOND, waiver()) == "waived"
    assert outcome_at(END, waiver()) == "deny"
    assert outcome_at(END + SECOND, waiver()) == "deny"


def test_an_exception_does_not_count_before_it_was_granted() -> None:
    assert outcome_at(END - timedelta(days=8), waiver()) == "deny"


def test_a_waived_verdict_does_not_block_and_names_its_exception_and_end() -> None:
    judged = judge(replicas_bundle(), deployment(), waivers=Waivers([waiver()], END - SECOND, "web"))
    assert judged.allowed
    assert judged.waived == 1
    assert judged.exceptions == (7,)
    assert judged.verdicts[0].until == END.isoformat()
    assert judged.verdicts[0].message


@pytest.mark.parametrize(
    "scope",
    [
        {"policy": "other"},
        {"namespace": "elsewhere"},
        {"namespace": ""},
        {"instance": "other"},
        {"kind": "Deployment", "name": "other"},
        {"kind": "StatefulSet", "name": "web"},
    ],
    ids=str,
)
def test_an_exception_covers_nothing_beyond_its_scope(scope: dict[str, str]) -> None:
    assert outcome_at(END - SECOND, waiver(**scope)) == "deny"


def test_of_two_exceptions_the_one_that_lasts_longer_is_named() -> None:
    short = Waiver(1, "replicas", "shop", END - timedelta(days=7), END - timedelta(days=1))
    judged = judge(
        replicas_bundle(), deployment(), waivers=Waivers([short, waiver()], END - 48 * 3600 * SECOND)
    )
    assert judged.exceptions == (7,)


# the same, where the policies are installed: the API server's clock is in what it has just written


def admitted(installed: Bundle, document: dict[str, Any], operation: str = "CREATE", **metadata: Any) -> bool:
    document = apply_defaults(document)
    document["metadata"] = {**document["metadata"], "namespace": "shop", **metadata}
    kind = document["kind"]
    return installed.admit(
        AdmissionRequest(
            operation=operation,  # type: ignore[arg-type]
            group="apps" if kind == "Deployment" else "",
            version="v1",
            resource="deployments" if kind == "Deployment" else "pods",
            kind=kind,
            name=document["metadata"].get("name", ""),
            namespace="shop",
            object=document,
            old_object=document if operation == "UPDATE" else None,
            user=ALICE,
            namespace_object=namespace("dev"),
        )
    ).allowed


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def written(*moments: datetime) -> list[dict[str, str]]:
    return [{"manager": f"m{index}", "time": stamp(moment)} for index, moment in enumerate(moments)]


@pytest.mark.parametrize(
    ("moment", "allowed"), [(END - SECOND, True), (END, False), (END + SECOND, False)], ids=str
)
def test_an_installed_exception_ends_on_the_same_second(moment: datetime, allowed: bool) -> None:
    installed = load_bundle(replicas_bundle().installable([waiver()]))
    assert admitted(installed, deployment(), creationTimestamp=stamp(moment)) is allowed
    long_ago = END - timedelta(days=3)
    update = {"creationTimestamp": stamp(long_ago), "managedFields": written(long_ago, moment)}
    assert admitted(installed, deployment(), "UPDATE", **update) is allowed


def test_an_installed_exception_without_a_time_to_compare_is_not_honoured() -> None:
    installed = load_bundle(replicas_bundle().installable([waiver()]))
    assert not admitted(installed, deployment())
    assert not admitted(installed, deployment(), "UPDATE", creationTimestamp=stamp(END - SECOND))
    assert not admitted(installed, deployment(), "UPDATE", managedFields=[])
    assert not admitted(installed, deployment(), "UPDATE", managedFields=[{"manager": "m"}])


def test_without_exceptions_a_policy_is_installed_as_it_stands_in_its_file() -> None:
    bundle = replicas_bundle()
    expired_elsewhere = waiver(policy="other")
    assert bundle.installable([expired_elsewhere]) == bundle.installable()
    assert bundle.policies[0].document in bundle.installable()


@pytest.mark.parametrize(
    ("owner", "allowed"),
    [
        ({"kind": "ReplicaSet", "name": "web-7d9f8c6b5d"}, True),
        ({"kind": "ReplicaSet", "name": "web-other-7d9f8c6b5d"}, False),
        ({"kind": "ReplicaSet", "name": "web"}, False),
        ({"kind": "StatefulSet", "name": "web-7d9f8c6b5d"}, False),
        (None, False),
    ],
    ids=str,
)
def test_an_installed_exception_for_a_workload_covers_the_pods_that_its_controllers_make(
    owner: dict[str, str] | None, allowed: bool
) -> None:
    rule = policy("replicas", "false", rule=PODS)
    scope = waiver(kind="Deployment", name="web")
    installed = load_bundle(load_bundle([rule, binding("replicas")]).installable([scope]))
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {"containers": []}}
    owners = [{**owner, "apiVersion": "apps/v1", "uid": "1"}] if owner else []
    found = admitted(installed, pod, creationTimestamp=stamp(END - SECOND), ownerReferences=owners)
    assert found is allowed


def test_an_installed_exception_for_an_instance_covers_what_carries_its_label() -> None:
    installed = load_bundle(replicas_bundle().installable([waiver(instance="web")]))
    fresh = {"creationTimestamp": stamp(END - SECOND)}
    assert admitted(installed, deployment(), labels={"app.kubernetes.io/instance": "web"}, **fresh)
    assert not admitted(installed, deployment(), labels={"app.kubernetes.io/instance": "api"}, **fresh)
    assert not admitted(installed, deployment(), **fresh)
