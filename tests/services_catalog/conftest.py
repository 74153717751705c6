"""The real library, read from its files; and the same in the database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from services_catalog import library
from services_catalog.models import OfferingVersion, Plan
from services_catalog.selectors import plan_for, version_for
from services_catalog.sync import sync
from tests.fixtures import examined

CONTEXT = {
    "application.slug": "storefront",
    "application.name": "Storefront",
    "environment.slug": "dev",
    "team.slug": "shop",
    "namespace": "storefront-dev",
    "release": "storefront-web",
}
IMAGE = {"repository": "registry.example.com/shop/storefront", "tag": "1.4.2"}


@pytest.fixture(scope="session")
def offerings():
    return library.read(Path(settings.SLIPWAY_LIBRARY_DIR))


@pytest.fixture
def catalog(db):
    with examined.shared():
        sync()


@pytest.fixture
def web(catalog) -> OfferingVersion:
    return version_for("web-service")


@pytest.fixture
def small(web) -> Plan:
    return plan_for(web)


@pytest.fixture
def postgresql(catalog) -> OfferingVersion:
    return version_for("postgresql")


@pytest.fixture
def library_copy(tmp_path) -> Path:
    """The library and its charts, to be changed by a test; gives the folder of the library's files."""
    source = Path(settings.SLIPWAY_LIBRARY_DIR)
    shutil.copytree(source.parent / "charts", tmp_path / "charts")
    shutil.copytree(source, tmp_path / "library")
    return tmp_path / "library"
