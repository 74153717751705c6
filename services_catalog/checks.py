"""Linting the library: everything that can be requested renders, is the same each time, and passes policy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from portal.clusters.helm import render
from portal.clusters.types import Rendered, Target
from portal.core import pointers
from portal.core.documents import load_mapping
from portal.core.errors import SlipwayError, ValidationFailed
from portal.core.objects import key_of
from portal.policy import Bundle, UserInfo
from services_catalog import library, schemas, values
from services_catalog.library import LibraryOffering, LibraryVersion
from services_catalog.models import Lifecycle, Offering, OfferingVersion, Plan, Role, VersionStatus

ENVIRONMENTS = ("dev", "staging", "production")
SYSTEM_NAMESPACE = "slipway-system"
HPC_CLASS = "slipway.dev/hpc-class"


@dataclass(frozen=True)
class Failure:
    """`subject` says which version, plan, example and environment; `message` what is wrong."""

    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}"


@dataclass(frozen=True)
class Case:
    """One version with one plan and one example of its chart's folder `ci` ("": none), in one environment."""

    offering: LibraryOffering
    version: LibraryVersion
    plan: Mapping[str, Any]
    example: str
    environment: str

    def __str__(self) -> str:
        parts = (self.offering.slug, self.version.number, self.plan["slug"], self.example, self.environment)
        return " ".join(parts)

    @property
    def namespace(self) -> str:
        return f"storefront-{self.environment}"

    @property
    def target(self) -> Target:
        is_namespace = self.offering.fields.get("role") == Role.NAMESPACE
        return Target("storefront-example", SYSTEM_NAMESPACE if is_namespace else self.namespace)

    @property
    def context(self) -> dict[str, str]:
        return {
            "application.slug": "storefront",
            "application.name": "Storefront",
            "environment.slug": self.environment,
            "team.slug": "shop",
            "namespace": self.namespace,
            "release": self.target.release,
        }

    def values(self) -> dict[str, Any]:
        """What the portal would give to helm. Raises ValidationFailed."""
        version = model_of(self.version)
        plan = Plan(values=self.plan.get("values", {}))
        return values.compose(version, plan, self._wishes(), self.context).values

    def _wishes(self) -> dict[str, Any]:
        """The example, without what the portal fills in: helm alone needs that, a person may not give it."""
        wishes = load_mapping(self.version.chart.files[self.example]) if self.example else {}
        for place in schemas.marked(self.version.values_schema, schemas.CONTEXT):
            if pointers.get(wishes, place.path) is not pointers.ABSENT:
                pointers.put(wishes, place.path, "")
        return wishes


def model_of(version: LibraryVersion) -> OfferingVersion:
    """The version as a row that is not saved."""
    return OfferingVersion(
        offering=Offering(),
        version=version.number,
        values_schema=version.values_schema,
        default_values=version.default_values,
        locked_values=version.locked_values,
        short_form=version.short_form,
        values_of=version.values_of,
    )


def cases(offerings: Sequence[LibraryOffering]) -> Iterator[Case]:
    """Every plan of every version that may still be used, with every example, in every environment."""
    for offering in offerings:
        if offering.fields.get("lifecycle") == Lifecycle.RETIRED:
            continue
        environments = offering.fields.get("environments") or ENVIRONMENTS
        for version in offering.versions:
            if version.status == VersionStatus.RETIRED:
                continue
            for plan in version.plans:
                for example in examples(version):
                    for environment in environments:
                        yield Case(offering, version, plan, example, environment)


def examples(version: LibraryVersion) -> list[str]:
    """The chart's `ci/*-values.yaml`, as chart-testing names them."""
    return sorted(path for path in version.chart.files if PurePosixPath(path).match("ci/*-values.yaml"))


def check(library_dir: Path, bundle: Bundle, helms: Sequence[Path]) -> list[Failure]:
    """Everything that is wrong with the library. Raises ValidationFailed when its files cannot be read.

    Each plan and example is rendered with each of `helms`, and twice with the first; all must give the same.
    """
    offerings = library.read(library_dir)
    failures = [
        Failure(
            f"{offering.slug} {version.number}", "The chart has no example in ci/*-values.yaml. Write one."
        )
        for offering in offerings
        for version in offering.versions
        if not examples(version)
    ]
    tried = list(cases(offerings))
    # most of the time is spent waiting for helm
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = pool.map(lambda case: list(_wrong(case, bundle, helms)), tried)
        for case, messages in zip(tried, wrong, strict=True):
            failures += [Failure(str(case), message) for message in messages]
    return failures


def _wrong(case: Case, bundle: Bundle, helms: Sequence[Path]) -> Iterator[str]:
    # how a chart renders does not hang on the environment: once is enough to compare helm with helm
    compared = helms if case.environment == ENVIRONMENTS[0] else ()
    try:
        composed = case.values()
        first, *others = [_render(case, composed, helm) for helm in (helms[0], *compared)]
    except ValidationFailed as exc:
        yield from (f"{error['path']}: {error['message']}" for error in exc.errors)
        return
    except SlipwayError as exc:
        yield exc.message
        return
    for helm, other in zip(compared, others, strict=True):
        if _sorted(other) != _sorted(first):
            yield f"It does not render the same each time (compared with {helm})."
    yield from _out_of_place(case, first)
    yield from _denied(case, first, bundle)


def _render(case: Case, composed: Mapping[str, Any], helm: Path) -> Rendered:
    return render(case.version.folder, target=case.target, values=composed, binary=helm)


def _sorted(rendered: Rendered) -> list[dict[str, Any]]:
    return sorted(rendered.documents, key=key_of)


def _out_of_place(case: Case, rendered: Rendered) -> Iterator[str]:
    if case.offering.fields.get("cluster_scoped"):
        return
    for document in rendered.documents:
        key = key_of(document)
        if key.namespace != case.target.namespace:
            yield f"{key} must say metadata.namespace: {{{{ .Release.Namespace }}}}."


def _needed_class(rendered: Rendered) -> dict[str, str]:
    """The HPC class that the namespace must have, which an object that needs one is labelled with."""
    labels = [document["metadata"].get("labels") or {} for document in rendered.documents]
    needed = {each[HPC_CLASS] for each in labels if HPC_CLASS in each}
    return {HPC_CLASS: needed.pop()} if needed else {}


def _denied(case: Case, rendered: Rendered, bundle: Bundle) -> Iterator[str]:
    labels = {
        "slipway.dev/environment": case.environment,
        "kubernetes.io/metadata.name": case.namespace,
        **_needed_class(rendered),
    }
    judgement = bundle.judge(
        rendered.documents,
        operation="CREATE",
        namespace={
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": case.namespace, "labels": labels},
        },
        user=UserInfo(f"system:serviceaccount:{case.namespace}:slipway-deployer"),
    )
    for verdict in judgement.verdicts:
        if verdict.blocks:
            yield f"{verdict.key} breaks policy {verdict.policy}: {verdict.message}"
