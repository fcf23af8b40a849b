"""Ratings and win rates: known answers, what counts, and what they must not depend on."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from ballot_box import ballot
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.metrics import wilson
from lab.preferences.bradley_terry import fit, spread
from lab.preferences.ratings import by_chance, by_origin, by_query_type, ratings


def test_75_to_25_without_a_penalty_is_log_3():
    strengths = fit(np.array([[0.0, 75.0], [25.0, 0.0]]), 0.0)
    assert strengths[0] - strengths[1] == pytest.approx(log(3))
    assert strengths.sum() == pytest.approx(0)


def test_three_in_a_row_multiply_their_odds():
    # wins as expected under strengths log 4, log 2, log 1: the fit gives them back, centred
    worth = np.array([4.0, 2.0, 1.0])
    wins = 60 * worth[:, None] / (worth[:, None] + worth[None, :]) * (1 - np.eye(3))
    assert fit(wins, 0.0) == pytest.approx(np.log(worth) - np.log(worth).mean())


def test_a_season_of_baseball_has_the_published_strengths():
    # American League East, 1987 (Agresti, "Categorical Data Analysis", 1990, 10.6): strengths against Baltimore's
    wins = np.array(
        [
            [0, 7, 9, 7, 7, 9, 11],  # Milwaukee
            [6, 0, 7, 5, 11, 9, 9],  # Detroit
            [4, 6, 0, 7, 7, 8, 12],  # Toronto
            [6, 8, 6, 0, 6, 7, 10],  # New York
            [6, 2, 6, 7, 0, 7, 12],  # Boston
            [4, 4, 5, 6, 6, 0, 6],  # Cleveland
            [2, 4, 1, 3, 1, 7, 0],  # Baltimore
        ],
        float,
    )
    strengths = fit(wins, 0.0)
    assert strengths - strengths[-1] == pytest.approx([1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0], abs=0.005)


def test_the_unbeaten_stay_finite_with_a_penalty_and_are_refused_without():
    wins = np.array([[0.0, 10.0], [0.0, 0.0]])
    strengths = fit(wins, 0.1)
    # the slope is 0: 10 * P(second wins) = 0.1 * θ
    assert 10 / (1 + exp(2 * strengths[0])) == pytest.approx(0.1 * strengths[0])
    with pytest.raises(ValueError, match="never lost"):
        fit(wins, 0.0)
    with pytest.raises(ValueError, match="never met"):
        fit(np.zeros((2, 2)), 0.0)


@given(st.lists(st.floats(0, 500), min_size=9, max_size=9))
def test_the_fit_is_where_the_slope_is_0(numbers):
    wins = np.array(numbers).reshape(3, 3) * (1 - np.eye(3))
    strengths = fit(wins, 0.1)
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    slope = (wins - (wins + wins.T) * chance).sum(axis=1) - 0.1 * strengths
    assert np.abs(slope).max() < 1e-6 * max(1.0, wins.sum())
    assert strengths.sum() == pytest.approx(0, abs=1e-6)
    assert np.isfinite(spread(wins, strengths, 0.1, np.zeros(3))).all()


def test_the_error_of_a_difference_is_that_of_its_log_odds():
    # 60 duels at odds 2 : 1 carry 60 * 2 / 9 of information on the difference, which is twice a centred strength
    wins = np.array([[0.0, 40.0], [20.0, 0.0]])
    for penalty in (0.0, 1e-6):
        error = spread(wins, fit(wins, penalty), penalty, np.zeros(2))
        assert error == pytest.approx([(60 * 2 / 9) ** -0.5 / 2] * 2, rel=1e-4)


def test_many_fits_at_once_are_the_fits_of_each():
    many = np.random.default_rng(1).integers(0, 9, (5, 4, 4)) * (1 - np.eye(4))
    assert fit(many, 0.1) == pytest.approx(np.array([fit(one, 0.1) for one in many]))


# ------------------------------------------------------------------------------------------------- from ballots


def duels(said, **other):
    return [ballot(f"d{place}", "ann", one, **other) for place, one in enumerate(said)]


def test_ratings_of_two_worked_by_hand():
    votes = duels(["first"] * 30 + ["second"] * 10 + ["equally_good"] * 20 + ["both_bad"] * 5)
    found = ratings(votes, penalty=0.0)
    best, other = found.contenders
    assert (best.name, best.duels, best.wins) == ("professor", 60, 40.0)  # 30 + 20 / 2
    assert best.strength.value.value == pytest.approx(log(40 / 20) / 2)
    assert best.against_mean.value.value == pytest.approx(2**0.5 / (1 + 2**0.5))
    assert other.strength.value.value == pytest.approx(-log(2) / 2)
    assert (found.votes, found.duels, found.both_bad, found.weighted) == (60, 60, 5, False)
    assert found.rates["professor", "zoomer"].value == wilson(40, 60)
    assert found.rates["zoomer", "professor"].value.value == pytest.approx(1 / 3)
    assert best.strength.value.low > 0  # 40 : 20 is told apart
    assert ratings(votes).contenders[0].strength.value.value == pytest.approx(log(2) / 2, rel=0.02)


def test_a_duel_counts_once_however_many_voted():
    votes = duels(["second"] * 10)
    votes += [ballot(f"x{place}", who, "first") for place in range(10) for who in ("ann", "ben", "cleo")]
    assert ratings(votes).rates["professor", "zoomer"].value.value == pytest.approx(0.5)
    split = [ballot("d", who, said) for who, said in (("a", "first"), ("b", "first"), ("c", "second"))]
    assert ratings(split).contenders[0].wins == pytest.approx(2 / 3)


def test_fewer_than_ten_duels_are_too_few_for_a_number():
    found = ratings(duels(["first"] * 9))
    assert found.contenders[0].strength.value is None
    assert found.contenders[0].strength.because == "too few votes: fewer than 10 duels"
    assert found.rates["professor", "zoomer"].value is None
    assert ratings([]).contenders == ()


def test_ten_wins_of_ten_are_no_certainty():
    interval = ratings(duels(["first"] * 10)).contenders[0].strength.value
    assert np.isfinite(interval).all()
    assert interval.low < interval.value < interval.high
    assert interval.low < 0.5  # a bootstrap alone has no width here


def test_different_probabilities_weigh_by_their_inverse():
    # 10 duels of 1 in 10 that the first wins, 10 of all that the second wins: 100 prompts against 10
    votes = duels(["first"] * 10, probability=0.1)
    votes += [ballot(f"x{place}", "ann", "second", rule="all", probability=1.0) for place in range(10)]
    found = ratings(votes, penalty=0.0)
    assert found.weighted
    assert found.rates["professor", "zoomer"].value.value == pytest.approx(100 / 110)
    assert found.contenders[0].strength.value.value * 2 == pytest.approx(log(10))
    assert found.effective == pytest.approx(110**2 / (10 * 100 + 10))  # weights 10 and 1
    unknown = [replace(one, probability=None) for one in votes]
    assert not ratings(unknown).weighted
    assert ratings(unknown).rates["professor", "zoomer"].value.value == pytest.approx(0.5)


def test_pools_are_kept_apart():
    votes = [
        *duels(["first"] * 2),
        ballot("hard", "ann", "first", rule="hardest"),
        ballot("down", "ann", "first", origin="thumbs_down", rule="picked"),
        ballot("file", "import:f", "first", origin="import", rule="all", annotator_kind="import"),
        ballot("d0", "import:f", "second", annotator_kind="import"),
        ballot("typed", "ann", "first", rule="all", query_type="maths"),
    ]
    chance = by_chance(votes)
    assert {one.duel_id for one in chance} == {"d0", "d1", "typed"}
    assert {one.annotator_id for one in chance} == {"ann"}
    assert list(by_origin(votes)) == [("bulk", "hardest"), ("import", "all"), ("thumbs_down", "picked")]
    assert list(by_query_type(chance)) == ["maths"]


def test_what_says_nothing_of_who_is_better_is_left_out_and_counted():
    votes = duels(["first"] * 10)
    votes += [ballot("same", "ann", "first", second_name="professor"), ballot("blind", "ann", "first", unblinded=True)]
    votes += [ballot("skip", "ann", "skip"), ballot("again", "ann", "first", round=2)]
    found = ratings(votes)
    assert (found.duels, found.one_name, found.both_bad) == (10, 1, 0)


def test_contenders_that_never_met_are_in_groups():
    votes = duels(["first"] * 10)
    votes += [ballot(f"x{place}", "ann", "first", first_name="x", second_name="y") for place in range(10)]
    found = ratings(votes)
    groups = {one.name: one.group for one in found.contenders}
    assert groups["professor"] == groups["zoomer"] != groups["x"] == groups["y"]


@given(st.lists(st.sampled_from(["first", "second", "equally_good"]), min_size=10, max_size=30), st.booleans())
def test_which_answer_is_first_and_which_stands_left_changes_nothing(said, left):
    votes = duels(said)
    turned = [
        replace(
            one,
            first_id=one.second_id, second_id=one.first_id,
            first_name=one.second_name, second_name=one.first_name,
            left_id=one.second_id if left else one.left_id,
        )
        for one in votes
    ]  # fmt: skip
    here, there = ratings(votes), ratings(turned)
    assert [one.name for one in here.contenders] == [one.name for one in there.contenders]
    for one, other in zip(here.contenders, there.contenders, strict=True):
        assert one.strength.value == pytest.approx(other.strength.value)


def test_duels_of_one_conversation_are_one_observation_of_who_wins():
    votes = duels(["first"] * 20 + ["second"] * 10)
    together = [replace(one, conversation_id=f"c{place // 3}") for place, one in enumerate(votes)]
    rate = ratings(together).rates["professor", "zoomer"]
    assert (rate.n, rate.value.value) == (30, pytest.approx(2 / 3))
    assert rate.value == pytest.approx(wilson(20 / 3, 10))
    unbeaten = [replace(one, conversation_id="one prompt") for one in duels(["first"] * 30)]
    assert (
        ratings(unbeaten).contenders[0].strength.value.low
        < 0
        < ratings(duels(["first"] * 30)).contenders[0].strength.value.low
    )


@pytest.mark.parametrize("wins", [[[0, 6e5], [4e5, 0]], [[0, 2e6, 5e5], [1e6, 0, 3e6], [4e6, 1e-9, 0]]])
def test_a_fit_of_a_million_duels_ends(wins):
    # the penalty alone holds the mean, and rounding moves that by more than 1e-10 a step
    wins = np.array(wins)
    strengths = fit(wins, 0.1)
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    assert np.abs((wins - (wins + wins.T) * chance).sum(axis=1) - 0.1 * strengths).max() < 1e-6 * wins.sum()


def test_duels_against_somebody_do_not_reach_the_rating_by_chance():
    # two equal experts; thumbs-down duels are picked where the professor failed
    draw = np.random.default_rng(2)
    fair = [ballot(f"r{place}", "ann", str(draw.choice(["first", "second"]))) for place in range(400)]
    down = [
        ballot(f"t{place}", "ann", "second" if draw.random() < 0.75 else "first", origin="thumbs_down", rule="picked")
        for place in range(400)
    ]
    hard = [ballot(f"h{place}", "ann", "second", rule="hardest") for place in range(400)]
    rated = ratings(by_chance(fair + down + hard))
    assert rated.rates["professor", "zoomer"].n == 400
    assert rated.rates["professor", "zoomer"].value.low < 0.5 < rated.rates["professor", "zoomer"].value.high
    apart = {pool: ratings(some).rates["zoomer", "professor"].value for pool, some in by_origin(fair + down).items()}
    assert apart["thumbs_down", "picked"].low > 0.6
