"""From a wish to a draft: values composed and checked, rendered, scoped, judged, compared, counted. Writes
nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from portal.clusters.errors import ChartDoesNotRender, RenderLimitExceeded
from portal.clusters.types import Rendered
from portal.core import clock
from portal.core.errors import KindNotServed, OutOfScope, ValidationFailed
from portal.core.objects import ObjectKey
from portal.lifecycle.operations import checks, kinds, quota, scope, secrets, waivers
from portal.lifecycle.operations.diffing import ObjectDiff, compare
from portal.lifecycle.operations.pool_room import Room, room_of
from portal.lifecycle.operations.quota import QuotaLine, Usage
from portal.lifecycle.operations.rendering import deployer_of, render_for
from portal.lifecycle.operations.repeats import NotReproducible, render_alike
from portal.lifecycle.operations.seals import objects_digest
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.selectors import bundle, instances
from portal.lifecycle.states import ChangeKind
from portal.policy import Judgement, UserInfo, Verdict
from portal.policy.environment_digest import digest_in
from portal.policy.expansion import keyed
from services_catalog import values as catalog_values
from services_catalog.value_fixes import Setting, settings_for


@dataclass(frozen=True)
class ValueFix:
    """A ready fix of one verdict, as values to set."""

    verdict: Verdict
    settings: list[Setting]

    def as_json(self) -> str:
        """The settings as a page's button sends them back."""
        return json.dumps([setting.as_dict() for setting in self.settings])


@dataclass
class Draft:
    """All that is known of a wish before it is asked. Objects and values are masked, but for `sealed_*`."""

    wish: Wish
    errors: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unserved: bool = False
    masked_values: dict[str, Any] = field(default_factory=dict)
    objects: list[dict[str, Any]] = field(default_factory=list)
    judgement: Judgement = field(default_factory=lambda: Judgement(()))
    diff: list[ObjectDiff] = field(default_factory=list)
    quota: list[QuotaLine] = field(default_factory=list)
    room: Room | None = None  # in the team's pool; of a namespace
    usage: Usage = field(default_factory=dict)
    namespace_objects: list[dict[str, Any]] = field(default_factory=list, repr=False)
    images: list[str] = field(default_factory=list)
    policy_digest: str = ""
    sealed_inputs: dict[str, Any] = field(default_factory=dict, repr=False)
    sealed_values: dict[str, Any] = field(default_factory=dict, repr=False)
    objects_digest: str = ""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return self.judgement.verdicts

    @property
    def passed(self) -> int:
        return self.judgement.passed

    @property
    def warned(self) -> int:
        return self.judgement.warned

    @property
    def waived(self) -> int:
        return self.judgement.waived

    @property
    def denied(self) -> int:
        return self.judgement.denied

    @property
    def allowed(self) -> bool:
        return not self.errors and not self.problems and self.judgement.allowed

    @property
    def refusal(self) -> OutOfScope:
        """What `problems` amount to; `unserved` says whether they are only that kinds are not served."""
        error = KindNotServed if self.unserved else OutOfScope
        return error(" ".join(self.problems), problems=self.problems)

    @property
    def value_fixes(self) -> list[ValueFix]:
        """The ready fixes that the offering can bring about by values, one for each policy and object."""
        found: dict[tuple[str, ObjectKey, str], ValueFix] = {}
        for verdict in self.verdicts:
            key = (verdict.policy, verdict.key, verdict.path)
            if self.wish.version is None or not verdict.fix or key in found:
                continue
            settings = settings_for(self.wish.version, verdict.key.kind, verdict.fix)
            if settings:
                found[key] = ValueFix(verdict, settings)
        return list(found.values())

    def value_fix_of(self, verdict: Verdict) -> ValueFix | None:
        """Of the first rule of its policy that is broken by its object: the fix mends all of them."""
        return next((fix for fix in self.value_fixes if fix.verdict == verdict), None)

    @property
    def quota_exceeded(self) -> list[QuotaLine]:
        return [line for line in self.quota if line.exceeded] + (self.room.refused if self.room else [])

    @property
    def namespace(self) -> str:
        return self.wish.namespace

    @property
    def approvals_required(self) -> int:
        return self.wish.environment.approvals_required

    @property
    def price_cents(self) -> int:
        return (
            self.wish.plan.price_cents_per_month
            if self.wish.plan and self.wish.kind != ChangeKind.RETIRE
            else 0
        )

    @property
    def price_before_cents(self) -> int:
        base = self.wish.base
        return base.plan.price_cents_per_month if base and base.plan else 0


