"""Calibration: fits by layer with known answers, held-out figures, and what is said where rows are too few."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small import evidence, labels, prompts, three_experts

from lab.errors import SearchError
from lab.forensics.calibration.calibrators import fit_isotonic, fit_platt, fit_share, platt_parameters, probabilities
from lab.forensics.calibration.report import Decided, calibrate, decided, folds_of
from lab.forensics.evidence import FALLBACK, KEYWORD, SEMANTIC
from lab.forensics.metrics import wilson
from lab.forensics.sample import sample_of
from lab.routing import build
from lab.routing.check import check_config
from lab.routing.confidence import confidence_of, probability
from lab.store.serialise import config_from_json, config_to_json, dumps
from lab.types import NONE, Calibrator, Layer

ROWS = st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=2, max_size=80)


def columns(rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score / 1000 for score, _ in rows]), np.array([right for _, right in rows])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def made(n: int, seed: int = 0, *, truth=lambda scores: sigmoid(12 * scores - 5)) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and decisions that are right with a probability that is known."""
    draw = np.random.default_rng(seed)
    scores = draw.random(n).round(6)
    return scores, draw.random(n) < truth(scores)


def rows_of(scores, right, layers=None, groups=None, nobody=None) -> Decided:
    n = len(scores)
    return Decided(
        layers=np.full(n, SEMANTIC) if layers is None else np.asarray(layers),
        scores=np.asarray(scores, dtype=float),
        right=np.asarray(right, dtype=bool),
        nobody=np.zeros(n, bool) if nobody is None else np.asarray(nobody, dtype=bool),
        groups=np.arange(n) if groups is None else np.asarray(groups),
    )


# ------------------------------------------------------------------------------------------------------- fits


def test_a_share_follows_laplace():
    fitted = fit_share(np.array([True] * 18 + [False] * 2))
    assert (fitted.probabilities, fitted.scores, fitted.rows) == ((19 / 22,), (), 20)


def test_platt_finds_the_sigmoid_that_made_the_rows():
    slope, offset = platt_parameters(*made(40_000))
    assert (slope, offset) == (pytest.approx(12, rel=0.05), pytest.approx(-5, rel=0.05))


@given(ROWS)
def test_platt_leaves_no_gradient_on_its_smoothed_targets(rows):
    scores, right = columns(rows)
    assume(np.ptp(scores) > 0.001)
    slope, offset = platt_parameters(scores, right)
    positive, negative = right.sum(), (~right).sum()
    gap = sigmoid(slope * scores + offset) - np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
    assert abs(gap.sum()) < 1e-5 * len(rows)
    assert abs((gap * scores).sum()) < 1e-5 * len(rows)


@given(st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_platt_of_rows_that_a_score_separates_is_finite(low, high, rising):
    scores = np.array([0.1] * low + [0.9] * high)
    right = np.array([not rising] * low + [rising] * high)
    fitted = fit_platt(scores, right)
    assert all(0 < value < 1 for value in fitted.probabilities)
    ends = probabilities(fitted, np.array([0.1, 0.9]))
    hits = [high, low] if rising else [low, high]  # of the right ones, and the others
    sides = ends[::-1] if rising else ends
    assert sides == pytest.approx([(hits[0] + 1) / (hits[0] + 2), 1 / (hits[1] + 2)], abs=1e-6)  # the targets


def test_platt_of_one_score_is_the_mean_target():
    fitted = fit_platt(np.full(4, 0.5), np.array([True, True, True, False]))
    # targets 4/5 three times and 1/3
    assert (fitted.scores, fitted.probabilities) == ((0.5,), (pytest.approx((3 * 0.8 + 1 / 3) / 4),))


def test_a_sigmoid_is_kept_closely_by_its_knots_and_is_flat_where_no_score_was_seen():
    scores, right = made(5_000)
    fitted = fit_platt(scores, right)
    assert len(fitted.scores) == 64
    slope, offset = platt_parameters(scores, right)
    seen = np.linspace(scores.min(), scores.max(), 999)
    assert np.abs(probabilities(fitted, seen) - sigmoid(slope * seen + offset)).max() < 0.001
    assert probabilities(fitted, np.array([-1.0, 2.0])).tolist() == [fitted.probabilities[0], fitted.probabilities[-1]]


def test_isotonic_pools_what_violates_its_order():
    # .2 wrong, .4 right, .6 wrong, .8 right: the middle two pool to 1/2; the ends stay off 0 and 1 by Laplace
    fitted = fit_isotonic(np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, True, False, True]))
    found = probabilities(fitted, np.array([0.2, 0.4, 0.5, 0.6, 0.8]))
    assert found.tolist() == pytest.approx([1 / 6, 0.5, 0.5, 0.5, 5 / 6])


