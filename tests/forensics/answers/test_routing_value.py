"""What routing is worth: PGR, APGR, CPT, AIQ and the value against the best single expert, by hand and really."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import SearchError
from lab.forensics.answers.value import (
    StrongCurve,
    aiq,
    apgr,
    convex_hull,
    cpt,
    oracle,
    pgr,
    routing_value,
    strong_curve,
)


def curve(shares, qualities) -> StrongCurve:
    return StrongCurve(np.array(shares, dtype=float), np.array(qualities, dtype=float))


# ------------------------------------------------------------------------------------------------ weak and strong


def test_the_gap_recovered_runs_from_weak_to_strong():
    assert [pgr(quality, 0.6, 0.8) for quality in (0.6, 0.7, 0.8, 0.5)] == pytest.approx([0, 0.5, 1, -0.5])
    assert math.isnan(pgr(0.7, 0.7, 0.7))


def test_the_highest_scores_go_to_the_strong_model_first_and_equal_ones_together():
    weak, strong = np.array([0.0, 1, 0, 0]), np.array([1.0, 0, 1, 0])
    found = strong_curve(weak, strong, np.array([3.0, 1, 2, 2]))
    # weak .25; then +1/4 for the first, +1/4 + 0 for the two that tie, −1/4 for the last
    assert found.shares.tolist() == [0, 0.25, 0.75, 1]
    assert found.qualities.tolist() == [0.25, 0.5, 0.75, 0.5]


def test_the_mean_gap_recovered_is_an_area():
    # from (0, 0) to (.5, 1) to (1, 1): a triangle of .25 and a square of .5
    assert apgr(curve([0, 0.5, 1], [0.2, 0.6, 0.6])) == pytest.approx(0.75)
    assert math.isnan(apgr(curve([0, 1], [0.5, 0.5])))


def test_a_call_threshold_is_the_first_point_that_gets_there_on_a_curve_that_falls_again():
    found = curve([0, 0.2, 0.4, 0.6, 1], [0.5, 0.8, 0.6, 0.9, 0.9])  # gap .4; recovered 0, .75, .25, 1, 1
    assert [cpt(found, wanted) for wanted in (0, 0.5, 0.75, 0.8, 1)] == [0, 0.2, 0.2, 0.6, 0.6]
    assert math.isnan(cpt(found, 1.1))
    assert math.isnan(cpt(curve([0, 1], [0.5, 0.5]), 0.5))


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_curve_ends_at_either_model_and_constant_scores_are_one_step(seed, n):
    random = np.random.default_rng(seed)
    weak, strong = random.random(n), random.random(n)
    found = strong_curve(weak, strong, random.integers(0, 5, n).astype(float))
    assert (found.weak, found.strong) == (pytest.approx(weak.mean()), pytest.approx(strong.mean()))
    assert (np.diff(found.shares) > 0).all()
    assert len(strong_curve(weak, strong, np.zeros(n)).shares) == 2


def test_random_calls_recover_half_of_the_gap_on_average():
    random = np.random.default_rng(5)
    weak = (random.random(20_000) < 0.5).astype(float)
    strong = (random.random(20_000) < 0.8).astype(float)
    assert apgr(strong_curve(weak, strong, random.random(20_000))) == pytest.approx(0.5, abs=0.02)


# ---------------------------------------------------------------------------------------------------- cost


def test_the_hull_leaves_out_what_a_mixture_reaches_and_never_falls():
    # (2, .5) lies under the line from (1, .4) to (3, .8); (4, .7) is dearer and worse than (3, .8)
    points = [(3, 0.8), (1, 0.4), (2, 0.5), (4, 0.7), (1, 0.3)]
    assert convex_hull(*zip(*points, strict=True)) == [(1, 0.4), (3, 0.8), (4, 0.8)]


def test_the_average_improvement_is_the_area_under_the_hull_over_the_costs():
    # (.4 + .8)/2 · 2 + .8 · 1 = 2.0 over a range of 3
    assert aiq([3, 1, 2, 4], [0.8, 0.4, 0.5, 0.7]) == pytest.approx(2.0 / 3)
    assert math.isnan(aiq([1, 1], [0.4, 0.5]))
    assert math.isnan(aiq([], []))


POINTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=15)


@given(POINTS)
def test_a_hull_rises_bends_down_and_lies_above_every_point(points):
    costs, qualities = zip(*points, strict=True)
    hull = convex_hull(costs, qualities)
    cost, quality = np.array(hull).T
    assert (np.diff(cost) > 0).all()
    assert (np.diff(quality) >= 0).all()
    slopes = np.diff(quality) / np.diff(cost)
    assert (np.diff(slopes) < 0).all()
    assert (np.interp(costs, cost, quality) >= np.array(qualities) - 1e-9).all()
    assert (cost[0], cost[-1], quality[-1]) == (min(costs), max(costs), max(qualities))


# ------------------------------------------------------------------------------------------- value of routing


def repeated(rows, times: int = 50) -> np.ndarray:
    return np.array(rows * times, dtype=float)


def test_the_value_is_the_part_of_the_oracles_gain_that_is_reached():
    # of four prompts: expert 0 right on 1, 2; expert 1 on 3; nobody on 4. Best single 1/2, oracle 3/4.
    outcomes = repeated([[1, 0], [1, 0], [0, 1], [0, 0]])
    n = len(outcomes)
    perfect, constant, wrong = np.array([0, 0, 1, 0] * 50), np.zeros(n, int), np.array([1, 0, 1, 0] * 50)
    groups = np.arange(n)
    found = routing_value(perfect, outcomes, groups)
    assert (found.routed.value, found.best_single.value, found.oracle.value, found.best_expert) == (0.75, 0.5, 0.75, 0)
    assert (found.n, found.value.value, found.denominator.value, found.why_not) == (200, 1.0, 0.25, "")
    assert found.value.low == found.value.high == 1.0  # it is the oracle in every sample
    assert found.denominator.low < 0.25 < found.denominator.high
    assert routing_value(constant, outcomes, groups).value.value == 0
    lost = routing_value(wrong, outcomes, groups)  # right on 2, 3: .5, no better than always expert 0
    assert lost.value.value == 0
    assert lost.value.low < 0 < lost.value.high


def test_worse_than_a_constant_is_negative():
    outcomes = repeated([[1, 0], [1, 0], [0, 1], [0, 0]])
    always_worse = routing_value(np.ones(200, int), outcomes, np.arange(200))
    assert always_worse.value.value == -1  # (.25 - .5) / .25
    assert always_worse.value.high < 0


def test_a_random_router_of_the_same_call_shares_stands_beside():
    # shares ¾ and ¼; means .5 and .25
    found = routing_value(np.array([0, 0, 1, 0] * 50), repeated([[1, 0], [1, 0], [0, 1], [0, 0]]), np.arange(200))
    assert found.random == pytest.approx(0.75 * 0.5 + 0.25 * 0.25)


def test_nobody_answers_with_the_quality_that_is_said():
    outcomes = repeated([[1, 0], [0, 1]])
    chosen = np.array([0, -1] * 50)
    assert routing_value(chosen, outcomes, np.arange(100)).routed.value == 0.5
    found = routing_value(np.array([0, 2] * 50), outcomes, np.arange(100), nobody=0.4)
    assert found.routed.value == pytest.approx(0.7)
    assert found.random == pytest.approx(0.5 * 0.5 + 0.5 * 0.4)


def test_a_gain_that_may_be_nothing_leaves_the_value_undefined():
    outcomes = np.array([[1.0, 0]] * 99 + [[0.0, 1]])  # one prompt of a hundred
    found = routing_value(np.zeros(100, int), outcomes, np.arange(100))
    assert math.isnan(found.value.value)
    assert found.why_not.startswith("Undefined: an oracle gains 0.010 [0.000, ")
    assert routing_value(np.zeros(100, int), np.ones((100, 2)), np.arange(100)).why_not.startswith("Undefined")


def test_copies_of_one_prompt_are_no_evidence():
    outcomes = repeated([[1, 0], [0, 1]])
    few = routing_value(np.array([0, 1] * 50), outcomes, np.arange(100) // 50)
    many = routing_value(np.array([0, 1] * 50), outcomes, np.arange(100))
    assert many.denominator.low > 0.3
    assert few.denominator.low == few.denominator.high == 0.5  # two groups that are alike
    one = routing_value(np.array([0, 1] * 50), outcomes, np.zeros(100, int))
    assert math.isnan(one.value.value)
    assert "near-duplicates" in one.why_not


def test_prompts_without_every_answer_are_left_out_and_none_left_is_a_sentence():
    outcomes = repeated([[1, 0], [0, 1], [np.nan, 1]])
    assert routing_value(np.array([0, 1, 1] * 50), outcomes, np.arange(150)).n == 100
    with pytest.raises(SearchError, match="None of the 2 prompts has a quality for every expert"):
        routing_value(np.zeros(2, int), np.array([[np.nan, 1], [1, np.nan]]), np.arange(2))


# ---------------------------------------------------------------------------------------------- real answers


@pytest.mark.real_data
def test_on_the_answers_of_routellm_the_check_values_come_out(shared_file):
    lines = shared_file("routellm/contaminated_gsm8k.jsonl").read_text(encoding="utf-8").splitlines()
    seen = {json.loads(line)["eval_prompt"] for line in lines}
    with shared_file("routellm/gsm8k_responses.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["prompt"] not in seen]
    models = ("mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview")
    outcomes = np.array([[row[model] == "True" for model in models] for row in rows], dtype=float)
    weak, strong = outcomes.T
    assert len(rows) == 1307
    assert (int((strong > weak).sum()), int((weak > strong).sum())) == (382, 94)
    assert [100 * weak.mean(), 100 * strong.mean(), 100 * oracle(outcomes)] == pytest.approx(
        [63.7337, 85.7689, 92.9610], abs=5e-5
    )
    # an oracle calls the strong model for what it alone can do, first; half of the gap is 144 of 288 prompts
    best = strong_curve(weak, strong, (strong - weak) - np.arange(1307) / 10_000)
    assert (best.weak, best.strong) == (pytest.approx(weak.mean()), pytest.approx(strong.mean()))
    assert (cpt(best, 0.5), cpt(best, 1)) == (144 / 1307, 288 / 1307)
    assert best.qualities.max() == pytest.approx(oracle(outcomes))
    found = routing_value(np.where(strong > weak, 1, 0), outcomes, np.arange(1307))
    assert (found.best_expert, found.value.value, found.n) == (1, pytest.approx(1), 1307)
    assert found.denominator.value == pytest.approx(94 / 1307)
    constant = routing_value(np.ones(1307, int), outcomes, np.arange(1307))
    assert (constant.value.value, constant.random) == (0, pytest.approx(strong.mean()))
