"""Decisions and changes as sentences."""

from __future__ import annotations

import pytest
from doubles import two_experts

from lab.types import NONE, Decision, Flip, Layer, Match, Timings
from lab.ui import wording

CONFIG = two_experts()


def decided(**changes):
    given = {
        "prompt": "lol, entropy",
        "expert": "zoomer",
        "layer": Layer.KEYWORD,
        "score": None,
        "margin": None,
        "matches": (Match("zoomer", "lol", 0, 3),),
        "timings": Timings(keyword_ms=0.02),
        **changes,
    }
    return Decision(**given)


def test_layer_1_names_what_it_matched():
    assert wording.decision(CONFIG, decided()) == ":orange[**zoomer**], layer 1 matched `lol`, 0.02 ms"


def test_layer_2_names_score_and_threshold():
    one = decided(layer=Layer.SEMANTIC, score=0.612, margin=0.1, matches=(), timings=Timings(0.01, 3.9, 0.1))
    assert wording.decision(CONFIG, one) == ":orange[**zoomer**] by layer 2, score 0.612 against 0.500, 4.0 ms"


def test_the_fallback_says_that_the_best_score_was_not_enough():
    one = decided(expert="professor", layer=Layer.FALLBACK, score=0.4, margin=0.1, matches=())
    assert wording.decision(CONFIG, one) == (
        ":blue[**professor**], the fallback: the best score, 0.400, was not enough, 0.02 ms"
    )
    assert wording.refusal(CONFIG, one, "zoomer") == (
        ":orange[**zoomer**] came first in layer 2, but its score 0.400 is below the threshold 0.500."
    )


def test_nobody_is_called_nobody():
    assert ":gray[**nobody**]" in wording.decision(CONFIG, decided(expert=NONE, layer=Layer.FALLBACK, matches=()))


def test_a_conflict_names_both_sides_and_what_followed():
    both = (Match("zoomer", "lol", 0, 3), Match("professor", "entropy", 5, 12))
    one = decided(layer=Layer.SEMANTIC, score=0.6, margin=0.1, matches=both)
    assert wording.why(CONFIG, one) == (
        "Layer 1 matched several experts: :orange[**zoomer**] `lol`; :blue[**professor**] `entropy`. "
        "Conflict: deferred to layer 2."
    )


@pytest.mark.parametrize(
    ("flip", "sentence"),
    [
        (
            Flip("threshold", None, 0.612346, "professor", Layer.FALLBACK),
            "A threshold of **0.612346** or more sends it to the fallback, :blue[**professor**].",
        ),
        (
            Flip("remove_pattern", "zoomer", "lol", "professor", Layer.SEMANTIC),
            "Without the pattern `lol` of :orange[**zoomer**] it goes to :blue[**professor**], by layer 2.",
        ),
        (
            Flip("on_conflict", None, "priority", "professor", Layer.KEYWORD),
            "With conflict policy **priority** it goes to :blue[**professor**], by layer 1.",
        ),
    ],
)
def test_a_flip_is_a_sentence(flip, sentence):
    assert wording.flip(CONFIG, decided(layer=Layer.SEMANTIC, score=0.612345), flip) == sentence


@pytest.mark.parametrize(
    ("value", "words"), [(None, "–"), (0.0214, "0.02 ms"), (4.06, "4.1 ms"), (212.4, "212 ms"), (12_345.0, "12.3 s")]
)
def test_times_have_their_unit(value, words):
    assert wording.ms(value) == words
