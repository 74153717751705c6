"""What another version of an offering would mean: for anybody with its defaults, or for one instance with the
values that it has. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from portal.accounts.models import User
from portal.core.errors import NotFound, SlipwayError
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import version_rendering
from portal.lifecycle.operations.diffing import ObjectDiff
from portal.lifecycle.operations.diffing import compare as compare_objects
from portal.lifecycle.operations.drafting import draft
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.services.naming import Errors, plan_of
from portal.lifecycle.states import ChangeKind
from portal.policy import Verdict
from services_catalog import comparing
from services_catalog.comparing import KeyChange, Pair, PlanChange
from services_catalog.models import OfferingVersion


@dataclass(frozen=True)
class Rendering:
    """What the new version renders against the old one. `problem` says why that cannot be said; `note` with
    which values it was made; `errors` are values of the instance that no longer fit."""

    diff: Sequence[ObjectDiff] = ()
    verdicts: Sequence[Verdict] = ()
    passed: int = 0
    problem: str = ""
    note: str = ""
    errors: Sequence[dict[str, str]] = field(default_factory=tuple)

    @property
    def findings(self) -> list[Verdict]:
        """What is not simply passed."""
        return [verdict for verdict in self.verdicts if verdict.outcome != "pass"]


@dataclass(frozen=True)
class Comparison:
    pair: Pair
    environment: Environment
    instance: ServiceInstance | None = None

    @cached_property
    def keys(self) -> list[KeyChange]:
        return comparing.keys(self.pair.old, self.pair.new)

    @cached_property
    def plans(self) -> list[PlanChange]:
        return comparing.plans(self.pair.old, self.pair.new)

    @cached_property
    def rendering(self) -> Rendering:
        """Runs helm."""
        if self.instance is not None:
            return _for_instance(self.instance, self.pair.new)
        return _with_defaults(self.pair, self.environment)


def compare(
    user: User, slug: str, *, old: str = "", new: str = "", environment: str = "", instance: int | None = None
) -> Comparison:
    """Versions `old` and `new` of an offering, rendered as in an environment (the first, when not said), or
    for an instance that `user` may see, with its values. Raises NotFound."""
    if instance is not None:
        return _of_instance(user, slug, new, instance)
    rows = Environment.objects.select_related("cluster").order_by("order")
    place = rows.filter(slug=environment).first() if environment else rows.first()
    if place is None:
        raise NotFound(f"There is no environment {environment[:40]!r}.")
    return Comparison(comparing.pair(user, slug, old, new), place)


def _of_instance(user: User, slug: str, new: str, pk: int) -> Comparison:
    rows = ServiceInstance.objects.visible_to(user).select_related(
        "application__team",
        "environment__cluster",
        "offering",
        "current_release__offering_version__offering",
        "current_release__plan",
    )
    found = rows.filter(pk=pk, offering__slug=slug).exclude(current_release=None).first()
    if found is None or found.current_release is None:
        raise NotFound("There is no such instance of it that runs, or it is not visible to you.")
    pair = comparing.pair(user, slug, found.current_release.offering_version.version, new)
    return Comparison(pair, found.environment, found)


def _with_defaults(pair: Pair, environment: Environment) -> Rendering:
    first = version_rendering.example_of(pair.old, environment)
    second = version_rendering.example_of(pair.new, environment, previous=first.values or None)
    before, after = version_rendering.render(first, second)
    problem = after.problem or before.problem
    if problem:
        which = pair.new.version if after.problem else pair.old.version
        return Rendering(problem=f"Version {which} cannot be rendered by itself. {problem}")
    helped = second.name or first.name
    note = "With the defaults of each and its usual plan"
    note += f", and the chart's own example {helped}." if helped else "."
    judgement = after.judge()
    diff = compare_objects(before.masked, after.masked)
    return Rendering(diff, judgement.verdicts, judgement.passed, note=note)


def _for_instance(instance: ServiceInstance, version: OfferingVersion) -> Rendering:
    base, errors = instance.current_release, Errors()
    if base is None:
        return Rendering(problem=f"{instance} has never run.")
    plan = errors.collect(lambda: plan_of(version, base.plan.slug if base.plan else None, errors))
    if errors.found:
        return Rendering(errors=errors.found, problem="Its plan is not there any more.")
    wish = Wish(
        kind=ChangeKind.UPGRADE,
        actor=instance.created_by,
        application=instance.application,
        environment=instance.environment,
        offering=instance.offering,
        name=instance.name,
        version=version,
        plan=plan,
        inputs=dict(base.inputs),
        instance=instance,
    )
    try:
        found = draft(wish)
    except SlipwayError as exc:
        return Rendering(problem=exc.message)
    if found.errors:
        return Rendering(errors=found.errors, problem="Some of its values no longer fit.")
    note = f"With the values and the plan of {instance} in {instance.environment}."
    return Rendering(found.diff, found.verdicts, found.passed, note=note)
