"""One chart after the other: published, its form shown, its defaults checked, its rendering compared."""

from __future__ import annotations

import json
import subprocess
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from portal.accounts.models import User
from portal.clusters.manifests import parse_manifest
from portal.clusters.rendering import render
from portal.clusters.types import Target
from portal.core.errors import SlipwayError
from services_catalog import chart_cache, values
from services_catalog.forms import flat, form_fields
from services_catalog.imports import declarations, proposals, publishing
from services_catalog.imports.chart_facts import read_mapping
from services_catalog.imports.examples import examples
from services_catalog.models import OfferingVersion, SourceVersion
from services_catalog.reproducibility import Difference, differences
from tools.public_charts.repository import helm

SECOND = 1.1  # in which a chart that writes down the time comes to another one
TARGET = Target("example", "storefront-dev")
CONTEXT = {
    "application.slug": "storefront",
    "application.name": "Storefront",
    "environment.slug": "dev",
    "team.slug": "shop",
    "namespace": TARGET.namespace,
    "release": TARGET.release,
}


@dataclass
class Trial:
    """What became of one chart. `failures` are (step, cause), in order."""

    chart: str
    version: str
    imported: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)
    fields: int = 0
    form: bool = False
    defaults: bool = False
    equal: str = ""
    objects: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.imported and self.form and self.defaults and self.equal in ("yes", "but for chance")


def tried(row: SourceVersion, work: Path, archive: Path, actor: User) -> Trial:
    """Never raises: what goes wrong is a failure of its step."""
    trial = Trial(row.chart, row.version, report=row.report)
    if row.archive is None:
        trial.failures.append(("import", row.refusal or "not taken"))
        return trial
    try:
        chart = declarations.chart_of(row.archive)
        version = publishing.publish(row, proposals.proposal(row, chart), actor=actor)
    except SlipwayError as exc:
        trial.failures.append(("publish", f"{exc.message} {getattr(exc, 'errors', '')}".strip()))
        return trial
    trial.imported = True
    steps = (("form", _form), ("defaults", _defaults), ("rendering", _compare))
    for name, step in steps:
        try:
            step(trial, version, work, archive)
        except SlipwayError as exc:
            trial.failures.append((name, exc.message))
        except Exception as exc:
            said = traceback.extract_tb(exc.__traceback__)[-1]
            trial.failures.append(
                (name, f"{type(exc).__name__}: {exc} ({Path(said.filename).name}:{said.lineno})")
            )
    return trial


def _form(trial: Trial, version: OfferingVersion, work: Path, archive: Path) -> None:
    plan = version.plans.get(is_default=True)
    fields = form_fields(version, plan, {})
    page = render_to_string("requests/_fields.html", {"fields": fields, "asking": {"errors": {}}})
    trial.fields = sum(1 for each in flat(fields) if each.kind != "group")
    trial.form = trial.fields == 0 or "<label" in page or "<textarea" in page


def _defaults(trial: Trial, version: OfferingVersion, work: Path, archive: Path) -> None:
    """What the portal would say of a request that changes nothing."""
    problems = values.validate(version, version.default_values)
    trial.defaults = not problems
    trial.failures += [("defaults", f"{each['path']} {each['message']}") for each in problems[:3]]


def _compare(trial: Trial, version: OfferingVersion, work: Path, archive: Path) -> None:
    """The portal's rendering against plain `helm template`, with the same wishes: the text of each object."""
    for wishes in _wishes(version):
        ours = theirs = ""
        said: list[str] = []
        try:
            composed = values.compose(version, version.plans.get(is_default=True), wishes, CONTEXT).values
            folder = chart_cache.unpacked(version.chart_id)
            ours = render(folder, target=TARGET, values=composed, binary=settings.SLIPWAY_HELM).manifest
        except SlipwayError as exc:
            said.append(f"{exc.message} {getattr(exc, 'errors', '')}".strip())
        try:
            theirs = _plain(work, archive, wishes)
        except subprocess.CalledProcessError as exc:
            said.append(" ".join(str(exc.stderr).partition("Error:")[2].split("Use --debug")[0].split()))
        if len(said) == 2:
            continue  # neither renders it: what follows are values that the chart's own tests give
        if said:
            trial.failures.append(("rendering", f"only one of both renders it: {said[0][:300]}"))
            return
        trial.objects = len(parse_manifest(theirs))
        trial.equal, cause = equal(ours, theirs, partial(_later, work, archive, wishes))
        if cause:
            trial.failures.append(("rendering", cause))
        return
    trial.equal = "neither renders"
    trial.failures.append(("rendering", f"helm alone does not render it either: {said[-1][:300]}"))


def _wishes(version: OfferingVersion) -> list[dict[str, Any]]:
    chart = declarations.chart_of(version.chart)
    return [{}, *(read_mapping(chart.files[path]) for path in examples(chart))]


def _plain(work: Path, archive: Path, wishes: Mapping[str, Any]) -> str:
    file = work / "values.json"
    file.write_text(json.dumps(wishes))
    arguments = ("--namespace", TARGET.namespace, "--include-crds", "--values", str(file))
    return helm(work, "template", TARGET.release, str(archive), *arguments)


def _later(work: Path, archive: Path, wishes: Mapping[str, Any]) -> str:
    time.sleep(SECOND)
    return _plain(work, archive, wishes)


def equal(ours: str, theirs: str, again: Callable[[], str]) -> tuple[str, str]:
    """`yes`, `but for chance` (plain Helm, run again, differs there too), or `no` with the cause."""
    if by_object(ours) == by_object(theirs):
        return "yes", ""
    chance = {_place(each) for each in differences(parse_manifest(theirs), parse_manifest(again()))}
    found = [_place(each) for each in differences(parse_manifest(ours), parse_manifest(theirs))]
    other = [each for each in found if each not in chance]
    if found and not other:
        return "but for chance", ""
    return "no", f"differs at {', '.join(other[:3]) or 'the text alone, its objects are the same'}"


def _place(difference: Difference) -> str:
    """An object that only one of both has is known by its kind: its name may be what chance makes."""
    return str(difference) if difference.path else difference.key.kind


def by_object(manifest: str) -> list[str]:
    """The documents' text, in one order; Helm sorts objects of one kind by chance of its file names."""
    return sorted(each.strip() for each in f"\n{manifest}".split("\n---\n") if each.strip())
