"""A pytest plugin: keep only the tests that use the database (for a second run on another one)."""

from __future__ import annotations

import pytest

_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_serialized_rollback",
    "live_server",
    "admin_client",
    "admin_user",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what neither is marked `django_db` nor asks for one of pytest-django's database fixtures."""
    kept = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
    items[:] = kept


def _uses_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(
        _FIXTURES.intersection(getattr(item, "fixturenames", ()))
    )
