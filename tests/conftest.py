"""Fixtures of the whole suite."""

pytest_plugins = [
    "tests.fixtures.cluster",
    "tests.fixtures.guard",
    "tests.fixtures.organisation",
    "tests.fixtures.outside",
    "tests.fixtures.policies",
    "tests.fixtures.portal",
]
