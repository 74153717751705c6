"""A version is examined when it enters the catalog: its templates are read, and it is rendered repeatedly."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.clusters.errors import ChartDoesNotRender, RenderLimitExceeded
from portal.clusters.helm import render
from portal.clusters.types import Document
from portal.core.digests import digest_of
from portal.core.errors import SlipwayError
from services_catalog.archives import write_folder
from services_catalog.checks import Case, examples
from services_catalog.library import LibraryOffering, LibraryVersion
from services_catalog.reproducibility.differences import differences
from services_catalog.reproducibility.reports import Place, Reproducibility, Status
from services_catalog.reproducibility.sources import scan

# Raise it when the rule itself changes, so that everything is examined anew.
RULE = 1
ENVIRONMENT = "dev"
AT_ONCE = 2
DEFAULTS: Mapping[str, Any] = {"slug": "", "values": {}}


@dataclass(frozen=True)
class _Set:
    """One set of complete values: made secrets are in it, so that all renderings get the same."""

    name: str
    case: Case
    values: Mapping[str, Any]


def examined_digest(offering: LibraryOffering, version: LibraryVersion) -> str:
    """Over all that an examination looks at; while it stays the same, so does the result."""
    plans = [[plan["slug"], plan.get("values", {})] for plan in version.plans]
    role = offering.fields.get("role", "")
    declared = [[version.marks, version.example]] if version.marks or version.example else []
    return digest_of([RULE, version.chart.digest, plans, version.locked_values, role, *declared])


def examine(offering: LibraryOffering, version: LibraryVersion) -> Reproducibility:
    """Read the templates and render twice with the defaults and with each plan, at two different seconds.

    Runs helm for a second or a few; must not be called inside of a transaction. Raises ChartUnusable.
    """
    digest = examined_digest(offering, version)
    if digest not in KNOWN:
        while len(KNOWN) >= _MOST_KNOWN:
            KNOWN.pop(next(iter(KNOWN)), None)
        KNOWN[digest] = replace(_examine(offering, version), examined=digest)
    return KNOWN[digest]


# Content-addressed, so it holds for every database that this process sees, and in other processes too.
KNOWN: dict[str, Reproducibility] = {}
_MOST_KNOWN = 256


def _examine(offering: LibraryOffering, version: LibraryVersion) -> Reproducibility:
    sources = scan(version.chart.files)
    before = Reproducibility(Status.MAY_VARY if sources else Status.STABLE, sources)
    sets = list(_sets(offering, version))
    with tempfile.TemporaryDirectory(prefix="slipway-examine-") as directory:
        folder = Path(directory) / version.chart.name
        write_folder(version.chart.files, folder)
        rounds = _rounds(folder, sets, before)
    rendered = [each for each, first in zip(sets, rounds[0], strict=True) if first]
    places = [
        place
        for other in rounds[1:]
        for each, one, two in zip(sets, rounds[0], other, strict=True)
        for place in _places(each.name, one, two)
    ]
    return replace(
        before,
        status=Status.VARIES if places else before.status,
        places=tuple(dict.fromkeys(places)),
        rendered=tuple(each.name for each in rendered),
    )


def _sets(offering: LibraryOffering, version: LibraryVersion) -> Iterator[_Set]:
    """Defaults and plans, bare and with the chart's own examples, since what must be given has no default."""
    for plan in (DEFAULTS, *version.plans):
        for example in ("", *examples(version)):
            case = Case(offering, version, plan, example, ENVIRONMENT)
            try:
                composed = case.values()
            except SlipwayError:
                continue  # the chart's schema refuses it, so nobody can ask for it either
            name = f"plan {plan['slug']}" if plan["slug"] else "defaults"
            yield _Set(f"{name}, {example}" if example else name, case, composed)


Round = Sequence[tuple[Document, ...] | None]


def _rounds(folder: Path, sets: Sequence[_Set], known: Reproducibility) -> list[Round]:
    """Every set rendered several times; the last time as an upgrade where the chart can tell. Sets of the
    same values are rendered together: a plan that sets nothing is as the defaults are."""
    keys = [digest_of([each.values, str(each.case.target)]) for each in sets]
    distinct = dict(zip(keys, sets, strict=True))

    def one(each: _Set, is_upgrade: bool) -> tuple[Document, ...] | None:
        try:
            target = each.case.target
            return render(
                folder, target=target, values=each.values, is_upgrade=is_upgrade, binary=settings.SLIPWAY_HELM
            ).documents
        except ChartDoesNotRender:
            return ()
        except RenderLimitExceeded:
            return None  # that may be the machine's doing

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="examine") as pool:
        upgrades = [False] * known.renderings + [True] * known.uses("release")
        rounds = [list(pool.map(lambda each: one(each, False), distinct.values()))]
        if known.uses("clock"):
            next_second()
        jobs = [(each, is_upgrade) for is_upgrade in upgrades[1:] for each in distinct.values()]
        rest = list(pool.map(lambda job: one(*job), jobs))
    size = len(distinct) or 1
    rounds += [rest[start : start + size] for start in range(0, len(rest), size)]
    found = [dict(zip(distinct, each, strict=True)) for each in rounds]
    return [[each[key] for key in keys] for each in found]


def next_second() -> None:
    """Wait until the wall clock shows another second: helm's `now` cannot be set."""
    time.sleep(1.01 - time.time() % 1)


def _places(name: str, one: tuple[Document, ...] | None, two: tuple[Document, ...] | None) -> Iterator[Place]:
    if one is not None and two is not None:
        for each in differences(one, two):
            yield Place(name, str(each.key), each.path)
