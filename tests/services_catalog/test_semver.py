from __future__ import annotations

import random

import pytest

from services_catalog.semver import is_semver, precedence

# https://semver.org, section 11
ORDERED = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.9.0",
    "1.10.0",
    "2.0.0",
]


def test_versions_sort_as_semver_says():
    shuffled = random.Random(1).sample(ORDERED, len(ORDERED))
    assert sorted(shuffled, key=precedence) == ORDERED


def test_build_data_does_not_count():
    assert precedence("1.0.0+a") == precedence("1.0.0+b")


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3 ", "1.2.3\n", "١.٢.٣"]
)
def test_what_is_no_semantic_version_is_refused(text):
    assert not is_semver(text)
    with pytest.raises(ValueError, match="semantic version"):
        precedence(text)
