"""The catalog's nouns, one a file."""

from services_catalog.models.chart_archive import ChartArchive
from services_catalog.models.offering import Lifecycle, Offering, Role
from services_catalog.models.offering_version import OfferingVersion, VersionStatus
from services_catalog.models.plan import Plan

__all__ = ["ChartArchive", "Lifecycle", "Offering", "OfferingVersion", "Plan", "Role", "VersionStatus"]
