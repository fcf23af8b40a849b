"""Near-duplicates among utterances: within an expert and between experts, each pair once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import WordEncoder, two_experts
from hypothesis import given, settings
from hypothesis import strategies as st
from small import WORDS

from lab.forensics.rules import twins as utterance_twins
from lab.forensics.rules.twins import Twins, twins

ENCODER = WordEncoder()


def of(professor, zoomer):
    base = two_experts()
    return replace(
        base,
        experts=(
            replace(base.experts[0], utterances=tuple(professor)),
            replace(base.experts[1], utterances=tuple(zoomer)),
        ),
    )


def test_the_same_words_in_another_order_are_twins_within_and_between_experts():
    config = of(["the sky is blue", "why"], ["is the sky blue", "blue is the sky", "lol"])
    found = twins(config, "zoomer", ENCODER)
    assert (found.n, found.across) == (3, 2)
    assert [(one.utterance, one.other, one.expert) for one in found.nearest] == [
        ("is the sky blue", "blue is the sky", "zoomer"),
        ("is the sky blue", "the sky is blue", "professor"),
        ("blue is the sky", "the sky is blue", "professor"),
    ]
    [one] = {one.cosine for one in twins(config, "professor", ENCODER).nearest if one.cosine < 0.999} or [1.0]
    assert one == pytest.approx(1.0)


def test_unlike_ones_are_none_and_an_expert_without_utterances_has_none():
    config = of([], ["tell me a joke", "so bored"])
    assert twins(config, "zoomer", ENCODER) == Twins(0, 0, ())
    assert twins(config, "professor", ENCODER) == Twins(0, 0, ())


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), max_size=6),
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), max_size=6),
)
def test_they_are_all_pairs_above_the_cosine_however_many_are_compared_at_once(professor, zoomer):
    config = of(professor, zoomer)
    vectors = [*ENCODER.encode(zoomer), *ENCODER.encode(professor)] if zoomer else []
    expected = sum(
        float(vectors[first] @ vectors[second]) >= 0.9
        for first in range(len(zoomer))
        for second in range(first + 1, len(vectors))
    )
    whole = twins(config, "zoomer", ENCODER, above=0.9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utterance_twins, "_CELLS_AT_ONCE", 3)
        piecewise = twins(config, "zoomer", ENCODER, above=0.9)
    assert whole.n == len(whole.nearest) == piecewise.n == len(piecewise.nearest) == expected
    assert whole.across == piecewise.across == sum(one.expert == "professor" for one in whole.nearest)
    assert [one.cosine for one in whole.nearest] == sorted((one.cosine for one in whole.nearest), reverse=True)


def test_all_are_counted_and_the_nearest_kept_where_there_are_too_many():
    config = of([], ["a b c d", "a b c e", "d c b a"])
    found = twins(config, "zoomer", ENCODER, above=0.2, most=1)
    assert (found.n, found.across) == (3, 0)
    [one] = found.nearest
    assert {one.utterance, one.other} == {"a b c d", "d c b a"}