@given(ROWS, st.booleans())
def test_isotonic_is_monotone_and_never_certain(rows, increasing):
    scores, right = columns(rows)
    fitted = fit_isotonic(scores, right, increasing=increasing)
    assert all(low < high for low, high in zip(fitted.scores, fitted.scores[1:], strict=False))
    steps = np.diff(fitted.probabilities) * (1 if increasing else -1)
    assert (steps >= 0).all()
    assert 0 < min(fitted.probabilities) <= max(fitted.probabilities) < 1


@given(ROWS)
def test_a_decision_reads_the_same_line_as_the_report(rows):
    scores, right = columns(rows)
    for fitted in (fit_platt(scores, right), fit_isotonic(scores, right), fit_share(right)):
        expected = probabilities(fitted, scores)
        assert [probability(fitted, score) for score in scores.tolist()] == pytest.approx(expected.tolist())


# ----------------------------------------------------------------------------------------------------- reports


def test_what_is_miscalibrated_before_is_not_after_on_rows_that_the_fit_did_not_see():
    scores, right = made(3_000)  # a score of .4 is right as often as .6 would be: 12·.45 − 5 ≈ .6
    _, report = calibrate(rows_of(scores, right), "x", samples=100)
    assert report.before.ece_width.low > 0.10
    assert report.after.ece_width.value < 0.03
    assert report.after.brier.high < report.before.brier.low
    assert report.after.n == report.before.n == report.whole.n == 3_000
    assert report.by_score.aurc.value == pytest.approx(report.by_confidence.aurc.value, abs=0.005)  # the order stays


def test_held_out_figures_do_not_flatter_a_fit_to_noise():
    draw = np.random.default_rng(4)
    scores, right = draw.random(200), draw.random(200) < 0.5
    calibrator, report = calibrate(rows_of(scores, right), "x", method="isotonic", samples=20)
    seen = float(((probabilities(calibrator.semantic, scores) - right) ** 2).mean())
    assert seen < 0.25 < report.after.brier.value  # what it learnt is noise, and held-out rows say so


def test_copies_of_a_prompt_are_never_on_both_sides():
    # 40 prompts, ten copies each, scores that name the prompt: leaking, isotonic would know every answer
    draw = np.random.default_rng(5)
    scores, right = np.repeat(np.linspace(0.1, 0.9, 40), 10), np.repeat(draw.random(40) < 0.5, 10)
    groups = np.repeat(np.arange(40), 10)
    grouped = calibrate(rows_of(scores, right, groups=groups), "x", method="isotonic", samples=20)[1]
    leaking = calibrate(rows_of(scores, right), "x", method="isotonic", samples=20)[1]
    assert leaking.after.brier.value < grouped.after.brier.value
    fold = folds_of(groups, 5, 0)
    assert all(len(set(fold[groups == one].tolist())) == 1 for one in range(40))
    assert np.bincount(fold[::10]).tolist() == [8] * 5


def test_before_reads_the_raw_score_as_a_probability():
    scores = np.array([-0.5] * 10 + [0.25] * 10 + [1.5] * 10)  # no cosine is 1.5, but a score is only a number
    _, report = calibrate(rows_of(scores, [True] * 30), "x", samples=20)
    assert report.before.confidence == pytest.approx((0 + 0.25 + 1) / 3)
    assert report.before.brier.value == pytest.approx((1 + 0.75**2 + 0) / 3)


