"""The catalog's nouns, one a file."""

from services_catalog.models.chart_archive import ChartArchive
from services_catalog.models.chart_source import ChartSource, SourceKind, SyncOutcome
from services_catalog.models.offering import Lifecycle, Offering, Role
from services_catalog.models.offering_version import OfferingVersion, VersionStatus
from services_catalog.models.plan import Plan
from services_catalog.models.source_version import Provenance, SourceVersion, SourceVersionState

__all__ = [
    "ChartArchive",
    "ChartSource",
    "Lifecycle",
    "Offering",
    "OfferingVersion",
    "Plan",
    "Provenance",
    "Role",
    "SourceKind",
    "SourceVersion",
    "SourceVersionState",
    "SyncOutcome",
    "VersionStatus",
]
