"""docs/catalog.md names everything that an author may write."""

from __future__ import annotations

import re

import pytest

from services_catalog import schemas, values
from services_catalog.library_format import LIBRARY_SCHEMA, PLAN, VERSION
from tests import tools

TEXT = (tools.ROOT / "docs" / "catalog.md").read_text()
KEYWORDS = [
    value for value in vars(schemas).values() if isinstance(value, str) and value.startswith("x-slipway-")
]
FIELDS = [*LIBRARY_SCHEMA["properties"], *VERSION["properties"], *PLAN["properties"]]


@pytest.mark.parametrize("word", sorted({*FIELDS, *schemas.CONTEXT_NAMES, *values.ALPHABETS}))
def test_every_field_and_name_is_documented(word):
    assert f"`{word}`" in TEXT


def test_every_keyword_is_documented_and_no_other():
    assert {match.rstrip(":") for match in re.findall(r"x-slipway-[a-z]+", TEXT)} == set(KEYWORDS)


def test_our_charts_use_no_keyword_that_does_not_exist():
    for file in (tools.ROOT / "services_catalog" / "charts").glob("*/*/values.schema.json"):
        assert set(re.findall(r"x-slipway-[a-z-]+", file.read_text())) <= set(KEYWORDS), file


def test_every_offering_of_the_library_is_named(offerings):
    assert all(f"`{offering.slug}`" in TEXT for offering in offerings)
