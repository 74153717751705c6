"""Fixtures of the whole suite."""

pytest_plugins = [
    # first and last: what they import is rewritten by then
    "tests.fixtures.snapshots",
    "tests.fixtures.cluster",
    "tests.fixtures.organisation",
    "tests.fixtures.outside",
    "tests.fixtures.policies",
    "tests.fixtures.portal",
    "tests.fixtures.trail",
    "tests.fixtures.webhook",
    "tests.fixtures.guard",
    "tests.fixtures.helm_repository",
    "tests.fixtures.oci_registry",
    "tests.fixtures.git_server",
]
