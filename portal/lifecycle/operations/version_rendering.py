"""A version by itself, rendered and judged with its defaults: for looking at it before anybody runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from portal.clusters.errors import ChartDoesNotRender, RenderLimitExceeded
from portal.clusters.types import Target
from portal.core import pointers
from portal.core.documents import load_mapping
from portal.core.errors import SlipwayError, ValidationFailed
from portal.environments.models import Environment
from portal.lifecycle.models.instance import SYSTEM_NAMESPACE
from portal.lifecycle.operations import secrets
from portal.lifecycle.operations.rendering import deployer_of, render_for
from portal.lifecycle.selectors import bundle
from portal.policy import Judgement, UserInfo
from services_catalog import schemas, unpacking, values
from services_catalog.chart_cache import unpacked
from services_catalog.models import OfferingVersion

NAME = "example"


@dataclass(frozen=True)
class Example:
    """Values to render a version with; `name` is the chart's file of values that had to help, `problem`
    says why there are none."""

    version: OfferingVersion
    environment: Environment
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    name: str = ""
    problem: str = ""

    @property
    def target(self) -> Target:
        namespace = _namespace(self.environment)
        is_namespace = self.version.offering.is_namespace
        return Target(namespace if is_namespace else NAME, SYSTEM_NAMESPACE if is_namespace else namespace)


@dataclass(frozen=True)
class RenderedExample:
    """The objects, unmasked; `problem` says why there are none."""

    example: Example
    documents: Sequence[dict[str, Any]] = field(default=(), repr=False)
    problem: str = ""

    @property
    def masked(self) -> list[dict[str, Any]]:
        return secrets.masked(self.documents)

    def judge(self) -> Judgement:
        """By the policies in force."""
        environment, namespace = self.example.environment, _namespace(self.example.environment)
        return bundle.current().judge(
            self.documents,
            namespace={
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": namespace, "labels": environment.namespace_labels()},
            },
            user=UserInfo(deployer_of(namespace), ("system:serviceaccounts", "system:authenticated")),
        )


def example_of(
    version: OfferingVersion, environment: Environment, *, previous: Mapping[str, Any] | None = None
) -> Example:
    """With its usual plan and, where something has to be given, with the first of its own examples.

    `previous` are another version's values: secrets that were made for them stay, so as not to differ.
    """
    problem = "It has no default plan."
    for name, wishes in _wishes(version).items():
        try:
            composed = values.compose(
                version, _plan(version), wishes, _context(environment), previous=previous
            )
        except ValidationFailed as exc:
            problem = problem if name else " ".join(f"{e['path']}: {e['message']}" for e in exc.errors[:3])
            continue
        return Example(version, environment, composed.values, name)
    return Example(version, environment, problem=problem)


def render(*examples: Example) -> list[RenderedExample]:
    """Each by a helm of its own, side by side: a page waits for them."""
    for example in examples:
        unpacked(example.version.chart_id)  # here, since the threads have no database connection
    with ThreadPoolExecutor(max_workers=len(examples), thread_name_prefix="example") as pool:
        return list(pool.map(_rendered, examples))


def _rendered(example: Example) -> RenderedExample:
    if example.problem:
        return RenderedExample(example, problem=example.problem)
    try:
        found = render_for(
            example.version.chart_id,
            target=example.target,
            values=example.values,
            environment=example.environment,
        )
    except (ChartDoesNotRender, RenderLimitExceeded) as exc:
        return RenderedExample(example, problem=exc.message)
    return RenderedExample(example, found.documents)


def _wishes(version: OfferingVersion) -> dict[str, dict[str, Any]]:
    """Nothing, then each of the chart's examples."""
    found: dict[str, dict[str, Any]] = {"": {}}
    try:
        files = unpacking.read_archive(bytes(version.chart.content))
        for name in sorted(path for path in files if PurePosixPath(path).match("ci/*-values.yaml")):
            found[name] = _own(version, load_mapping(files[name]))
    except SlipwayError:
        return found
    return found


def _own(version: OfferingVersion, wishes: dict[str, Any]) -> dict[str, Any]:
    """An example without what the portal fills in: helm alone needs that, a person may not give it."""
    for place in schemas.marked(version.values_schema, schemas.CONTEXT):
        if pointers.get(wishes, place.path) is not pointers.ABSENT:
            pointers.put(wishes, place.path, "")
    return wishes


def _plan(version: OfferingVersion) -> Any:
    return next((plan for plan in version.plans.all() if plan.is_default), None)


def _namespace(environment: Environment) -> str:
    return f"{NAME}-{environment.slug}"


def _context(environment: Environment) -> dict[str, str]:
    return {
        "application.slug": NAME,
        "application.name": NAME.title(),
        "environment.slug": environment.slug,
        "team.slug": NAME,
        "namespace": _namespace(environment),
        "release": NAME,
    }
