"""What somebody asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.accounts.models import User
from portal.clusters.types import Target
from portal.environments.models import Environment
from portal.lifecycle.models import Application, Release, Remedy, ServiceInstance
from portal.lifecycle.models.instance import SYSTEM_NAMESPACE
from portal.lifecycle.states import ChangeKind
from services_catalog.models import Offering, OfferingVersion, Plan


@dataclass(frozen=True)
class Cure:
    """What a wish to remediate is about: `does` and `items` as the Remedy of its change will have them."""

    does: Remedy.Does
    items: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Wish:
    """What somebody asks for, resolved to rows that this person may see. `inputs` are the values they
    gave."""

    kind: ChangeKind
    actor: User
    application: Application
    environment: Environment
    offering: Offering
    name: str
    version: OfferingVersion | None = None
    plan: Plan | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    instance: ServiceInstance | None = None
    source: Release | None = None
    again: Release | None = None  # what is sealed anew: the secrets made for it stay
    reason: str = ""
    emergency: bool = False
    yields: bool = False  # to whatever is under way, instead of taking the place of what only waits
    also_by: frozenset[int] = frozenset()  # ids of others who had a part in it
    cure: Cure | None = None  # of a wish to remediate

    @property
    def chart_id(self) -> str:
        """The chart that is rendered: what is promoted or rolled back to keeps its own, whatever the version
        has come to hold since."""
        if self.source is not None:
            return self.source.chart_id
        if self.version is None:
            raise ValueError("a wish for a release needs a version")
        return self.version.chart_id

    @property
    def namespace(self) -> str:
        return self.application.namespace_in(self.environment)

    @property
    def target(self) -> Target:
        return Target(self.name, SYSTEM_NAMESPACE if self.offering.is_namespace else self.namespace)

    @property
    def goes_back(self) -> bool:
        """Whether its source is sealed again as it is: its values, and the chart that it had."""
        return self.kind in (ChangeKind.ROLLBACK, ChangeKind.REMEDIATE) and self.source is not None

    @property
    def base(self) -> Release | None:
        """What runs now."""
        return self.instance.current_release if self.instance else None
