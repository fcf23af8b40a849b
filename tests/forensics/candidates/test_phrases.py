"""Phrases: cut as layer 1 reads text, in any script, and shortlisted where they say something."""

from __future__ import annotations

import pytest
from doubles import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.candidates.phrases import phrases, says_something, shortlist
from lab.forensics.rules.hits import nothing
from lab.routing import build
from lab.types import Expert, RouterConfig


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bake  the Bread!", ["bake", "bake the", "bake the bread", "the", "the bread", "bread"]),
        ("oven, bread", ["oven", "bread"]),  # a comma stands between
        ("don’t apt-get", ["don't", "don't apt", "don't apt-get", "apt", "apt-get", "get"]),
        ("C++ in C#", ["c++", "c++ in", "c++ in c#", "in", "in c#", "c#"]),
        ("STRASSE straße", ["strasse", "strasse strasse", "strasse"]),
        ("हिन्दी में", ["हिन्दी", "हिन्दी में", "में"]),  # marks belong to the word
        ("料理人", ["料理", "料理人", "理人"]),  # no spaces between words
        ("", []),
    ],
)
def test_phrases_are_cut_as_layer_1_reads(text, expected):
    assert list(phrases(text)) == expected


@given(st.text("abZé'’.-+#1 \n料理ßи\u0301", max_size=30))
def test_every_phrase_of_a_text_matches_it_as_a_pattern(text):
    found = sorted(set(phrases(text)))
    matched = {match.pattern for match in build(pattern_router(found), WordEncoder()).decide("x " + text).matches}
    assert matched == set(found)


def pattern_router(patterns: list[str]) -> RouterConfig:
    return RouterConfig("keyword", (Expert("a", patterns=tuple(patterns)),), "a")


@pytest.mark.parametrize("phrase", ["the", "how do i", "can't you", "x", "42", "2 of the", "bitte nicht", "s"])
def test_stop_words_numbers_and_letters_alone_are_no_patterns(phrase):
    assert not says_something(phrase)


@pytest.mark.parametrize("phrase", ["bread", "the bread", "c++ in", "mp3", "料理", "bill"])
def test_a_word_of_content_makes_a_pattern(phrase):
    assert says_something(phrase)


def test_a_shortlist_is_bounded_and_begins_with_the_most_promising():
    prompts = ["soup soup", "soup leek", "soup leek", "soup leek", "plain"]
    found = shortlist(prompts, ["a"] * 4 + ["b"], [True] * 4 + [False], frozenset(), 2, nothing)
    assert found == [("a", "soup"), ("a", "leek")]
    assert shortlist(prompts, ["a"] * 5, [True] * 5, frozenset({"soup", "soup leek"}), 9, nothing) == [("a", "leek")]
