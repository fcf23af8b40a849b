"""Choosing a setting: honest on noise, steady on a signal, never outside its limits."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import two_experts

from lab.errors import SearchError
from lab.forensics.evidence import Layer1, Layer2
from lab.forensics.grid_search.axes import Axis, regular
from lab.forensics.grid_search.choice import check_measurable, choose
from lab.forensics.grid_search.goals import parse_goal
from lab.forensics.grid_search.grid import Grid
from lab.forensics.sample import Stakes, sample_of

CONFIG = two_experts(strategy="semantic")
EXPERTS = ("professor", "zoomer")


class Scores:
    """Evidence with scores of our own making, and nothing matched in layer 1."""

    def __init__(self, scores):
        self.found, self.n = Layer2.of(np.round(scores, 6)), len(scores)

    def layer1(self, config):
        nobody = np.full(self.n, -1)
        return Layer1(nobody, nobody)

    def layer2(self, config):
        return self.found


def grid(scores, labels, axes, stakes=None):
    found = Scores(scores)
    return Grid(CONFIG, axes, sample_of(CONFIG, labels), lambda _: found, stakes)


def zoomer_by_score(n, threshold, seed, noise=0.0):
    """Rows whose zoomer score tells the label: zoomer above the threshold, but for a share of noise."""
    draw = np.random.default_rng(seed)
    score = draw.uniform(0, 1, n)
    labels = ["zoomer" if (one >= threshold) != (draw.random() < noise) else "professor" for one in score]
    return np.column_stack([np.full(n, -1.0), score]), labels


def test_on_pure_noise_the_expected_accuracy_holds_one_half():
    held, flattering = 0, 0
    for seed in range(20):
        draw = np.random.default_rng(seed)
        labels = [EXPERTS[one] for one in draw.integers(0, 2, 150)]
        axes = [regular("threshold:zoomer", 0, 1, 51), regular("min_margin", 0, 1, 51)]
        found = choose(
            grid(draw.uniform(0, 1, (150, 2)), labels, axes), parse_goal("best accuracy", EXPERTS), seed=seed
        )
        held += found.expected.low <= 0.5 <= found.expected.high
        flattering += found.found > 0.5
    assert flattering >= 16  # the best of 2,601 cells looks better than it is
    assert held >= 18  # 95 of 100, on average


def test_a_clear_signal_is_found_and_its_plateau_is_narrow():
    scores, labels = zoomer_by_score(2_000, 0.4, seed=1)
    found = choose(grid(scores, labels, [regular("threshold:zoomer", 0, 1, 101)]), parse_goal("best accuracy", EXPERTS))
    assert found.best == found.centre == (40,)
    assert found.plateau.sum() == 1
    assert found.expected.value == pytest.approx(1.0, abs=0.001)


def test_the_middle_of_a_plateau_is_recommended():
    draw = np.random.default_rng(3)
    score = np.concatenate([draw.uniform(0, 0.3, 300), draw.uniform(0.7, 1, 300)])
    labels = ["professor"] * 300 + ["zoomer"] * 300
    found = choose(
        grid(np.column_stack([np.full(600, -1.0), score]), labels, [regular("threshold:zoomer", 0, 1, 101)]),
        parse_goal("best accuracy", EXPERTS),
    )
    assert found.found == 1.0
    assert found.centre[0] in (49, 50, 51)
    assert set(np.flatnonzero(found.plateau)) >= set(range(31, 70))


def test_noise_widens_the_plateau_but_not_with_more_rows():
    sizes = []
    for n in (100, 1_000, 10_000):
        scores, labels = zoomer_by_score(n, 0.5, seed=n, noise=0.4)
        found = choose(
            grid(scores, labels, [regular("threshold:zoomer", 0, 1, 101)]), parse_goal("best accuracy", EXPERTS)
        )
        assert found.plateau[50]
        sizes.append(int(found.plateau.sum()))
    assert sizes[0] > sizes[1] > sizes[2]


def test_limits_bound_what_is_recommended_and_say_how_often_they_hold():
    scores, labels = zoomer_by_score(1_000, 0.5, seed=5, noise=0.1)
    stakes = Stakes(call={"professor": 10.0, "zoomer": 1.0})
    goal = parse_goal("at most 5 % of professor prompts to zoomer, then cheapest", EXPERTS)
    one = grid(scores, labels, [regular("threshold:zoomer", 0, 1, 101)], stakes)
    found = choose(one, goal)
    leaks = one.metric("leak:professor>zoomer")
    assert found.kept
    assert leaks[found.best] <= 0.05
    assert (leaks[found.plateau] <= 0.05).all()
    assert 0.0 < found.kept_share <= 1.0


def test_limits_that_nothing_keeps_are_said_and_the_nearest_setting_is_shown():
    scores, labels = zoomer_by_score(300, 0.5, seed=6, noise=0.3)
    one = grid(scores, labels, [regular("threshold:zoomer", 0, 1, 101)])
    found = choose(one, parse_goal("at least 99 % accuracy, then best coverage", EXPERTS))
    assert not found.kept
    assert one.metric("accuracy")[found.best] == one.metric("accuracy").max()


def test_copies_are_no_second_opinion():
    scores, labels = zoomer_by_score(60, 0.5, seed=7, noise=0.25)
    found, copied = (
        choose(
            Grid(
                CONFIG,
                [regular("threshold:zoomer", 0, 1, 51)],
                sample_of(CONFIG, labels * times, groups=np.tile(np.arange(60), times)),
                lambda _, times=times: Scores(np.tile(scores, (times, 1))),
            ),
            parse_goal("best accuracy", EXPERTS),
        )
        for times in (1, 10)
    )
    assert copied.expected == pytest.approx(found.expected)


def test_the_same_seed_chooses_the_same():
    scores, labels = zoomer_by_score(200, 0.5, seed=8, noise=0.3)
    one = grid(scores, labels, [regular("threshold:zoomer", 0, 1, 51), Axis("min_margin", (0.0, 0.1))])
    goal = parse_goal("best macro-F1", EXPERTS)
    first, second = (choose(one, goal, seed=4) for _ in range(2))
    assert (first.best, first.centre, first.expected) == (second.best, second.centre, second.expected)


def test_a_measure_of_a_few_rows_is_no_best_one():
    scores, labels = zoomer_by_score(300, 0.5, seed=2, noise=0.3)
    top = scores[:, 1].max()
    scores, labels = np.vstack([scores, [[-1.0, top + 1e-3]] * 2]), [*labels, "zoomer", "zoomer"]
    axes = [regular("threshold:zoomer", 0, 1.0, 101)]
    found = choose(grid(scores, labels, axes), parse_goal("best precision of zoomer", EXPERTS))
    claimed = (scores[:, 1] >= axes[0].values[found.best[0]]).sum()
    assert claimed >= 5
    assert found.plateau.mean() < 0.9
    assert 0 <= found.flattery < 0.3


def test_of_settings_that_cost_the_same_one_that_is_right_more_often_is_recommended():
    scores, labels = zoomer_by_score(400, 0.5, seed=4, noise=0.1)
    one = grid(scores, labels, [regular("threshold:zoomer", 0, 1, 101)])  # every call costs 1
    found = choose(one, parse_goal("cheapest", EXPERTS))
    assert found.plateau.all()
    accuracy = one.metric("accuracy")
    assert accuracy[found.centre] >= accuracy.max() - 0.02


def test_where_the_plateau_allows_the_recommended_setting_keeps_its_limits_in_nine_of_ten_samples():
    scores, labels = zoomer_by_score(400, 0.5, seed=7, noise=0.15)
    goal = parse_goal("at most 12 % of professor prompts to zoomer, then best accuracy", EXPERTS)
    found = choose(grid(scores, labels, [regular("threshold:zoomer", 0, 1, 101)]), goal)
    assert found.kept_share >= 0.9


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        ("fastest", "none was measured"),
        ("lowest overhead", "none was measured"),
        ("at least 80 % recall of none, then best accuracy", "no row to search on is labelled none"),
        ("at most 2 % of none prompts to zoomer", "there is no such row"),
    ],
)
def test_what_cannot_be_measured_here_is_said(goal, says):
    scores, labels = zoomer_by_score(50, 0.5, seed=1)
    with pytest.raises(SearchError, match=says):
        check_measurable(
            grid(scores, labels, [regular("threshold:zoomer", 0, 1, 11)]),
            parse_goal(goal, EXPERTS, dearest="professor"),
        )


def test_answers_that_nobody_timed_are_named():
    scores, labels = zoomer_by_score(50, 0.5, seed=1)
    stakes = Stakes(answer_ms={"professor": 900.0}, overhead_ms=(0.1, 4.0))
    one = grid(scores, labels, [regular("threshold:zoomer", 0, 1, 11)], stakes)
    with pytest.raises(SearchError, match="no answer of zoomer was timed"):
        check_measurable(Grid(CONFIG, [Axis("threshold:zoomer", (0.0,))], one.sample, lambda _: Scores(scores), stakes),
                         parse_goal("fastest", EXPERTS))  # fmt: skip
