"""What strangers send is bounded."""

import pytest

from portal.core import documents
from portal.core.errors import InvalidInput, TooLarge


def test_a_yaml_bomb_is_refused_before_it_unfolds():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    with pytest.raises(InvalidInput, match="aliases are not accepted"):
        documents.load_yaml(bomb)


def test_ten_megabytes_are_refused_unread():
    with pytest.raises(TooLarge, match="10,485,76"):
        documents.load_yaml("x" * 10 * 1024 * 1024)


def test_deep_nesting_is_refused():
    with pytest.raises(TooLarge, match="nested more than"):
        documents.load_yaml("[" * 100 + "]" * 100)


def test_deep_json_is_refused_without_recursion():
    value: list = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(TooLarge):
        documents.check_json(value)


def test_broken_yaml_names_the_line():
    with pytest.raises(InvalidInput, match="Line 3") as caught:
        documents.load_yaml("a: 1\nb: [1, 2\nc: 3")
    assert caught.value.details["line"] >= 2


@pytest.mark.parametrize("text", ["- 1", "just text", "3"])
def test_values_must_be_a_mapping(text):
    with pytest.raises(InvalidInput, match="must be a mapping"):
        documents.load_mapping(text)


def test_a_key_that_yaml_turned_into_something_else_is_named():
    with pytest.raises(InvalidInput, match="quotes"):
        documents.load_mapping("on: 1")


def test_nothing_is_an_empty_mapping():
    assert documents.load_mapping("") == {}


def test_python_objects_are_not_made():
    with pytest.raises(InvalidInput):
        documents.load_yaml("!!python/object/apply:os.system ['true']")
