"""Whether a chart renders the same each time; docs/gate.md states the rule.

`templates` reads Go templates, `sources` finds what in them may differ, `differences` compares renderings,
`examination` puts it together when a version enters the catalog, `standing` says it again at a request.
"""

from services_catalog.reproducibility.differences import Difference, differences
from services_catalog.reproducibility.examination import examine, examined_digest
from services_catalog.reproducibility.reports import Place, Reproducibility, Status
from services_catalog.reproducibility.sources import Kind, Source
from services_catalog.reproducibility.standing import refusal, standing

__all__ = [
    "Difference",
    "Kind",
    "Place",
    "Reproducibility",
    "Source",
    "Status",
    "differences",
    "examine",
    "examined_digest",
    "refusal",
    "standing",
]
