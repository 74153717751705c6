"""An update is judged object by object, as the cluster will see it: some are changed, some are new."""

from __future__ import annotations

from typing import Any

import pytest

from portal.lifecycle.operations.drafting import Draft
from portal.lifecycle.services import previews, wishes
from tests.fixtures.organisation import Organisation
from tests.fixtures.policies import UsePolicies
from tests.lifecycle.helpers import WEB, live_namespace, live_service
from tests.policy.scenes import binding, policy

INGRESSES = {"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "resources": ["ingresses"]}
NAMESPACES = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces"]}
SERVICES = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"]}
WITH_INGRESS = {**WEB, "ingress": {"enabled": True, "host": "shop.example.com"}}


def preview(organisation: Organisation, instance: Any, **data: Any) -> Draft:
    wish = wishes.resolve(organisation.alice, {"kind": "update", "instance": instance.pk, **data})
    return previews.preview(wish)


def outcomes(draft: Draft, name: str) -> list[str]:
    return [verdict.outcome for verdict in draft.verdicts if verdict.policy == name]


@pytest.mark.parametrize(("operation", "expected"), [("CREATE", ["deny"]), ("UPDATE", [])])
def test_an_object_that_an_update_adds_is_judged_as_being_created(
    organisation: Organisation, use_policies: UsePolicies, operation: str, expected: list[str]
) -> None:
    instance = live_service(organisation)
    none = policy("no-new-ingress", "false", rule={**INGRESSES, "operations": [operation]})
    use_policies([none, binding("no-new-ingress")])
    assert outcomes(preview(organisation, instance, values=WITH_INGRESS), "no-new-ingress") == expected


def test_an_object_that_was_there_is_judged_against_what_it_was(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    instance = live_service(organisation)
    kept = policy("same-port", "oldObject.spec.ports == object.spec.ports", rule=SERVICES)
    use_policies([kept, binding("same-port")])
    assert outcomes(preview(organisation, instance, values={**WEB, "replicas": 2}), "same-port") == ["pass"]


def test_a_namespace_too_is_judged_against_what_it_was(
    organisation: Organisation, use_policies: UsePolicies
) -> None:
    instance = live_namespace(organisation)
    kept = policy("labels-stay", "oldObject.metadata.labels == object.metadata.labels", rule=NAMESPACES)
    use_policies([kept, binding("labels-stay")])
    assert outcomes(preview(organisation, instance, plan="medium"), "labels-stay") == ["pass"]
