"""Our charts with each plan and example, rendered as the portal would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from portal.clusters.helm import render
from portal.core.objects import key_of
from services_catalog import checks, library, values
from services_catalog.checks import Case
from tests import tools

OFFERINGS = library.read(Path(settings.SLIPWAY_LIBRARY_DIR))
VERSIONS = [version for offering in OFFERINGS for version in offering.versions]
# each plan and example once: which environment it is changes labels only
CASES = [case for case in checks.cases(OFFERINGS) if case.environment == "dev"]
KUBERNETES = "1.36"
Document = dict[str, Any]
_RENDERED: dict[str, list[Document]] = {}


def name_of(version: Any) -> str:
    return f"{version.chart.name}-{version.number}"


def example_of(case: Case) -> str:
    return Path(case.example).name.removesuffix("-values.yaml")


def rendered(case: Case) -> list[Document]:
    """Sorted, rendered once; not to be changed."""
    if str(case) not in _RENDERED:
        _RENDERED[str(case)] = documents_of(case)
    return _RENDERED[str(case)]


def documents_of(case: Case, **overrides: Any) -> list[Document]:
    composed = values.merge(case.values(), overrides)
    result = render(case.version.folder, target=case.target, values=composed, binary=tools.helm())
    return sorted(result.documents, key=key_of)


def case_of(slug: str, plan: str = "small", example: str = "minimal", environment: str = "dev") -> Case:
    """Of the newest version."""
    return next(
        case
        for case in reversed(list(checks.cases(OFFERINGS)))
        if (case.offering.slug, case.plan["slug"], case.environment) == (slug, plan, environment)
        and example_of(case) == example
    )


def one(documents: list[Document], kind: str, name: str | None = None) -> Document:
    found = [doc for doc in documents if doc["kind"] == kind and name in (None, doc["metadata"]["name"])]
    assert len(found) == 1, (kind, name, [str(key_of(doc)) for doc in documents])
    return found[0]


def some(documents: list[Document], kind: str) -> list[Document]:
    return [document for document in documents if document["kind"] == kind]
