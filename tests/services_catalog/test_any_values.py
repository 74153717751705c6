"""Whatever anybody sends, composing ends in values or in ValidationFailed, and no form loses a part of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.errors import ValidationFailed
from portal.core.masking import MASK
from services_catalog import checks, values
from services_catalog.forms import form_fields, parse_form
from services_catalog.models import Plan
from services_catalog.schemas import places
from tests.services_catalog.conftest import CONTEXT

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "x", "30", "true", "a: [", "& b", MASK, "1.4.2", "é\n", "-"]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "0", "x/y", "~"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def wishes_for(schema) -> st.SearchStrategy:
    """Anything at places that the schema knows, some that it does not, and whole sections replaced."""
    known = sorted({place.path for place in places(schema) if place.path and "*" not in place.path})
    place = st.sampled_from([*known, ("nonsense",), ("image", "nonsense")])
    return st.lists(st.tuples(place, ANYTHING), max_size=4).map(assembled)


def assembled(parts) -> dict:
    result: dict = {}
    for path, value in parts:
        for name in reversed(path):
            value = {name: value}
        result = values.merge(result, value)
    return result


OFFERED = [
    "namespace", "web-service", "worker", "postgresql", "redis", "rabbitmq", "kafka-topic", "object-bucket",
]  # fmt: skip


@pytest.fixture(scope="module", params=OFFERED)
def version(request, offerings):
    found = next(each for each in offerings if each.slug == request.param)
    return found.versions[-1]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_composing_gives_values_or_reasons_and_nothing_else(version, data):
    model, plan = checks.model_of(version), Plan(values=version.plans[0].get("values", {}))
    wishes = data.draw(wishes_for(version.values_schema))
    previous = data.draw(st.none() | wishes_for(version.values_schema))
    try:
        composed = values.compose(model, plan, wishes, CONTEXT, previous=previous)
    except ValidationFailed as exc:
        errors = exc.errors
    else:
        assert values.validate(model, composed.values) == []
        assert composed.values.get("password") != MASK
        return
    assert errors
    assert all(error["message"] and error["code"] for error in errors)
    assert all(error["path"] == "" or error["path"].startswith("/") for error in errors)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_form_that_is_not_touched_keeps_everything(version, data):
    model, plan = checks.model_of(version), Plan(values=version.plans[0].get("values", {}))
    wishes = data.draw(wishes_for(version.values_schema))
    fields = form_fields(model, plan, wishes)
    kept = parse_form(fields, {})
    base = values.base_values(model, plan)
    assert pruned(values.merge(base, kept)) == pruned(values.merge(base, without_locked(wishes, fields)))


def without_locked(wishes, fields) -> dict:
    """What the plan or the platform decides has no input: the form leaves it out, as it says beside it."""
    locked = {field.path for field in walk(fields) if field.locked_by and field.kind != "group"}

    def strip(value, path):
        if not isinstance(value, dict):
            return value
        return {
            key: strip(inner, f"{path}/{key}")
            for key, inner in value.items()
            if f"{path}/{key}" not in locked
        }

    return strip(wishes, "")


def pruned(value):
    """Without mappings that hold nothing: they set nothing."""
    if not isinstance(value, dict):
        return value
    inner = {key: pruned(each) for key, each in value.items()}
    return {key: each for key, each in inner.items() if each != {}}


def walk(fields):
    for field in fields:
        yield field
        yield from walk(field.fields)
