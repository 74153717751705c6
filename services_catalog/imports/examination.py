"""An imported chart is looked at from all sides before anybody may publish it. Nothing of it is trusted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from portal.audit.storable import storable
from portal.clusters.errors import HelmKilled, HelmMissing
from portal.clusters.helm import render
from portal.clusters.linting import lint
from portal.clusters.manifests import images_of as images
from portal.clusters.types import Capabilities, Document, Target
from portal.core.digests import digest_of
from portal.core.errors import SlipwayError
from services_catalog import reproducibility, values
from services_catalog.archives import PackedChart, write_folder
from services_catalog.imports import chart_facts, policies
from services_catalog.imports.contents import beyond_a_team, contents
from services_catalog.imports.examples import examples, for_trials
from services_catalog.imports.judging import reasons
from services_catalog.imports.policies import Policies
from services_catalog.imports.values_schema import ValuesSchema, values_schema
from services_catalog.library import LibraryOffering, LibraryVersion

log = structlog.get_logger(__name__)

# Raise it when the rules change, so that everything is examined anew.
RULE = 1
TARGET = Target("example", "storefront-dev")
DEFAULTS = "defaults"
MAX_REASON = 800


@dataclass
class Examination:
    """One look, step by step; what breaks a step is noted in `broken` and the rest goes on."""

    chart: PackedChart
    policies: Policies
    capabilities: Capabilities | None
    defaults: dict[str, Any] = field(default_factory=dict)
    broken: list[tuple[str, str]] = field(default_factory=list)
    rendered: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = {"rule": RULE, "chart": self._step("chart", self._facts, {})}
        self.defaults = self._step("values", self._defaults, {})
        schema = values_schema(self.chart, self.defaults)
        found["schema"] = schema.as_dict()
        found["defaults"] = self._fit(schema)
        found |= {"lint": [], "reproducibility": {}}
        if schema.usable:  # Helm would follow where a schema refers to
            with tempfile.TemporaryDirectory(prefix="slipway-import-") as directory:
                folder = Path(directory) / self.chart.name
                write_folder(self.chart.files, folder)
                found["lint"] = self._step("lint", lambda: self._lint(folder), [])
                self._render(folder)
            found["reproducibility"] = self._step("reproducibility", lambda: self._repeated(schema), {})
        found |= self._looked_at()
        found["broken"] = [{"step": step, "message": said} for step, said in self.broken]
        return {**found, **reasons(found)}

    def _facts(self) -> dict[str, Any]:
        return chart_facts.facts(self.chart)

    def _defaults(self) -> dict[str, Any]:
        return chart_facts.read_mapping(self.chart.files.get("values.yaml", b""))

    def _fit(self, schema: ValuesSchema) -> dict[str, Any]:
        """Whether the chart's own defaults are what its schema wants; people have to give what is missing."""
        errors = values.check(schema.schema, self.defaults) if schema.usable else []
        return {"valid": schema.usable and not errors, "errors": errors[:50]}

    def _lint(self, folder: Path) -> list[dict[str, Any]]:
        found = lint(folder, values={}, binary=settings.SLIPWAY_HELM)
        return [dict(vars(each)) for each in found]

    def _render(self, folder: Path) -> None:
        for name, given in self._sets():
            try:
                self.rendered[name] = render(
                    folder,
                    target=TARGET,
                    values=given,
                    capabilities=self.capabilities,
                    binary=settings.SLIPWAY_HELM,
                ).documents
            except (HelmMissing, HelmKilled):
                raise
            except SlipwayError as exc:
                self.refused[name] = exc.message[:MAX_REASON]

    def _sets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield DEFAULTS, {}
        for path in examples(self.chart):
            try:
                yield path, chart_facts.read_mapping(self.chart.files[path])
            except SlipwayError as exc:
                self.refused[path] = exc.message[:MAX_REASON]

    def _looked_at(self) -> dict[str, Any]:
        """What was rendered: with the defaults where these suffice, else with the first example that does."""
        usual = next(iter(self.rendered), "")
        everything = [each for documents in self.rendered.values() for each in documents]
        documents = self.rendered.get(usual, ())
        seen = self._step("contents", lambda: contents(distinct(everything), TARGET.namespace), {})
        judged = self._step(
            "policy", lambda: policies.verdicts(documents, self.policies, TARGET.namespace), {}
        )
        return {
            "renderings": [
                *(
                    {"values": name, "ok": True, "objects": len(found), "reason": ""}
                    for name, found in self.rendered.items()
                ),
                *(
                    {"values": name, "ok": False, "objects": 0, "reason": said}
                    for name, said in self.refused.items()
                ),
            ],
            "usual": usual,
            "creates": seen,
            "beyond_a_team": beyond_a_team(documents, TARGET.namespace),
            "images": self._step("images", lambda: list(images(everything)), []),
            "policy": judged,
        }

    def _repeated(self, schema: ValuesSchema) -> dict[str, Any]:
        """Rendered again at another second, with defaults and examples; plans come when it is published."""
        version = LibraryVersion(
            number=self.chart.version,
            status="draft",
            chart=for_trials(self.chart),
            folder=Path(),
            values_schema=dict(schema.schema),
            default_values=self.defaults,
            short_form=[],
            locked_values={},
            values_of=[],
            overlays=[],
            verification={},
            ready_timeout_seconds=300,
            notes="",
            marks={},
            example={},
            plans=[],
        )
        found: dict[str, Any] = reproducibility.examine(
            LibraryOffering(self.chart.name, {}), version
        ).as_dict()
        return found

    def _step(self, name: str, work: Any, otherwise: Any) -> Any:
        try:
            return work()
        except (HelmMissing, HelmKilled):
            raise
        except SlipwayError as exc:
            self.broken.append((name, exc.message[:MAX_REASON]))
        except Exception as exc:
            # a chart that breaks a step is not thereby fit to be published
            log.warning("examination_broke", chart=self.chart.name, step=name, exc_info=exc)
            self.broken.append((name, f"This could not be looked at: {type(exc).__name__}."))
        return otherwise


def examine(
    chart: PackedChart, *, policies: Policies | None = None, capabilities: Capabilities | None = None
) -> dict[str, Any]:
    """All that is found about a chart, as plain JSON; docs/sources.md says what each part means.

    Runs helm for seconds, so never inside of a transaction. A bad chart raises nothing: `blocking` says why
    it may not be published. Raises HelmMissing, HelmKilled and PolicyInvalid, for which no chart is to blame.
    """
    looked_with = policies or _usual_policies()
    report: dict[str, Any] = storable(Examination(chart, looked_with, capabilities).report())
    return report


def examined_digest(chart: PackedChart, *, policies: Policies | None = None) -> str:
    """Over all that an examination depends on; while it stays the same, so does the report."""
    return digest_of([RULE, chart.digest, (policies or _usual_policies()).bundle.digest])


def distinct(documents: list[Document]) -> list[Document]:
    """Each object once, as it is rendered first."""
    found: dict[str, Document] = {}
    for each in documents:
        metadata = each.get("metadata")
        place = metadata if isinstance(metadata, Mapping) else {}
        named = [each.get("apiVersion"), each.get("kind"), place.get("namespace"), place.get("name")]
        found.setdefault(digest_of(named), each)
    return list(found.values())


def _usual_policies() -> Policies:
    return policies.of_the_folder()
