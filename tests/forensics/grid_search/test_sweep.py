"""The exact search: no grid, however fine, finds a better setting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import two_experts
from forensics.small import evidence, sample, three_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import SearchError
from lab.forensics.evidence import Layer1, Layer2
from lab.forensics.grid_search.axes import Axis
from lab.forensics.grid_search.cells import single
from lab.forensics.grid_search.goals import parse_goal
from lab.forensics.grid_search.grid import Grid
from lab.forensics.grid_search.sweep import best_own_thresholds, exact
from lab.forensics.sample import Measured, Stakes, sample_of

GOALS = (
    "best accuracy",
    "60 % coverage",
    "lowest misroute cost",
    "at most 20 % of professor prompts to zoomer, then cheapest",
    "at least 50 % precision of zoomer, then best coverage",
    "at least 30 % recall of none, then best accuracy",
    "at most 0 % of calls to professor, then best accuracy",
)
PAIRS = (
    ("threshold", "min_margin"),
    ("threshold:zoomer", "threshold:professor"),
    ("threshold:zoomer", "min_margin"),
    ("threshold",),
    ("min_margin",),
)
STAKES = Stakes(call={"professor": 3.0, "zoomer": 1.0}, misroute={("professor", "zoomer"): 2.5})


@given(
    goal=st.sampled_from(GOALS),
    names=st.sampled_from(PAIRS),
    strategy=st.sampled_from(["hybrid", "semantic"]),
    three=st.booleans(),
    n=st.sampled_from([3, 17, 60]),
)
def test_no_breakpoint_is_better_than_what_the_sweep_finds(goal, names, strategy, three, n):
    config = (three_experts if three else two_experts)(strategy=strategy)
    asked = parse_goal(goal, [expert.name for expert in config.experts])
    labelled = sample(config, n)
    measured = Measured.of(labelled, config, evidence(n))
    found = exact(measured, names, asked, STAKES)
    probe = Grid(config, [Axis(name, (0.0,)) for name in names], labelled, lambda _: evidence(n), STAKES)
    axes = []
    for axis in probe.axes:
        points = probe.breakpoints(axis)
        highest = 2.0 if axis.name == "min_margin" else 1.0
        above = [points[-1] + 1e-6] if len(points) and points[-1] < highest else []
        axes.append(Axis(axis.name, (*map(float, points), *above) or (0.0,)))
    grid = Grid(config, axes, labelled, lambda _: evidence(n), STAKES)
    score = asked.score(grid.metric)
    assert found.settings == score.size
    best = Grid(
        config,
        [Axis(name, (value,)) for name, value in zip(names, found.values, strict=True)],
        labelled,
        lambda _: evidence(n),
        STAKES,
    )
    assert float(asked.score(best.metric).ravel()[0]) == pytest.approx(score.max(), rel=1e-9)
    assert found.kept == bool(asked.is_kept(best.metric).all())
    for name, value in found.measures.items():
        assert best.metric(name).ravel()[0] == pytest.approx(value, nan_ok=True)


@given(strategy=st.sampled_from(["hybrid", "semantic"]), three=st.booleans(), n=st.sampled_from([1, 9, 60]))
def test_own_thresholds_are_the_best_of_all_combinations(strategy, three, n):
    config = (three_experts if three else two_experts)(strategy=strategy)
    labelled = sample(config, n)
    best = best_own_thresholds(Measured.of(labelled, config, evidence(n)), "accuracy")
    reached = single(Measured.of(labelled, best, evidence(n)), "accuracy")
    axes = []
    for expert in config.experts:
        axis = Axis(f"threshold:{expert.name}", (0.0,))
        points = Grid(config, [axis], labelled, lambda _: evidence(n)).breakpoints(axis)
        axes.append(Axis(axis.name, (-1.0, *map(float, points[-12:]), 1.0)))
    brute = Grid(config, axes, labelled, lambda _: evidence(n)).metric("accuracy").max()
    assert reached >= brute - 1e-12


def test_a_threshold_stands_in_the_middle_of_its_gap():
    config = two_experts(strategy="semantic")
    labelled = sample_of(config, ["zoomer", "zoomer", "professor"])
    scores = np.array([[0.1, 0.9], [0.2, 0.8], [0.1, 0.4]])
    nobody = np.full(3, -1)
    measured = Measured(labelled, config, Layer1(nobody, nobody), Layer2.of(scores))
    best = best_own_thresholds(measured, "accuracy")
    assert best.expert("zoomer").threshold == pytest.approx(0.6, abs=1e-5)
    found = exact(measured, ["threshold"], parse_goal("best accuracy", labelled.experts))
    assert found.values == (0.8,)
    assert found.measures == {"accuracy": 1.0}


def test_a_limit_that_nothing_keeps_gives_the_setting_nearest_to_it():
    config = two_experts()
    measured = Measured.of(sample(config, 60), config, evidence(60))
    found = exact(measured, ["threshold"], parse_goal("at least 100 % recall of zoomer", ["professor", "zoomer"]))
    assert not found.kept
    best = max(
        single(Measured.of(sample(config, 60), replace(config, threshold=t), evidence(60)), "recall:zoomer")
        for t in np.linspace(-1, 1, 201)
    )
    assert found.measures["recall:zoomer"] == pytest.approx(best)


def test_macro_f1_is_for_the_grid_only():
    config = two_experts()
    measured = Measured.of(sample(config, 9), config, evidence(9))
    with pytest.raises(SearchError, match="on the grid only"):
        exact(measured, ["threshold"], parse_goal("best macro-F1", ["professor", "zoomer"]))


def test_rows_that_reach_one_are_claimed_whatever_the_threshold():
    config = two_experts(strategy="semantic")
    labelled = sample_of(config, ["professor", "professor", "zoomer"])
    scores = np.array([[0.1, 1.0], [0.1, 1.0], [0.1, 0.5]])
    nobody = np.full(3, -1)
    measured = Measured(labelled, config, Layer1(nobody, nobody), Layer2.of(scores))
    best = best_own_thresholds(measured, "accuracy")
    reached = single(Measured(labelled, best, measured.layer1, measured.layer2), "accuracy")
    assert reached == pytest.approx(1 / 3)  # and not what "claim nothing" would give


@pytest.mark.parametrize("strategy", ["hybrid", "semantic", "keyword"])
def test_time_is_charged_for_the_layers_that_a_strategy_has(strategy):
    config = two_experts(strategy=strategy)
    stakes = Stakes(overhead_ms=(3.0, 7.0))
    labelled = sample(config, 60)
    one = Measured.of(labelled, config, evidence(60))
    axis = Axis("threshold", (0.3,))
    cell = Grid(config, [axis], labelled, lambda _: evidence(60), stakes).metric("overhead_ms").item()
    settled = (evidence(60).layer1(config).take(labelled.rows).settled("defer") >= 0).mean()
    wanted = {"semantic": 7.0, "keyword": 3.0, "hybrid": 3.0 + 7.0 * (1 - settled)}[strategy]
    assert cell == pytest.approx(wanted)
    assert single(one, "overhead_ms", stakes) == pytest.approx(wanted)
    if strategy != "keyword":
        found = exact(one, ["threshold"], parse_goal("lowest overhead", labelled.experts), stakes)
        assert found.measures["overhead_ms"] == pytest.approx(wanted)
