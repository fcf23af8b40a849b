"""Texts as lines of a box: what was not touched stays to the letter, and what was not shown stays at all."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.ui.router.lines import edited, line_of, texts_of

TEXTS = st.lists(st.text(st.sampled_from("ab ⏎\n\r\\\t"), max_size=5).filter(str.strip), max_size=6)
WORDS = st.lists(st.sampled_from("abcde"), max_size=6)


@given(TEXTS)
def test_a_box_that_nobody_touched_gives_back_the_very_texts(texts):
    texts = [text for text in texts if line_of(text)]
    assert texts_of("\n".join(map(line_of, texts)), texts) == tuple(texts)


def test_a_line_is_one_text_and_blank_lines_are_none():
    assert texts_of("one\n\n  two words \r\nre: a{2}\\b\n", ()) == ("one", "two words", "re: a{2}\\b")


def test_a_break_inside_a_text_is_a_sign_and_comes_back_as_a_break():
    assert line_of("def f():\n    return 1") == "def f():⏎    return 1"
    assert texts_of("def f():⏎    return 2", ()) == ("def f():\n    return 2",)


@pytest.mark.parametrize(
    ("now", "shown", "written", "expected"),
    [
        (("a", "b"), ("a", "b"), ("b", "a"), ("b", "a")),  # all was shown: the order is as written
        (("a", "b", "c"), ("a", "b"), ("a", "x"), ("a", "x", "c")),  # a page of it
        (("a", "b", "new"), ("a", "b"), ("b", "c"), ("b", "c", "new")),  # another tab added `new` meanwhile
        (("b",), ("a", "b"), ("b", "c"), ("b", "c")),  # another tab removed `a` meanwhile
        (("a", "a", "b"), ("a", "a"), ("a",), ("a", "b")),
        (("x", "a"), ("a",), (), ("x",)),
    ],
)
def test_an_edit_touches_what_was_shown(now, shown, written, expected):
    assert edited(now, shown, written) == expected


@given(WORDS, WORDS, st.data())
def test_what_was_not_shown_stays_in_its_order(before, written, data):
    start = data.draw(st.integers(0, len(before)))
    stop = data.draw(st.integers(start, len(before)))
    made = edited(before, before[start:stop], written)
    if (start, stop) != (0, len(before)):
        assert Counter(made) == Counter([*before[:start], *written, *before[stop:]])
    else:
        assert made == tuple(written)


@given(WORDS, WORDS)
def test_the_same_edit_twice_is_the_same_edit(shown, written):
    once = edited(shown, shown, written)
    assert edited(once, once, written) == once
