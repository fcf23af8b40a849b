"""Layer 2: cosines to utterances, aggregated, the same to the bit however they are computed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import ToyEncoder

from lab.errors import PromptError
from lab.routing.semantic import SemanticStrategy, on_grid
from lab.types import NONE, Expert, Layer, RouterConfig

# In the plane: an angle in degrees and its cosine to "east" (0°).
PLANE = {
    "east": (1, 0),
    "north": (0, 1),
    "west": (-1, 0),
    "three-four": (3, 4),  # cosine 0.6 to east, 0.8 to north
    "four-three": (4, 3),  # cosine 0.8 to east, 0.6 to north
    "five-twelve": (5, 12),  # cosine 5/13 to east
}


def strategy(*experts: Expert, **options: object) -> SemanticStrategy:
    config = RouterConfig("semantic", experts, **{"fallback": NONE, **options})
    return SemanticStrategy(config, ToyEncoder(PLANE)).fit()


def test_max_is_the_nearest_utterance():
    router = strategy(Expert("a", utterances=("west", "three-four", "four-three")), Expert("b", utterances=("north",)))
    assert router.score(["east", "north"]).tolist() == [[0.8, 0.0], [0.8, 1.0]]


@pytest.mark.parametrize(
    ("top_k", "expected"),
    [
        (1, 0.8),
        (2, 0.7),  # (0.8 + 0.6) / 2
        (3, 0.133333),  # (0.8 + 0.6 - 1) / 3
        (4, 0.133333),  # more than there are: all of them
        (1000, 0.133333),
    ],
)
def test_mean_top_k_is_the_mean_of_the_k_nearest(top_k, expected):
    utterances = ("three-four", "west", "four-three")
    router = strategy(Expert("a", utterances=utterances), aggregate="mean_top_k", top_k=top_k)
    assert router.score(["east"]).tolist() == [[expected]]


def test_mean_top_k_counts_each_experts_own_utterances():
    experts = (Expert("a", utterances=("four-three", "three-four")), Expert("b", utterances=("five-twelve",)))
    router = strategy(*experts, aggregate="mean_top_k", top_k=2)
    assert router.score(["east"]).tolist() == [[0.7, 0.384615]]  # 5/13


def test_centroid_is_the_cosine_to_the_normalised_mean():
    # east + north, halved: (0.5, 0.5), of length 1/√2; its cosine to east is 1/√2, where the plain mean gives 0.5
    router = strategy(Expert("a", utterances=("east", "north")), aggregate="centroid")
    assert router.score(["east"]).tolist() == [[0.707107]]
    # 3-4 and 4-3 have the mean (0.7, 0.7): the diagonal again
    router = strategy(Expert("a", utterances=("three-four", "four-three")), aggregate="centroid")
    assert router.score(["east", "north"]).tolist() == [[0.707107], [0.707107]]


def test_utterances_that_cancel_out_have_a_centroid_of_zeros_and_score_zero():
    router = strategy(
        Expert("a", utterances=("east", "west")), Expert("b", utterances=("north",)), aggregate="centroid"
    )
    assert router.score(["east", "north"]).tolist() == [[0.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("aggregate", ["max", "mean_top_k", "centroid"])
def test_an_expert_without_utterances_has_no_score(aggregate):
    experts = (Expert("a"), Expert("b", utterances=("north", "north")), Expert("c"))
    scores = strategy(*experts, aggregate=aggregate, fallback="a").score(["north"])
    assert np.isnan(scores).tolist() == [[True, False, True]]
    assert scores[0, 1] == 1.0


@pytest.mark.parametrize("aggregate", ["max", "mean_top_k", "centroid"])
def test_no_prompts_have_no_scores(aggregate):
    router = strategy(Expert("a", utterances=("east", "north")), Expert("b"), aggregate=aggregate, fallback="b")
    assert router.score([]).shape == (0, 2)


def test_nobody_has_a_score_where_nobody_has_utterances():
    assert np.isnan(strategy(Expert("a"), Expert("b")).score(["east"])).tolist() == [[True, True]]


def test_a_decision_carries_score_margin_and_the_time_of_its_stages():
    router = strategy(Expert("a", utterances=("east",)), Expert("b", utterances=("north",)), threshold=0.8)
    decision = router.decide("four-three")
    assert (decision.expert, decision.layer, decision.score, decision.margin) == ("a", Layer.SEMANTIC, 0.8, 0.2)
    assert decision.matches == ()
    assert decision.timings.keyword_ms is None
    assert decision.timings.encode_ms > 0
    assert decision.timings.score_ms > 0
    assert decision.timings.overhead_ms == decision.timings.encode_ms + decision.timings.score_ms


def test_below_the_threshold_nobody_claims():
    router = strategy(Expert("a", utterances=("east",)), Expert("b", utterances=("north",)), threshold=0.800001)
    decision = router.decide("four-three")
    assert (decision.expert, decision.layer, decision.score, decision.margin) == (NONE, Layer.FALLBACK, 0.8, 0.2)


def test_a_bad_prompt_is_refused_before_it_is_encoded():
    router = strategy(Expert("a", utterances=("east",)))
    before = router.encoder.encoded
    with pytest.raises(PromptError):
        router.decide("  ")
    assert router.encoder.encoded == before


def test_a_repeated_prompt_is_decided_alike_without_encoding_it_again():
    router = strategy(Expert("a", utterances=("east",)), Expert("b", utterances=("north",)))
    first = router.decide("four-three")
    before = router.encoder.encoded
    again = router.decide(first.prompt)
    assert router.encoder.encoded == before
    assert (again.expert, again.layer, again.score, again.margin) == ("a", Layer.SEMANTIC, 0.8, 0.2)
    assert again.timings.encode_cached
    assert not first.timings.encode_cached


# ------------------------------------------------------------------------------------- the same, to the bit


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 7, 64, 384]), st.data())
def test_scores_are_the_same_alone_in_a_batch_and_in_any_order(seed, dim, data):
    random = np.random.default_rng(seed)
    aggregate = data.draw(st.sampled_from(["max", "mean_top_k", "centroid"]))
    counts = data.draw(st.lists(st.integers(0, 9), min_size=2, max_size=4).filter(any))
    prompts = [f"p{number}" for number in range(data.draw(st.integers(1, 40)))]
    names = [[f"e{index}-{number}" for number in range(count)] for index, count in enumerate(counts)]
    vectors = {text: random.normal(size=dim) for text in (*prompts, *sum(names, []))}  # noqa: RUF017  a few
    encoder = ToyEncoder(vectors)

    def scores(routes: list[list[str]], asked: list[str]) -> dict[str, list[bytes]]:
        experts = tuple(Expert(str(index), utterances=tuple(route)) for index, route in enumerate(routes))
        config = RouterConfig("semantic", experts, fallback=NONE, aggregate=aggregate, top_k=3)
        found = SemanticStrategy(config, encoder).fit().score(asked)
        return {prompt: row.tobytes() for prompt, row in zip(asked, found, strict=True)}

    batch = scores(names, prompts)
    shuffled = [prompts[index] for index in random.permutation(len(prompts))]
    turned = [[route[index] for index in random.permutation(len(route))] for route in names]
    assert scores(names, shuffled) == batch
    assert scores(turned, prompts) == batch
    alone = prompts[int(random.integers(len(prompts)))]
    assert scores(names, [alone])[alone] == batch[alone]


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 64, 384, 1024]))
def test_cosines_on_the_grid_are_exact(seed, dim):
    # whole multiples of 2^-24, so the products and sums of whole numbers say what the cosine is
    vectors = np.random.default_rng(seed).normal(size=(2, dim))
    one, other = on_grid(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    whole = [(int(a * 2**24), int(b * 2**24)) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert [(a / 2**24, b / 2**24) for a, b in whole] == list(zip(one.tolist(), other.tolist(), strict=True))
    assert float(one @ other) == sum(a * b for a, b in whole) / 2**48


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 64, 384]))
def test_scores_lie_between_minus_one_and_one_and_have_six_decimals(seed, dim):
    random = np.random.default_rng(seed)
    vectors = {name: random.normal(size=dim) for name in ("u", "v")}
    vectors |= {"same": vectors["u"], "opposite": -vectors["u"]}
    config = RouterConfig("semantic", (Expert("a", utterances=("u",)), Expert("b", utterances=("v", "u"))), NONE)
    scores = SemanticStrategy(config, ToyEncoder(vectors)).fit().score(["same", "opposite", "v"])
    assert ((scores >= -1) & (scores <= 1)).all()
    assert scores[0].tolist() == [1.0, 1.0]
    assert scores[1, 0] == -1.0
    assert all(math.isclose(value, round(value, 6), abs_tol=1e-15) for value in scores.ravel())
