"""The fleet's versions as lines: of the API's pages, and of the file that is taken away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import fleet
from portal.lifecycle.selectors.fleet import Behind

CHUNK = 1000
COLUMNS = (
    "instance",
    "name",
    "offering",
    "application",
    "team",
    "environment",
    "version",
    "state",
    "versions_behind",
    "days_behind",
    "newest",
    "retires_on",
)


def lines(instances: Iterable[ServiceInstance]) -> list[dict[str, Any]]:
    """One query for however many; each instance must have a release."""
    found = list(instances)
    known = fleet.standing(instance.offering_id for instance in found)
    return [line(instance, known) for instance in found]


def line(instance: ServiceInstance, known: dict[int, Behind]) -> dict[str, Any]:
    release = instance.current_release
    if release is None:
        raise ValueError("what never ran runs no version")
    behind = known[release.offering_version_id]
    return {
        "instance": instance.pk,
        "name": instance.name,
        "offering": instance.offering.slug,
        "application": instance.application.slug,
        "team": instance.application.team.slug,
        "environment": instance.environment.slug,
        "version": behind.version.version,
        "state": behind.state,
        "versions_behind": behind.versions,
        "days_behind": behind.days,
        "newest": behind.newest,
        "retires_on": behind.version.retires_on,
    }


def comma_separated(rows: QuerySet[ServiceInstance]) -> Iterator[str]:
    """Read in parts, so that a large fleet is never in memory as a whole."""
    yield _written([COLUMNS])
    walk = rows.iterator(chunk_size=CHUNK)
    while part := list(islice(walk, CHUNK)):
        yield _written([each[name] for name in COLUMNS] for each in lines(part))


def _written(cells: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([["" if cell is None else cell for cell in row] for row in cells])
    return text.getvalue()
