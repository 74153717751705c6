"""What a draft would be to those who request it: every plan rendered, judged, and held to its scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings

from portal.clusters.errors import HelmKilled, HelmMissing
from portal.clusters.helm import render
from portal.clusters.types import Capabilities, Document
from portal.core.errors import SlipwayError, ValidationFailed
from services_catalog import chart_cache, reproducibility, schemas, values
from services_catalog.checks import Case, model_of
from services_catalog.imports import chart_facts
from services_catalog.imports.contents import beyond_a_team
from services_catalog.imports.examples import examples
from services_catalog.imports.judging import Reason, reason
from services_catalog.imports.policies import Policies
from services_catalog.library import LibraryOffering, LibraryVersion
from services_catalog.models import Plan
from services_catalog.reproducibility import Status

SHOWN = 5


def faults(
    offering: LibraryOffering,
    version: LibraryVersion,
    policies: Policies,
    capabilities: Capabilities | None = None,
) -> list[Reason]:
    """Why this version may not be put on offer; empty when it may. Runs helm for a second or a few."""
    found = []
    examined = reproducibility.examine(offering, version)
    if examined.status == Status.VARIES:
        found.append(reason("renders_differently", examined.reason))
    for plan in version.plans:
        found += _faults_of(offering, version, plan, policies, capabilities)
    return found


def _faults_of(
    offering: LibraryOffering,
    version: LibraryVersion,
    plan: Mapping[str, Any],
    policies: Policies,
    capabilities: Capabilities | None,
) -> Iterator[Reason]:
    named = f"With plan {plan['slug']}"
    case = Case(offering, version, plan, "", next(iter(policies.environments), "dev"))
    try:
        documents = _rendered(case, capabilities)
    except (HelmMissing, HelmKilled):
        raise
    except ValidationFailed as exc:
        said = "; ".join(f"{each['path']} {each['message']}" for each in exc.errors[:SHOWN])
        yield reason("plan_invalid", f"{named} the values are not complete: {said} {GIVE}")
        return
    except SlipwayError as exc:
        yield reason("plan_does_not_render", f"{named} it does not render: {exc.message[:600]} {GIVE}")
        return
    if not offering.fields.get("cluster_scoped"):
        beyond = beyond_a_team(documents, case.target.namespace)
        if beyond:
            yield reason(
                "beyond_a_team", f"{named} it holds what no team's release may hold: {_listed(beyond)}."
            )
    if plan.get("default"):
        yield from _denied(case, documents, policies, capabilities)


GIVE = "Give what is missing in the plan, in locked_values or in example."


def _rendered(case: Case, capabilities: Capabilities | None) -> tuple[Document, ...]:
    """Bare, else with the declaration's `example`, else with the chart's first one that fits."""
    tried = [{}, *_examples(case.version)]
    failure: SlipwayError | None = None
    for wishes in tried:
        try:
            composed = values.compose(
                model_of(case.version), Plan(values=case.plan.get("values", {})), wishes, case.context
            )
            return render(
                chart_cache.unpacked(case.version.chart.digest),
                target=case.target,
                values=composed.values,
                capabilities=capabilities,
                binary=settings.SLIPWAY_HELM,
            ).documents
        except (HelmMissing, HelmKilled):
            raise
        except SlipwayError as exc:
            failure = failure or exc
    assert failure is not None  # noqa: S101 there is always something to try
    raise failure


def _examples(version: LibraryVersion) -> Iterator[dict[str, Any]]:
    if version.example:
        yield version.example
    for path in examples(version.chart):
        try:
            yield chart_facts.read_mapping(version.chart.files[path])
        except SlipwayError:
            continue


def _denied(
    case: Case, documents: tuple[Document, ...], policies: Policies, capabilities: Capabilities | None
) -> Iterator[Reason]:
    """Rendered anew for each environment where the portal fills in which it is."""
    offered = case.offering.fields.get("environments") or list(policies.environments)
    differs = bool(schemas.marked(case.version.values_schema, schemas.CONTEXT))
    for environment in policies.environments:
        if environment not in offered:
            continue
        there = replace(case, environment=environment) if differs else case
        judged = _rendered(there, capabilities) if differs else documents
        judgement = policies.judge(judged, environment, there.target.namespace)
        if not judgement.allowed:
            found = [f"{each.policy} ({each.key})" for each in judgement.verdicts if each.blocks]
            said = f"With the usual plan the policies refuse it in {environment}: {_listed(found)}."
            yield reason("policy_denies", said)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
