"""Fixtures of the whole suite."""

pytest_plugins = [
    "tests.fixtures.cluster",
    "tests.fixtures.organisation",
    "tests.fixtures.outside",
    "tests.fixtures.policies",
    "tests.fixtures.portal",
    "tests.fixtures.trail",
    # last: what it imports is rewritten by then
    "tests.fixtures.guard",
]
