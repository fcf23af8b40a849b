"""Confidence: a calibrator's lines between knots, asked only by the router that it was fitted for."""

from __future__ import annotations

import json
import math
import timeit
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import ToyEncoder

from lab.errors import ConfigError
from lab.routing import build
from lab.routing.check import check_config
from lab.routing.confidence import calibrator_for, confidence_of, probability
from lab.store.serialise import config_from_json, config_to_json, dumps
from lab.types import NONE, Calibration, Calibrator, Expert, Layer, RouterConfig

VECTORS = {"solve it": (1, 0), "joke": (0, 1), "4-3": (4, 3), "3-4": (3, 4), "hm": (-1, -1), "prove": (1, 0)}
EXPERTS = (Expert("a", patterns=("prove",), utterances=("solve it",)), Expert("b", utterances=("joke",)))
RISING = Calibration("platt", (0.5, 0.9), (0.4, 0.8), 100)
FALLING = Calibration("isotonic", (-1.0, 0.0), (0.9, 0.7), 50)
SHARE = Calibration("share", (), (0.95,), 40)


def config(strategy: str = "hybrid", fingerprint: str = "toy", **options: object) -> RouterConfig:
    """A router with a calibrator that was fitted for it."""
    made = RouterConfig(strategy, EXPERTS, NONE, threshold=0.5, **options)
    fitted_for = made.calibrated_hash(fingerprint)
    return replace(made, calibrator=Calibrator(fitted_for, keyword=SHARE, semantic=RISING, fallback=FALLING))


# ---------------------------------------------------------------------------------------------------- the lines


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.5, 0.4), (0.9, 0.8), (0.7, 0.6), (0.6, 0.5), (0.1, 0.4), (-1.0, 0.4), (1.0, 0.8), (None, None)],
)
def test_between_knots_lie_straight_lines_and_outside_it_is_flat(score, expected):
    found = probability(RISING, score)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_a_share_is_the_same_for_every_score():
    assert [probability(SHARE, score) for score in (None, 0.1, 2.0)] == [0.95, 0.95, 0.95]


def test_a_single_knot_is_flat():
    one = Calibration("platt", (0.5,), (0.3,), 20)
    assert [probability(one, score) for score in (0.4, 0.5, 0.6)] == [0.3, 0.3, 0.3]


LINES = st.lists(
    st.tuples(st.integers(-(10**6), 10**6), st.floats(0, 1)), min_size=1, max_size=20, unique_by=lambda knot: knot[0]
)


@given(LINES, st.floats(-1.5, 1.5))
def test_it_says_what_numpy_says_and_stays_between_its_knots(knots, score):
    places, values = zip(*sorted(knots), strict=True)
    line = Calibration("isotonic", tuple(place / 1e6 for place in places), values, 99)
    found = probability(line, score)
    assert found == pytest.approx(float(np.interp(score, line.scores, line.probabilities)), abs=1e-12)
    assert min(values) - 1e-12 <= found <= max(values) + 1e-12
    assert 0 <= found <= 1


def test_a_confidence_costs_less_than_numpys_interpolation():
    knots = tuple(np.linspace(0, 1, 64).tolist())
    calibrator = Calibrator("x", semantic=Calibration("platt", knots, knots, 999))
    ours = min(timeit.repeat(lambda: confidence_of(calibrator, Layer.SEMANTIC, 0.437), number=2_000, repeat=9))
    numpys = min(timeit.repeat(lambda: np.interp(0.437, knots, knots), number=2_000, repeat=9))
    assert ours < numpys


# ------------------------------------------------------------------------------------------------- in a decision


@pytest.mark.parametrize(
    ("strategy", "prompt", "layer", "expected"),
    [
        ("hybrid", "prove", Layer.KEYWORD, 0.95),
        ("hybrid", "4-3", Layer.SEMANTIC, 0.7),  # score 0.8
        ("hybrid", "hm", Layer.FALLBACK, 0.9 - 0.2 * (1 - 0.707107)),
        ("semantic", "prove", Layer.SEMANTIC, 0.8),  # score 1.0, above the last knot
        ("semantic", "hm", Layer.FALLBACK, 0.9 - 0.2 * (1 - 0.707107)),
    ],
)
def test_a_decision_carries_the_confidence_of_its_layer_and_score(strategy, prompt, layer, expected):
    decision = build(config(strategy), ToyEncoder(VECTORS)).decide(prompt)
    assert decision.layer == layer
    assert decision.confidence == pytest.approx(expected)