def test_each_layer_is_fitted_on_its_own_rows():
    scores, right = made(100, seed=1)
    layers = np.array([KEYWORD] * 30 + [SEMANTIC] * 40 + [FALLBACK] * 30)
    right[:30] = np.arange(30) > 2  # 27 of 30
    calibrator, report = calibrate(rows_of(scores, right, layers), "router", samples=20)
    assert calibrator.fitted_for == "router"
    assert [one.n for one in report.layers] == [30, 40, 30]
    assert [one.layer for one in report.layers] == [Layer.KEYWORD, Layer.SEMANTIC, Layer.FALLBACK]
    assert (calibrator.keyword.method, calibrator.keyword.probabilities) == ("share", (28 / 32,))
    assert calibrator.semantic == fit_platt(scores[30:70], right[30:70])
    assert calibrator.fallback == fit_platt(scores[70:], right[70:])
    assert report.layers[0].right == wilson(27, 30)
    assert (report.layers[0].before, report.layers[0].platt) == (None, None)  # a keyword hit has no score
    assert (report.before.n, report.after.n, report.whole.n) == (70, 70, 100)


def test_fewer_than_twenty_rows_say_nothing_and_the_report_says_that():
    scores, right = made(39)
    layers = [SEMANTIC] * 20 + [KEYWORD] * 19
    calibrator, report = calibrate(rows_of(scores, right, layers), "x", samples=20)
    assert calibrator.semantic is not None
    assert (calibrator.keyword, calibrator.fallback) == (None, None)
    keyword, _, fallback = report.layers
    assert keyword.notes == ("Too few rows: 19. Below 20 nothing is said of the keyword layer: it has no confidence.",)
    assert (fallback.n, fallback.right.value != fallback.right.value) == (0, True)
    assert report.whole.n == 20


def test_a_fallback_may_be_surer_the_lower_its_score():
    scores, right = made(1_500, truth=lambda scores: sigmoid(6 - 12 * scores))
    for method in ("platt", "isotonic"):
        fitted = calibrate(rows_of(scores, right, np.full(1_500, FALLBACK)), "x", method=method, samples=0)[0].fallback
        low, high = probabilities(fitted, np.array([0.1, 0.9]))
        assert low > 0.9
        assert high < 0.1


def test_a_claim_that_is_surer_the_lower_its_score_is_said():
    scores, right = made(1_500, truth=lambda scores: sigmoid(6 - 12 * scores))
    report = calibrate(rows_of(scores, right), "x", samples=0)[1].layers[1]
    assert "Higher scores are not right more often here: the score says little." in report.notes


def test_isotonic_is_taken_only_with_a_thousand_rows_and_where_it_errs_less():
    def steps(scores):
        return np.where(scores > 0.5, 0.5, np.where(scores > 0.2, 0.45, 0.02))  # no sigmoid is like that

    few, many = made(999, truth=steps), made(4_000, truth=steps)
    calibrator, report = calibrate(rows_of(*few), "x", samples=0)
    assert calibrator.semantic.method == "platt"
    assert "Isotonic wants about 1,000 rows; the semantic layer has 999." in report.layers[1].notes
    calibrator, report = calibrate(rows_of(*many), "x", samples=0)
    assert calibrator.semantic.method == "isotonic"
    assert report.layers[1].isotonic.brier.value < report.layers[1].platt.brier.value
    assert report.layers[1].notes == ()
    assert calibrate(rows_of(*made(4_000)), "x", samples=0)[0].semantic.method == "platt"  # a sigmoid it is
    assert calibrate(rows_of(*few), "x", method="isotonic", samples=0)[0].semantic.method == "isotonic"


def test_a_layer_without_scores_has_a_share():
    calibrator, report = calibrate(
        rows_of(np.full(30, np.nan), [True] * 24 + [False] * 6, np.full(30, FALLBACK)), "x", samples=20
    )
    assert (calibrator.fallback.method, calibrator.fallback.probabilities) == ("share", (25 / 32,))
    assert (report.before, report.by_score) == (None, None)
    assert report.whole.n == 30


