"""Which prompts come first to be labelled."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.forensics.evidence import NOBODY, Layer1, Layer2
from lab.forensics.hardest import hardest_first, hardness


class Told:
    """Evidence as a test writes it down: per prompt the settled expert under both policies, score, margin, best."""

    def __init__(self, defer, priority, best, score, margin):
        self._first = Layer1(np.array(defer), np.array(priority))
        scores = np.zeros((len(defer), 2))
        self._second = Layer2(np.array(best), np.array(score, float), np.array(margin, float), scores)

    def layer1(self, config):
        return self._first

    def layer2(self, config):
        return None if config.strategy == "keyword" else self._second


N = NOBODY


def order(evidence, n, **changes):
    return hardest_first(evidence, two_experts(**changes), np.arange(n)).tolist()


def test_the_smallest_margin_comes_first():
    assert order(Told([N] * 3, [N] * 3, [0, 0, 0], [0.9, 0.9, 0.9], [0.4, 0.05, 0.2]), 3) == [1, 2, 0]


def test_of_margins_alike_to_a_hundredth_the_one_nearest_to_its_threshold_comes_first():
    # the threshold of both experts is .5; margins .101 and .109 are one step
    assert order(Told([N] * 3, [N] * 3, [0, 1, 0], [0.9, 0.52, 0.3], [0.101, 0.109, 0.105]), 3) == [1, 2, 0]


def test_of_those_a_conflict_of_patterns_comes_first():
    assert order(Told([N, N], [N, 0], [0, 0], [0.6, 0.6], [0.1, 0.1]), 2) == [1, 0]


def test_what_layer_1_settles_comes_last_whatever_its_margin():
    assert order(Told([0, N], [0, N], [0, 0], [0.5, 0.9], [0.0, 0.9]), 2) == [1, 0]


def test_a_conflict_that_priority_settles_is_settled():
    told = Told([N, N], [0, N], [0, 0], [0.5, 0.9], [0.0, 0.9])
    assert order(told, 2, on_conflict="priority") == [1, 0]
    assert order(told, 2, on_conflict="defer") == [0, 1]


def test_a_router_of_patterns_alone_asks_for_conflicts_first():
    assert order(Told([N, N, 0], [N, 1, 0], [0] * 3, [0] * 3, [0] * 3), 3, strategy="keyword") == [1, 0, 2]


@pytest.mark.parametrize("rows", [[], [2], [2, 0]])
def test_only_the_rows_that_are_asked_for_come_back(rows):
    told = Told([N] * 3, [N] * 3, [0] * 3, [0.9] * 3, [0.4, 0.05, 0.2])
    assert sorted(hardest_first(told, two_experts(), np.array(rows, dtype=np.int64)).tolist()) == sorted(rows)


def test_hardness_is_a_number_that_does_not_depend_on_the_other_prompts():
    # margins .005 and .255, that is 0 and 25 steps; distances .1 and .4 from the threshold .5; the third is settled
    told = Told([N, N, 0], [N, N, 0], [0, 0, 0], [0.6, 0.9, 0.9], [0.005, 0.255, 0.0])
    found = hardness(told, two_experts(), np.arange(3))
    expected = [1 - (0 + 0.99 * 0.05 + 1e-8) / 201, 1 - (25 + 0.99 * 0.2 + 1e-8) / 201, 0.0]
    assert found == pytest.approx(expected, abs=1e-12)


def test_hardness_of_a_router_without_layer_2_tells_conflicts_from_the_rest():
    found = hardness(Told([N, N, 0], [N, 1, 0], [0] * 3, [0] * 3, [0] * 3), two_experts(strategy="keyword"), [0, 1, 2])
    assert 1 > found[1] > found[0] > found[2] == 0


GRID = st.integers(0, 1_000_000).map(lambda millionths: millionths / 1_000_000)
PROMPT = st.tuples(st.sampled_from([N, 0, 1]), st.sampled_from([N, 0, 1]), st.sampled_from([0, 1]), GRID, GRID)


@given(st.lists(PROMPT, min_size=1, max_size=12))
def test_hardness_falls_in_the_order_in_which_to_label(prompts):
    told = Told(*zip(*prompts, strict=True))
    found = hardness(told, two_experts(), np.arange(len(prompts)))
    in_order = found[hardest_first(told, two_experts(), np.arange(len(prompts)))]
    assert np.all(np.diff(in_order) <= 0)
    assert np.all((found >= 0) & (found <= 1))
