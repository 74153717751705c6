"""A team with a limited quota, and what is done with it."""

from __future__ import annotations

from typing import Any

from portal.lifecycle.models import QuotaPool, QuotaRaise
from portal.lifecycle.services.pools import limiting, raising
from tests.fixtures.organisation import Organisation

# what one namespace of the smallest plan takes of each
SMALL = {"requests.cpu": "4", "requests.memory": "8Gi", "pods": "50"}
NAMESPACE: dict[str, Any] = {"application": "storefront", "environment": "dev", "offering": "namespace"}


def limit(organisation: Organisation, limits: dict[str, str], environment: str = "dev") -> QuotaPool:
    place = organisation.environment(environment)
    words = {"limits": limits, "reason": "The cluster is small."}
    return limiting.limit(organisation.shop, place, actor=organisation.pete, **words)


def ask_for(organisation: Organisation, limits: dict[str, str], **other: Any) -> QuotaRaise:
    words = {"actor": organisation.alice, "reason": "The sale begins on Friday."} | other
    return raising.request(organisation.shop, organisation.environment("dev"), limits=limits, **words)