@pytest.mark.parametrize("outcome", [True, False])
def test_rows_that_are_all_alike_are_said_and_are_no_certainty(outcome):
    scores, _ = made(50)
    calibrator, report = calibrate(rows_of(scores, [outcome] * 50), "x", samples=20)
    assert f"All 50 decisions of the semantic layer are {'right' if outcome else 'wrong'}." in report.layers[1].notes
    assert 0 < min(calibrator.semantic.probabilities) <= max(calibrator.semantic.probabilities) < 1


def test_one_group_alone_has_nothing_held_out():
    scores, right = made(1_200)
    calibrator, report = calibrate(rows_of(scores, right, groups=np.zeros(1_200, int)), "x", samples=20)
    assert calibrator.semantic is not None
    assert (report.after, report.layers[1].after) == (None, None)
    assert "nothing can be held out" in report.layers[1].notes[-1]


def test_the_score_is_weighed_as_a_sign_of_none():
    scores = [0.9, 0.8, 0.3, 0.2]
    _, report = calibrate(rows_of(scores, [True] * 4, nobody=[False, False, True, False]), "x", samples=20)
    assert report.auroc_none.value == pytest.approx(2 / 3)  # .9 and .8 beat .3, .2 does not
    assert (report.claimable, report.unclaimable) == (3, 1)


def test_no_rows_are_a_sentence():
    with pytest.raises(SearchError, match="no labelled rows to calibrate on"):
        calibrate(rows_of([], []), "x")


def test_the_same_seed_gives_the_same_report():
    rows = rows_of(*made(200))
    assert calibrate(rows, "x", seed=3, samples=30)[1].after == calibrate(rows, "x", seed=3, samples=30)[1].after


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1000), st.booleans()), min_size=1, max_size=90))
def test_a_calibrator_is_accepted_by_the_router_and_survives_storing(rows):
    layers = [layer for layer, _, _ in rows]
    scores, right = columns([row[1:] for row in rows])
    config = three_experts()
    calibrator, _ = calibrate(rows_of(scores, right, layers), config.scoring_hash("words-1"), samples=0)
    kept = replace(config, calibrator=calibrator)
    check_config(kept)
    assert config_from_json(json.loads(dumps(config_to_json(kept)))) == kept


# ------------------------------------------------------------------------------------------------ real decisions


@pytest.mark.parametrize("strategy", ["hybrid", "semantic", "keyword"])
def test_the_columns_are_those_of_routing_each_prompt(strategy):
    config = three_experts(strategy=strategy, threshold=0.3)
    truth = labels(config, 120)
    sample = sample_of(config, truth)
    found = decided(evidence(120), sample, config)
    router = build(config, WordEncoder())
    for row, prompt in enumerate(prompts(120)):
        decision = router.decide(prompt)
        assert found.layers[row] == [Layer.KEYWORD, Layer.SEMANTIC, Layer.FALLBACK].index(decision.layer)
        if decision.score is not None:
            assert found.scores[row] == decision.score
        expected = decision.layer == Layer.FALLBACK if truth[row] == NONE else decision.expert == truth[row]
        assert found.right[row] == expected
        assert found.nobody[row] == (truth[row] == NONE)
    assert np.isnan(found.scores).all() == (strategy == "keyword")


def test_a_router_with_its_calibrator_says_the_confidence_that_was_fitted():
    config = three_experts(threshold=0.3)
    sample = sample_of(config, labels(config, 120))
    rows = decided(evidence(120), sample, config)
    calibrator, _ = calibrate(rows, config.calibrated_hash(WordEncoder.fingerprint), samples=0)
    router = build(replace(config, calibrator=calibrator), WordEncoder())
    said = [router.decide(prompt) for prompt in prompts(120)]
    assert isinstance(calibrator, Calibrator)
    assert all(one.confidence is not None for one in said)
    assert [one.confidence for one in said] == [confidence_of(calibrator, one.layer, one.score) for one in said]
    keyword = [one.confidence for one in said if one.layer == Layer.KEYWORD]
    assert keyword == [calibrator.keyword.probabilities[0]] * len(keyword)
    assert len(keyword) > 20