def draft(wish: Wish) -> Draft:
    """Everything that can be said of `wish` now; schema errors and denials are in the draft, not raised."""
    result = Draft(wish)
    base = wish.base.objects_masked if wish.base else []
    if wish.kind == ChangeKind.RETIRE:
        result.diff = compare(base, [])
        result.policy_digest = digest_in(bundle.current(), wish.environment.slug)
        return result
    _compose(result)
    if result.errors:
        return result
    rendered = _render(result)
    if rendered is None:
        return result
    result.objects = secrets.masked(rendered.documents)
    result.objects_digest = objects_digest(rendered.documents)
    result.images = list(rendered.images)
    result.problems += scope.problems(
        rendered.documents, namespace=wish.namespace, cluster_scoped=wish.offering.cluster_scoped
    )
    result.diff = compare(base, result.objects)
    namespace = instances.namespace_release(wish.application, wish.environment)
    result.namespace_objects = namespace.objects_masked if namespace else []
    if not result.problems:
        result.problems += kinds.problems(
            rendered.documents, cluster=wish.environment.cluster, namespace_objects=result.namespace_objects
        )
        result.unserved = bool(result.problems)
    _judge(result, rendered)
    _count(result)
    return result


def context_of(wish: Wish) -> dict[str, str]:
    """What the portal fills into values marked `x-slipway-context`."""
    return {
        "application.slug": wish.application.slug,
        "application.name": wish.application.name,
        "environment.slug": wish.environment.slug,
        "team.slug": wish.application.team.slug,
        "namespace": wish.namespace,
        "release": wish.name,
    }


def _compose(result: Draft) -> None:
    wish = result.wish
    if wish.version is None:
        raise ValueError("a wish for a release needs a version")
    schema = wish.version.values_schema
    if wish.goes_back and wish.source is not None:
        result.sealed_inputs, result.sealed_values = wish.source.inputs, wish.source.values
    else:
        before = wish.again or wish.base
        previous = before.values if before else None
        # Where a person sent the mask back, the secret it stands for is what was meant.
        result.sealed_inputs, _ = catalog_values.unmask(schema, wish.inputs, previous)
        try:
            composed = catalog_values.compose(
                wish.version, wish.plan, wish.inputs, context_of(wish), previous=previous
            )
        except ValidationFailed as exc:
            result.errors = [{**error, "path": "/values" + error["path"]} for error in exc.errors]
            return
        result.sealed_values = composed.values
    result.masked_values = catalog_values.masked(schema, result.sealed_values)
    names = {"namespace": wish.namespace, "release": wish.name}
    result.errors += checks.errors(wish.version, result.sealed_values, names)


def _render(result: Draft) -> Rendered | None:
    wish = result.wish
    assert wish.version is not None  # noqa: S101 narrowed by _compose
    render = partial(
        render_for,
        wish.chart_id,
        target=wish.target,
        values=result.sealed_values,
        environment=wish.environment,
    )
    try:
        return render_alike(wish.version, wish.chart_id, lambda is_upgrade: render(is_upgrade=is_upgrade))
    except NotReproducible as exc:
        result.errors += exc.errors
        return None
    except (ChartDoesNotRender, RenderLimitExceeded) as exc:
        redact = secrets.Redactor(secrets.of(wish.version.values_schema, result.sealed_values))
        result.errors.append({"path": "/values", "message": redact(exc.message), "code": "does_not_render"})
        return None


def _judge(result: Draft, rendered: Rendered) -> None:
    wish = result.wish
    policies = bundle.current()
    result.policy_digest = digest_in(policies, wish.environment.slug)
    before = wish.base.objects_masked if wish.base else []
    # what was not there before is created, also by an update
    result.judgement = policies.judge(
        rendered.documents,
        namespace=_namespace_object(result, rendered),
        user=UserInfo(deployer_of(wish.namespace), ("system:serviceaccounts", "system:authenticated")),
        old=keyed(before, rendered.documents, wish.namespace),
        waivers=waivers.for_instance(
            wish.application, wish.environment, wish.name, result.sealed_values, now=clock.now()
        ),
    )


def _namespace_object(result: Draft, rendered: Rendered) -> dict[str, Any]:
    """The Namespace that the objects will live in: the one being made, or the sealed one of the namespace
    instance."""
    sealed = result.namespace_objects
    for document in [*rendered.documents, *sealed]:
        if document.get("kind") == "Namespace" and document.get("apiVersion") == "v1":
            return dict(document)
    wish = result.wish
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": wish.namespace, "labels": wish.environment.namespace_labels()},
    }


def _count(result: Draft) -> None:
    wish = result.wish
    result.usage = quota.usage_of(result.objects)
    result.room = room_of(wish, result.objects, wish.instance)
    if wish.offering.is_namespace or not result.namespace_objects:
        return
    others = instances.usages_in_namespace(wish.application, wish.environment, but=wish.instance)
    result.quota = quota.lines(
        others=quota.total(quota.from_json(usage) for usage in others),
        before=quota.from_json(wish.base.usage if wish.base else {}),
        after=result.usage,
        hard=quota.hard_limits(result.namespace_objects),
    )
