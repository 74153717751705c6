"""Form → values → form loses nothing, for whatever values and every version of the library; and what is wrong
is said at its field, in the same words in the form, beside the YAML and by the API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from portal.core import pointers
from portal.core.documents import dump_yaml, load_mapping
from portal.core.errors import ValidationFailed
from portal.core.pointers import ABSENT, parse
from services_catalog import checks, library, values
from services_catalog.coalescing import alike, merge
from services_catalog.forms import errors_by_field, flat, form_fields, located, parse_form, short_fields
from services_catalog.models import OfferingVersion, Plan
from tests.services_catalog import some_values
from tests.services_catalog.browser_form import submission
from tests.services_catalog.conftest import CONTEXT

LIBRARY = library.read(Path(django_settings.SLIPWAY_LIBRARY_DIR))
VERSIONS = [(offering.slug, version) for offering in LIBRARY for version in offering.versions]
OFTEN = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(
    params=VERSIONS, ids=[f"{slug}-{version.number}" for slug, version in VERSIONS], scope="module"
)
def model(request) -> tuple[OfferingVersion, Plan]:
    version = request.param[1]
    return checks.model_of(version), Plan(values=version.plans[0].get("values", {}))


@pytest.fixture(scope="module")
def some(model) -> st.SearchStrategy[dict[str, Any]]:
    """Values that the version's schema accepts."""
    return some_values.valid(model[0].values_schema, model[0].values_schema)


@pytest.fixture(scope="module")
def wrong(model) -> st.SearchStrategy[tuple[tuple[str, ...], Any]]:
    return some_values.wrong(model[0].values_schema, model[0].values_schema)


def test_the_whole_library_is_tried():
    assert {slug for slug, _ in VERSIONS} >= {"namespace", "web-service", "worker", "postgresql", "redis"}


def test_a_form_that_nobody_touched_wishes_for_nothing(model):
    fields = form_fields(*model)
    assert parse_form(fields, submission(fields)) == {}


@OFTEN
@given(data=st.data())
def test_valid_values_come_back_from_a_browser_as_they_were(model, some, data):
    version, plan = model
    wishes = _free_of_locks(model, data.draw(some))
    assert_comes_back(version, plan, wishes)


@OFTEN
@given(data=st.data())
def test_the_short_form_changes_nothing_that_it_does_not_show(model, some, data):
    version, plan = model
    wishes = _free_of_locks(model, data.draw(some))
    fields = form_fields(version, plan, wishes)
    kept = parse_form(fields, submission(short_fields(fields, version.short_form)))
    assert_same(version, plan, kept, wishes)


@OFTEN
@given(data=st.data())
def test_what_is_wrong_is_said_at_its_field_in_one_wording(model, wrong, data):
    version, plan = model
    path, value = data.draw(wrong)
    wishes = some_values.put({}, path, value)
    try:
        values.compose(version, plan, wishes, CONTEXT)
    except ValidationFailed as refused:
        errors = [error for error in refused.errors if error["code"] not in {"plan", "locked", "context"}]
    else:
        errors = []
    assume(errors)
    fields = form_fields(version, plan, wishes)
    placed = errors_by_field(fields, errors)
    known = {field.path for field in flat(fields)}
    for error in errors:
        shown_at = [place for place, messages in placed.items() if error["message"] in messages]
        assert any(is_at(place, error["path"], known) for place in shown_at), (error, placed)
    text = dump_yaml(wishes)
    lines = text.splitlines()
    for line in located(text, errors):
        assert line.message in {error["message"] for error in errors if error["path"] == line.path}
        parts = parse(line.path)
        held = next(
            end for end in range(len(parts), -1, -1) if pointers.get(wishes, parts[:end]) is not ABSENT
        )
        assert held == 0 or parts[held - 1].isdecimal() or parts[held - 1] in lines[line.line - 1]


def is_at(place: str, path: str, known: set[str]) -> bool:
    """The field itself, or what holds it; in a map the row stands for the key."""
    of_a_map = re.sub(r"/\d+/(key|value)(/.*)?$", "", place)
    return (
        place == path or (place == "" and path not in known) or path.startswith((place + "/", of_a_map + "/"))
    )


def assert_comes_back(version: OfferingVersion, plan: Plan | None, wishes: dict[str, Any]) -> None:
    fields = form_fields(version, plan, wishes)
    sent = submission(fields)
    kept = parse_form(fields, sent)
    assert_same(version, plan, kept, wishes)
    again = form_fields(version, plan, kept)
    assert alike(parse_form(again, submission(again)), kept)
    assert alike(load_mapping(dump_yaml(kept)), kept)


def assert_same(
    version: OfferingVersion, plan: Plan | None, kept: dict[str, Any], wishes: dict[str, Any]
) -> None:
    base = values.base_values(version, plan)
    assert alike(pruned(merge(base, kept)), pruned(merge(base, wishes))), (kept, wishes)


def pruned(value: Any) -> Any:
    """Without mappings that hold nothing: they set nothing."""
    if not isinstance(value, dict):
        return value
    inner = {key: pruned(each) for key, each in value.items()}
    return {key: each for key, each in inner.items() if each != {}}


def _free_of_locks(model: tuple[OfferingVersion, Plan], wishes: dict[str, Any]) -> dict[str, Any]:
    """Without what the plan or the platform decides: the form shows it and does not ask."""
    version, plan = model
    locked = {field.path for field in flat(form_fields(version, plan, wishes)) if field.locked_by}

    def strip(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return value
        places = {key: pointers.pointer((key,)) for key in value}
        return {
            key: strip(each, path + places[key])
            for key, each in value.items()
            if path + places[key] not in locked
        }

    stripped: dict[str, Any] = strip(wishes, "")
    return stripped
