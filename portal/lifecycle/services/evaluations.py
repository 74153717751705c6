"""Judging objects that belong to nothing yet: whatever somebody pastes or sends. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.environments.models import Environment
from portal.lifecycle.operations.rendering import deployer_of
from portal.lifecycle.selectors import bundle
from portal.policy import Judgement, UserInfo


def evaluate(documents: Sequence[Any], environment: Environment, *, only: str = "") -> Judgement:
    """What the policies say of `documents`, created in a namespace of this environment by its deployer.

    `only` names one policy to judge by; "" is all of them. Raises PolicyInvalid.
    """
    policies = bundle.current()
    namespace = namespace_of(environment)
    user = UserInfo(
        deployer_of(namespace["metadata"]["name"]), ("system:serviceaccounts", "system:authenticated")
    )
    return (policies.narrowed({only}) if only else policies).judge(documents, namespace=namespace, user=user)


def namespace_of(environment: Environment) -> dict[str, Any]:
    """A namespace of the environment that has nothing in it."""
    metadata = {"name": f"evaluation-{environment.slug}", "labels": environment.namespace_labels()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
