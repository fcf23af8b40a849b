"""How far probabilities can be trusted: ECE, Brier, bins, risk against coverage and AUROC, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.forensics.calibration.reliability import (
    auroc_interval,
    brier,
    ece,
    mass_bins_of,
    reliability,
    risk_coverage,
    width_bins_of,
)
from lab.forensics.metrics import auroc

P = np.array([0.05, 0.15, 0.15, 0.95, 0.95, 1.0])
RIGHT = np.array([False, True, False, True, True, False])
EACH = np.arange(6)


def test_ten_bins_of_equal_width_hold_their_lower_edge_and_the_last_one_holds_one():
    assert width_bins_of(np.array([0.0, 0.0999, 0.1, 0.3, 0.7, 0.9, 1.0])).tolist() == [0, 0, 1, 3, 7, 9, 9]


def test_the_calibration_error_weighs_each_bins_gap_by_its_rows():
    # bin 0: 1 row, |0 − .05|; bin 1: 2 rows, |.5 − .15|; bin 9: 3 rows, |2/3 − 2.9/3|
    assert ece(P, RIGHT, width_bins_of(P)) == pytest.approx((1 * 0.05 + 2 * 0.35 + 3 * 0.3) / 6)
    assert math.isnan(ece(P[:0], RIGHT[:0], width_bins_of(P[:0])))


def test_the_brier_score_is_the_mean_squared_error():
    # .05² + .85² + .15² + 2·.05² + 1²
    assert brier(P, RIGHT) == pytest.approx((0.0025 + 0.7225 + 0.0225 + 0.005 + 1) / 6)
    assert math.isnan(brier(P[:0], RIGHT[:0]))


def test_a_reliability_bin_says_how_sure_how_right_and_how_many():
    found = reliability(P, RIGHT, EACH, samples=50)
    assert [one.n for one in found.width_bins] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 3]
    second, third = found.width_bins[1], found.width_bins[2]
    assert (second.low, second.high, second.confidence, second.right.value) == (0.1, 0.2, 0.15, 0.5)
    assert 0 < second.right.low < 0.1 < 0.9 < second.right.high < 1  # Wilson, 1 of 2
    assert math.isnan(third.confidence)
    assert math.isnan(third.right.value)
    assert (found.n, found.right.value, found.confidence) == (6, 0.5, pytest.approx(3.25 / 6))
    assert found.brier.low < found.brier.value < found.brier.high


def test_bins_of_equal_mass_hold_equal_counts_and_never_split_a_tie():
    values = np.random.default_rng(0).permutation(100) / 100
    assert np.bincount(mass_bins_of(values)).tolist() == [10] * 10
    tied = np.array([0.2] * 55 + [0.4] * 5 + [0.9] * 40)
    bins = mass_bins_of(tied)
    assert len(set(bins[:55])) == len(set(bins[55:60])) == len(set(bins[60:])) == 1
    assert bins.max() + 1 == len(set(bins.tolist()))  # none is empty
    assert mass_bins_of(np.array([0.5, 0.5])).tolist() == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60))
def test_every_row_lies_in_the_range_of_its_bins(rows):
    values, right = np.array([one / 20 for one, _ in rows]), np.array([hit for _, hit in rows])
    found = reliability(values, right, np.arange(len(rows)), samples=5)
    for bins in (found.width_bins, found.mass_bins):
        assert sum(one.n for one in bins) == len(rows)
        assert all(one.low - 1e-9 <= one.confidence <= one.high + 1e-9 for one in bins if one.n)
    lows = [one.low for one in found.mass_bins]
    assert lows == sorted(lows)
    assert 0 <= found.ece_mass.value <= 1
    weighted = sum(one.n * abs(one.right.value - one.confidence) for one in found.width_bins if one.n) / len(rows)
    assert found.ece_width.value == pytest.approx(weighted)


def test_probabilities_that_are_true_have_hardly_an_error():
    draw = np.random.default_rng(1)
    values = draw.random(50_000)
    right = draw.random(50_000) < values
    found = reliability(values, right, np.arange(50_000), samples=20)
    assert max(found.ece_width.value, found.ece_mass.value) < 0.015
    assert found.brier.value == pytest.approx(1 / 6, abs=0.01)  # ∫ p(1 − p) dp
    flipped = reliability(1 - values, right, np.arange(50_000), samples=20)
    assert min(flipped.ece_width.value, flipped.ece_mass.value) > 0.4


def test_intervals_widen_where_rows_are_copies():
    draw = np.random.default_rng(2)
    values = np.repeat(draw.random(60), 10)
    right = np.repeat(draw.random(60) < 0.5, 10)
    alone = reliability(values, right, np.arange(600), seed=3, samples=400)
    copied = reliability(values, right, np.arange(600) // 10, seed=3, samples=400)
    assert alone.brier.value == copied.brier.value
    widths = [one.brier.high - one.brier.low for one in (alone, copied)]
    assert widths[1] > 2 * widths[0]  # √10 wider, about


def test_one_group_has_no_interval():
    found = reliability(P, RIGHT, np.zeros(6, int), samples=50)
    assert not math.isnan(found.brier.value)
    assert math.isnan(found.brier.low)


# ------------------------------------------------------------------------------------------- risk and coverage


def test_risk_is_the_share_of_errors_among_the_answered_and_the_area_its_mean():
    # answered by falling score: right, wrong, right, wrong: risks 0, 1/2, 1/3, 1/2
    scores, right = np.array([0.6, 0.9, 0.7, 0.8]), np.array([False, True, True, False])
    found = risk_coverage(scores, right, np.arange(4), samples=50)
    assert found.scores.tolist() == [0.9, 0.8, 0.7, 0.6]
    assert found.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert found.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert found.aurc.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.aurc.low <= found.aurc.value <= found.aurc.high


def test_equal_scores_are_answered_together():
    # .9 alone: 0; then both of .5: one of three; each of the two rows counts that risk
    found = risk_coverage(np.array([0.5, 0.9, 0.5]), np.array([False, True, True]), np.arange(3), samples=20)
    assert found.coverage.tolist() == [pytest.approx(1 / 3), 1]
    assert found.risk.tolist() == [0, pytest.approx(1 / 3)]
    assert found.aurc.value == pytest.approx((0 + 2 / 3) / 3)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_the_area_knows_no_order_of_rows_and_only_the_order_of_scores(rows, random):
    scores, right = np.array([float(one) for one, _ in rows]), np.array([hit for _, hit in rows])
    groups = np.arange(len(rows))
    found = risk_coverage(scores, right, groups, samples=0)
    mixed = list(range(len(rows)))
    random.shuffle(mixed)
    again = risk_coverage(np.exp(scores)[mixed], right[mixed], groups, samples=0)
    assert again.aurc.value == pytest.approx(found.aurc.value)
    assert found.risk[-1] == pytest.approx((~right).mean())


# ------------------------------------------------------------------------------------------------------ AUROC


def test_the_area_under_the_roc_has_an_interval_around_it():
    scores, inside = np.array([3.0, 1, 2, 2, 0]), np.array([True, True, False, True, False])
    # pairs inside over outside: 3 beats both; 1 beats 0; 2 ties 2 and beats 0: (2 + 1 + 1.5) / 6
    found = auroc_interval(scores, inside, np.arange(5), samples=300)
    assert found.value == pytest.approx(4.5 / 6)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_without_the_other_side_there_is_no_area():
    assert math.isnan(auroc_interval(np.array([1.0, 2]), np.array([True, True]), np.arange(2)).value)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=12), st.integers(0, 99))
def test_a_bootstrapped_area_is_the_area_of_the_rows_drawn(rows, seed):
    from lab.forensics.metrics import resampled_groups

    scores, inside = np.array([float(one) for one, _ in rows]), np.array([hit for _, hit in rows])
    if not 0 < inside.sum() < len(rows):
        return
    counts = resampled_groups(np.arange(len(rows)), seed, 1)[0]
    drawn, side = np.repeat(scores, counts), np.repeat(inside, counts)
    found = auroc_interval(scores, inside, np.arange(len(rows)), seed=seed, samples=1)
    expected = auroc(drawn[side], drawn[~side])
    assert math.isnan(found.low) if math.isnan(expected) else found.low == pytest.approx(expected)
