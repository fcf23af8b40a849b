"""The learned scorer: probabilities by class, the same to the bit however they are computed, stored and read back."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import ToyEncoder

from lab.errors import ConfigError
from lab.routing import build
from lab.routing.check import check_config
from lab.routing.flips import apply_flip
from lab.routing.learned import HEAVIEST, LearnedScorer, pack, unpack
from lab.routing.semantic import on_grid
from lab.store.serialise import config_from_json, config_to_json, dumps
from lab.types import NONE, Expert, Layer, LearnedWeights, RouterConfig

PLANE = {"east": (1, 0), "north": (0, 1), "west": (-1, 0), "south": (0, -1), "4-3": (4, 3)}
A, B = Expert("a", patterns=("4-3",), utterances=("east",)), Expert("b", utterances=("north",))


def weights(classes=("a", "b"), coefficients=((2, 0), (0, 2)), intercepts=None, fingerprint="toy") -> LearnedWeights:
    intercepts = np.zeros(len(classes)) if intercepts is None else np.array(intercepts, dtype=float)
    return pack(classes, np.array(coefficients, dtype=float), intercepts, encoder_fingerprint=fingerprint, rows=9)


def config(learned: LearnedWeights | None = None, **options: object) -> RouterConfig:
    settings_of = {"strategy": "semantic", "experts": (A, B), "fallback": NONE, "threshold": 0.5, "scorer": "learned"}
    return RouterConfig(**{**settings_of, "learned": learned or weights(), **options})


def random_weights(random: np.random.Generator, classes: int, dim: int, length: float) -> LearnedWeights:
    rows = random.normal(size=(classes, dim))
    rows *= length / np.linalg.norm(rows, axis=1, keepdims=True)
    names = [f"e{number}" for number in range(classes)]
    return pack(names, rows, random.normal(size=classes), encoder_fingerprint="toy", rows=1)


def unit(random: np.random.Generator, n: int, dim: int) -> np.ndarray:
    rows = random.normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


# -------------------------------------------------------------------------------------------------- what it says


def test_a_score_is_the_probability_of_the_experts_class():
    # logits 2 and 0: 1 / (1 + e^-2) = 0.880797; logits 1.6 and 1.2 for (4, 3)/5: 1 / (1 + e^-0.4) = 0.598688
    router = build(config(), ToyEncoder(PLANE))
    assert router.score(["east", "4-3"]).tolist() == [[0.880797, 0.119203], [0.598688, 0.401312]]


def test_an_intercept_moves_its_class():
    # logits 2 and log 4 for east: 1 / (1 + 4·e^-2) = 0.648786
    scorer = LearnedScorer(weights(intercepts=(0, math.log(4))), ("a", "b"))
    assert scorer.score_vectors(np.array([[1, 0]], dtype=np.float32)).tolist() == [[0.648786, 0.351214]]


def test_none_takes_probability_away_and_is_nobodys_score():
    learned = weights(("a", NONE, "b"), ((2, 0), (2, 0), (0, 0)))
    scores = LearnedScorer(learned, ("b", "a")).score_vectors(np.array([[1, 0]], dtype=np.float32))
    # e² + e² + 1 = 15.778112; b has 1 of it, a e²
    assert scores.tolist() == [[0.063379, 0.468311]]


def test_an_expert_that_is_no_class_has_no_score():
    scores = LearnedScorer(weights(), ("x", "b", "a")).score_vectors(np.array([[1, 0]], dtype=np.float32))
    assert np.isnan(scores).tolist() == [[True, False, False]]
    assert scores[0, 1:].tolist() == [0.119203, 0.880797]


def test_no_prompts_have_no_scores():
    assert LearnedScorer(weights(), ("a", "b")).score_vectors(np.zeros((0, 2), dtype=np.float32)).shape == (0, 2)


def test_logits_far_apart_neither_overflow_nor_vanish():
    learned = weights(coefficients=((490, 0), (-490, 0)))
    scores = LearnedScorer(learned, ("a", "b")).score_vectors(np.array([[1, 0], [-1, 0]], dtype=np.float32))
    assert scores.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_decision_of_the_learned_scorer_obeys_the_same_rule():
    router = build(config(threshold=0.6), ToyEncoder(PLANE))
    claimed, left = router.decide("east"), router.decide("4-3")
    assert (claimed.expert, claimed.layer, claimed.score, claimed.margin) == ("a", Layer.SEMANTIC, 0.880797, 0.761594)
    assert (left.expert, left.layer, left.score, left.margin) == (NONE, Layer.FALLBACK, 0.598688, 0.197376)


def test_a_repeated_prompt_is_not_encoded_again():
    router = build(config(), ToyEncoder(PLANE))
    first = router.decide("4-3")
    before = router.encoder.encoded
    again = router.decide("4-3")
    assert (again.score, again.expert, router.encoder.encoded) == (first.score, first.expert, before)


# ------------------------------------------------------------------------------------- the same, to the bit


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 7, 64, 384]), st.integers(2, 30), st.integers(1, 40))
def test_probabilities_are_the_same_alone_in_a_batch_and_in_any_order(seed, dim, classes, n):
    random = np.random.default_rng(seed)
    learned = random_weights(random, classes, dim, float(random.choice([0.1, 5.0, 60.0, 490.0])))
    vectors = unit(random, n, dim)
    scorer = LearnedScorer(learned, learned.classes)
    batch = bits(scorer, vectors)

    order = random.permutation(n)
    assert bits(scorer, vectors[order]) == [batch[index] for index in order]

    alone = int(random.integers(n))
    assert bits(scorer, vectors[alone : alone + 1]) == [batch[alone]]

    coefficients, intercepts = unpack(learned)
    turn, way = random.permutation(classes), random.permutation(dim)  # of the classes, and of the order of summation
    turned = pack(
        [learned.classes[index] for index in turn], coefficients[turn][:, way], intercepts[turn],
        encoder_fingerprint="toy", rows=1,
    )  # fmt: skip
    assert bits(LearnedScorer(turned, learned.classes), vectors[:, way]) == batch


def bits(scorer: LearnedScorer, vectors: np.ndarray) -> list[tuple[bytes, bytes]]:
    """The scores of each vector, and its probabilities before they are rounded, which would hide a last bit."""
    exact = scorer._probabilities(vectors)[:, scorer._columns]
    scores = scorer.score_vectors(vectors)
    return [(row.tobytes(), bare.tobytes()) for row, bare in zip(scores, exact, strict=True)]


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 64, 384, 1024]))
def test_logits_at_the_greatest_weight_are_exact(seed, dim):
    # products of whole numbers of 2^-20 and of 2^-24 say what the logit is
    random = np.random.default_rng(seed)
    learned = random_weights(random, 2, dim, HEAVIEST - 6)
    coefficients, intercepts = unpack(learned)
    aligned = coefficients[:1] / np.linalg.norm(coefficients[0])  # the largest logit that there is
    vectors = np.concatenate([aligned, unit(random, 1, dim)]).astype(np.float32)
    found = LearnedScorer(learned, learned.classes).logits(vectors)
    for vector, logits in zip(on_grid(vectors), found, strict=True):
        for row, intercept, logit in zip(coefficients.tolist(), intercepts.tolist(), logits.tolist(), strict=True):
            whole = sum(int(w * 2**20) * int(v * 2**24) for w, v in zip(row, vector.tolist(), strict=True))
            assert logit * 2**44 == whole + int(intercept * 2**44)
            assert logit == (whole + int(intercept * 2**44)) / 2**44


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.sampled_from([1.0, 20.0, 480.0]))
def test_scores_are_probabilities_with_six_decimals(seed, classes, length):
    random = np.random.default_rng(seed)
    learned = random_weights(random, classes, 16, length)
    scores = LearnedScorer(learned, learned.classes).score_vectors(unit(random, 20, 16))
    assert ((scores >= 0) & (scores <= 1)).all()
    assert np.abs(scores.sum(axis=1) - 1).max() <= classes * 0.5e-6 + 1e-9
    assert all(math.isclose(value, round(value, 6), abs_tol=1e-15) for value in scores.ravel())


# ------------------------------------------------------------------------------------------------------- stored


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 20))
def test_weights_come_back_as_they_were_packed(seed, classes, dim):
    random = np.random.default_rng(seed)
    learned = random_weights(random, classes, dim, 30.0)
    coefficients, intercepts = unpack(learned)
    assert (coefficients.shape, intercepts.shape) == ((classes, dim), (classes,))
    again = pack(learned.classes, coefficients, intercepts, encoder_fingerprint="toy", rows=1)
    assert again == learned


def test_weights_are_stored_in_units_of_two_to_the_minus_twenty():
    learned = weights(coefficients=((1, -0.5), (0, 2**-20)), intercepts=(2**-21, 3))  # half a unit goes to even: 0
    assert np.frombuffer(base64.b64decode(learned.coefficients), "<i4").tolist() == [2**20, -(2**19), 0, 1]
    assert np.frombuffer(base64.b64decode(learned.intercepts), "<i4").tolist() == [0, 3 * 2**20]


def test_a_learned_router_survives_storing():
    kept = config()
    assert config_from_json(json.loads(dumps(config_to_json(kept)))) == kept
    assert kept.content_hash("toy") != config(weights(intercepts=(0, 1))).content_hash("toy")


@pytest.mark.parametrize("heavy", [HEAVIEST + 1, math.nan, math.inf])
def test_weights_that_would_not_be_exact_are_refused(heavy):
    with pytest.raises(ConfigError, match="has a class of weight"):
        weights(coefficients=((heavy, 0), (0, 1)))
    fine = weights(coefficients=((400, 0), (0, 1)))
    heavier = base64.b64encode(np.array([400 * 2**20, 0], "<i4").tobytes()).decode()
    with pytest.raises(ConfigError, match="has a class of weight 800; up to 500"):
        unpack(replace(fine, intercepts=heavier))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ({"coefficients": "no base64!"}, "The weights of the learned scorer are no base64 text"),
        ({"coefficients": "AAAA"}, "The learned scorer holds 3 bytes where 16 belong."),
        ({"dim": 3}, "The learned scorer holds 16 bytes where 24 belong."),
        ({"dim": 0}, "The learned scorer is for vectors of 0 dimensions."),
        ({"classes": ()}, "The learned scorer has 0 classes"),
        ({"classes": ("a", "a")}, "The learned scorer has 2 classes, or one of them twice."),
    ],
)
def test_damaged_weights_are_refused_with_the_way_out(damage, sentence):
    with pytest.raises(ConfigError) as caught:
        unpack(replace(weights(), **damage))
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith("Fit the learned scorer again, or set router.scorer=cosine.")


def test_vectors_of_another_length_are_refused():
    with pytest.raises(ConfigError, match="for vectors of 2 dimensions, and the encoder's have 3"):
        LearnedScorer(weights(), ("a", "b")).score_vectors(np.ones((1, 3), dtype=np.float32))


@pytest.mark.parametrize("strategy", ["semantic", "hybrid"])
def test_weights_of_another_encoder_are_refused_when_the_router_is_built(strategy):
    with pytest.raises(ConfigError, match="fitted on vectors of the encoder other, and the encoder in use is toy"):
        build(config(weights(fingerprint="other"), strategy=strategy), ToyEncoder(PLANE))


# ------------------------------------------------------------------------------------------------------- checked


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scorer": "magic"}, "router.scorer is 'magic'; it must be one of cosine, learned."),
        ({"threshold": -0.1}, "router.threshold is -0.1; it must lie between 0 and 1."),
        (
            {"experts": (replace(A, threshold=-0.2), B)},
            "The threshold of expert 'a' is -0.2; it must lie between 0 and 1.",
        ),
        (
            {"learned": weights(("a", "c"))},
            "The learned scorer has the class 'c', which is no expert. "
            "Fit it again for these experts, or set router.scorer=cosine.",
        ),
        (
            {"learned": weights((NONE,), ((1, 0),))},
            "The learned scorer knows no expert. Fit it again, or set router.scorer=cosine.",
        ),
        (
            {"experts": (A, B, Expert("c"))},
            "Expert 'c' has no patterns and no utterances, so no prompt can reach it. "
            "Give it some, make it the fallback, or remove it.",
        ),
    ],
)
def test_a_learned_router_that_cannot_work_is_refused_with_its_sentence(change, sentence):
    with pytest.raises(ConfigError) as caught:
        check_config(replace(config(), **change))
    assert str(caught.value) == sentence


def test_learned_without_weights_is_refused():
    with pytest.raises(ConfigError, match=r"router\.scorer is learned, and the router has no learned weights"):
        check_config(replace(config(), learned=None))


def test_an_expert_that_is_only_a_class_can_be_reached():
    bare = config(experts=(Expert("a"), Expert("b")))
    check_config(bare)
    router = build(bare, ToyEncoder(PLANE))
    decision = router.decide("north")
    assert (decision.expert, decision.layer) == ("b", Layer.SEMANTIC)
    assert router.explain(decision).neighbours == ()


def test_weights_that_are_not_used_are_not_asked():
    check_config(replace(config(), scorer="cosine", threshold=-0.5))


# ------------------------------------------------------------------------------------------------------ explained


def test_a_trace_shows_probabilities_and_the_nearest_utterances():
    router = build(config(), ToyEncoder(PLANE))
    trace = router.explain(router.decide("4-3"))
    assert [(one.expert, one.score) for one in trace.scores] == [("a", 0.598688), ("b", 0.401312)]
    assert [(one.utterance, one.cosine) for one in trace.neighbours] == [("east", 0.8), ("north", 0.6)]


@pytest.mark.parametrize("strategy", ["semantic", "hybrid"])
@pytest.mark.parametrize("prompt", ["east", "4-3", "west"])
@pytest.mark.parametrize("threshold", [0.0, 0.55, 0.7, 1.0])
def test_utterances_are_no_flips_and_every_other_flip_does_what_it_says(strategy, prompt, threshold):
    kept = config(strategy=strategy, threshold=threshold)
    encoder = ToyEncoder(PLANE)
    router = build(kept, encoder)
    decision = router.decide(prompt)
    flips = router.explain(decision).flips
    assert {flip.kind for flip in flips} <= {"threshold", "min_margin", "on_conflict", "remove_pattern"}
    assert decision.layer == Layer.KEYWORD or "threshold" in {flip.kind for flip in flips}
    for flip in flips:
        changed = build(apply_flip(kept, flip), encoder).decide(prompt)
        assert (changed.expert, changed.layer) == (flip.to_expert, flip.to_layer) != (decision.expert, decision.layer)


def test_the_last_pattern_of_a_class_may_go_and_that_of_a_stranger_may_not():
    experts = (Expert("a", patterns=("4-3",)), Expert("b", patterns=("x",)), Expert("c", patterns=("4-3 c",)))
    vectors = PLANE | {"4-3 c": (0, 1)}
    router = build(config(strategy="hybrid", experts=experts, on_conflict="priority"), ToyEncoder(vectors))
    flips = router.explain(router.decide("4-3 c")).flips
    assert [flip.expert for flip in flips if flip.kind == "remove_pattern"] == ["a"]