def test_the_keyword_strategy_is_calibrated_without_an_encoder():
    made = config("keyword", fingerprint="")
    made = replace(made, calibrator=replace(made.calibrator, fallback=Calibration("share", (), (0.25,), 30)))
    router = build(made, ToyEncoder(VECTORS))
    assert [router.decide(prompt).confidence for prompt in ("prove", "hm")] == [0.95, 0.25]


def test_a_fallback_fitted_on_scores_says_nothing_of_one_without():
    assert confidence_of(Calibrator("x", fallback=FALLING), Layer.FALLBACK, None) is None


@pytest.mark.parametrize("strategy", ["keyword", "semantic", "hybrid"])
def test_without_a_calibrator_there_is_no_confidence(strategy):
    router = build(replace(config(strategy), calibrator=None), ToyEncoder(VECTORS))
    assert [router.decide(prompt).confidence for prompt in ("prove", "4-3", "hm")] == [None] * 3


def test_a_layer_with_too_few_rows_has_no_confidence():
    made = config()
    router = build(replace(made, calibrator=replace(made.calibrator, semantic=None)), ToyEncoder(VECTORS))
    assert router.decide("4-3").confidence is None
    assert router.decide("prove").confidence == 0.95


@pytest.mark.parametrize(
    "change",
    [
        {"aggregate": "centroid"},
        {"on_conflict": "priority"},
        {"fallback": "a"},
        {"experts": (*EXPERTS[:1], replace(EXPERTS[1], utterances=("joke", "3-4")))},
        {"experts": (replace(EXPERTS[0], patterns=("prove", "x")), *EXPERTS[1:])},
        {"strategy": "semantic"},
    ],
)
def test_a_router_that_scores_otherwise_has_no_confidence(change):
    assert calibrator_for(config(), "toy") is not None
    changed = replace(config(), **change)
    assert calibrator_for(changed, "toy") is None
    assert build(changed, ToyEncoder(VECTORS)).decide("4-3").confidence is None


def test_another_encoder_has_no_confidence():
    assert build(config(fingerprint="other"), ToyEncoder(VECTORS)).decide("4-3").confidence is None


@pytest.mark.parametrize("moved", [{"threshold": 0.7}, {"min_margin": 0.1}])
def test_where_thresholds_moved_only_layer_1_keeps_its_confidence(moved):
    router = build(replace(config(), **moved), ToyEncoder(VECTORS))
    assert [router.decide(prompt).confidence for prompt in ("prove", "4-3", "hm")] == [0.95, None, None]


# ------------------------------------------------------------------------------------------- stored and checked


def test_a_calibrated_router_survives_storing():
    kept = config()
    assert config_from_json(json.loads(dumps(config_to_json(kept)))) == kept
    assert kept.scoring_hash("toy") == replace(kept, calibrator=None).scoring_hash("toy")
    assert kept.content_hash("toy") != replace(kept, calibrator=None).content_hash("toy")


@pytest.mark.parametrize(
    ("calibration", "trouble"),
    [
        (replace(RISING, probabilities=(0.4,)), "has 1 probabilities for 2 scores"),
        (replace(SHARE, probabilities=()), "has 0 probabilities for 0 scores"),
        (replace(RISING, scores=(0.9, 0.5)), "has scores that do not ascend"),
        (replace(RISING, scores=(0.5, 0.5)), "has scores that do not ascend"),
        (replace(RISING, scores=(0.5, math.inf)), "has scores that do not ascend"),
        (replace(RISING, scores=(math.nan, 0.5)), "has scores that do not ascend"),
        (replace(RISING, probabilities=(0.4, 1.1)), "has a probability outside of 0 to 1"),
        (replace(RISING, probabilities=(math.nan, 0.4)), "has a probability outside of 0 to 1"),
    ],
)
def test_a_calibrator_that_is_no_line_is_refused(calibration, trouble):
    made = config()
    with pytest.raises(ConfigError) as caught:
        check_config(replace(made, calibrator=replace(made.calibrator, fallback=calibration)))
    sentence = f"The calibrator of the layer fallback {trouble}. Fit it again, or remove router.calibrator."
    assert str(caught.value) == sentence
