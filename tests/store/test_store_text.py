"""What can be stored as text, and what repair makes of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import StoreError
from lab.store.text import check_text, check_texts, is_storable, repair_text

anything = st.text(st.characters(exclude_categories=()) | st.sampled_from("\x00\ud83d\ude00\udfff"))


@pytest.mark.parametrize(
    ("text", "repaired", "put"),
    [
        ("plain", "plain", False),
        ("a\x00b", "a\ufffdb", True),
        ("a\ud83d", "a\ufffd", True),
        ("\ude00\ud83d", "\ufffd\ufffd", True),
        ("\ud83d\ude00", "\U0001f600", False),
        ("\ud83d\ud83d\ude00", "\ufffd\U0001f600", True),
    ],
)
def test_repair_puts_the_replacement_character_and_joins_pairs(text: str, repaired: str, put: bool) -> None:
    assert repair_text(text) == (repaired, put)


@given(anything)
def test_repaired_text_can_be_stored_and_is_left_alone(text: str) -> None:
    repaired, _ = repair_text(text)
    assert is_storable(repaired)
    assert repaired.encode("utf-8").decode("utf-8") == repaired
    assert repair_text(repaired) == (repaired, False)


@given(anything)
def test_what_can_be_stored_is_never_changed(text: str) -> None:
    if is_storable(text):
        assert repair_text(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "says"), [("ab\x00", "NUL character at position 2"), ("é\udc80", "U\\+DC80.*position 1")]
)
def test_the_refusal_names_what_and_where(text: str, says: str) -> None:
    with pytest.raises(StoreError, match=f"The prompt holds .*{says}"):
        check_text(text, "The prompt")


@pytest.mark.parametrize("value", [{"a": ["x", ("y\x00",)]}, {"k\x00": 1}])
def test_strings_are_found_inside_trees(value: object) -> None:
    with pytest.raises(StoreError, match="The options holds a NUL"):
        check_texts(value, "The options")
    check_texts({"a": [1, None, 2.5, True, "fine"]}, "The options")
