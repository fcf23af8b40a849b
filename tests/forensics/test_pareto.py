"""The front: exactly the points that nothing dominates."""

from __future__ import annotations

import numpy as np
import pytest
from doubles import two_experts
from forensics.small import evidence, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.forensics.grid_search.axes import Axis, regular
from lab.forensics.grid_search.grid import Grid
from lab.forensics.measures import ACCURACY, COST, END_TO_END, OVERHEAD, end_to_end_ms, overhead_ms, ratio
from lab.forensics.pareto import alike, front, seen
from lab.forensics.pareto import settings as settings_of
from lab.forensics.sample import Stakes

VALUES = st.one_of(st.integers(-3, 3).map(float), st.floats(-1, 1), st.just(float("nan")))


def by_force(points, higher):
    """Compare every point with every other one, as the definition says."""
    signs = [1 if one else -1 for one in higher]
    turned = [[sign * value for sign, value in zip(signs, point, strict=True)] for point in points]
    sane = [place for place, point in enumerate(points) if not any(value != value for value in point)]

    def beaten(place):
        return any(
            all(a >= b for a, b in zip(turned[other], turned[place], strict=True)) and turned[other] != turned[place]
            for other in sane
        )

    return [place for place in sane if not beaten(place)]


@given(
    points=st.integers(2, 4).flatmap(lambda many: st.lists(st.tuples(*[VALUES] * many), min_size=1, max_size=40)),
    flags=st.lists(st.booleans(), min_size=4, max_size=4),
)
@settings(max_examples=300)
def test_the_front_is_what_brute_force_finds(points, flags):
    higher = flags[: len(points[0])]
    assert front(points, higher).tolist() == by_force(points, higher)


def test_accuracy_up_cost_down_worked_by_hand():
    # (.9, 3) beats (.8, 3); (.7, 1) is cheapest; (.85, 2) lies between; (.85, 2.5) is beaten by it
    points = [(0.9, 3), (0.8, 3), (0.7, 1), (0.85, 2), (0.85, 2.5)]
    assert front(points, (True, False)).tolist() == [0, 2, 3]


def test_a_third_objective_keeps_what_two_would_drop():
    # accuracy, ms, cost: the second point is as accurate and dearer than the first, but quicker
    points = [(0.9, 40.0, 1.0), (0.9, 10.0, 2.0), (0.8, 50.0, 3.0)]
    assert front(points, (True, False, False)).tolist() == [0, 1]
    assert front([point[::2] for point in points], (True, False)).tolist() == [0]


def test_equal_points_are_all_on_the_front():
    assert front([(1.0, 2.0), (1.0, 2.0), (0.5, 2.0)], (True, False)).tolist() == [0, 1]


def test_points_that_cannot_be_compared_are_on_no_front():
    assert front([(0.9, float("nan")), (0.1, 5.0)], (True, False)).tolist() == [1]
    assert front(np.full((3, 2), np.nan), (True, False)).tolist() == []


def test_a_million_points_are_no_wait():
    draw = np.random.default_rng(0)
    points = np.round(draw.random((1_000_000, 2)), 3)
    found = front(points, (True, False))
    best = points[found]
    assert (np.diff(best[np.argsort(best[:, 1], kind="stable"), 0]) >= 0).all()
    assert not ((points[:, :1] > best[:, 0]) & (points[:, 1:] <= best[:, 1])).any()


def test_one_point_of_each_place_of_the_picture_is_seen():
    x = [0.0, 0.001, 1.0, 1.0, np.nan]
    y = [0.0, 0.001, 1.0, 0.0, 0.5]
    assert seen(x, y, 10, 10).tolist() == [0, 2, 3]
    assert seen([2.0, 2.0], [1.0, 1.0]).tolist() == [0]
    assert seen([np.nan], [1.0]).tolist() == []


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=80))
def test_every_point_has_one_that_is_seen_near_by(points):
    x, y = np.array(points).T
    kept = seen(x, y, 8, 8)
    near_x = np.abs(x[:, None] - x[kept]) <= (np.ptp(x) / 8 + 1e-9)
    near_y = np.abs(y[:, None] - y[kept]) <= (np.ptp(y) / 8 + 1e-9)
    assert (near_x & near_y).any(axis=1).all()
    assert len(kept) <= 64


def test_equal_points_come_in_one_group():
    points = np.array([(2.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 0.0)])
    assert [group.tolist() for group in alike(points, np.array([0, 1, 2]))] == [[1], [0, 2]]
    assert alike(points, np.zeros(0, dtype=np.int64)) == []


@pytest.mark.parametrize("higher", [(True, True), (False, False)])
def test_the_way_that_is_better_is_respected(higher):
    assert front([(0.0, 0.0), (1.0, 1.0)], higher).tolist() == [int(higher[0])]


def test_the_points_of_a_grid_are_what_each_of_its_routers_measures():
    config = two_experts()
    stakes = Stakes(
        call={"professor": 3.0}, answer_ms={"professor": 900.0, "zoomer": 100.0}, overhead_ms=(0.5, 7.0)
    )  # fmt: skip
    axes = [regular("threshold", 0, 1, 4), Axis("strategy", ("keyword", "semantic", "hybrid"))]
    labelled = sample(config, 40)
    grid = Grid(config, axes, labelled, lambda _: evidence(40), stakes)
    found = settings_of(grid, [ACCURACY, COST, OVERHEAD, END_TO_END])
    assert found.shape == (12, 4)
    for place in range(12):
        cell = tuple(map(int, np.unravel_index(place, grid.shape)))
        out = grid.outcomes_at(cell)
        assert found[place].tolist() == pytest.approx(
            [
                ratio(ACCURACY, labelled, stakes).of(labelled, out),
                ratio(COST, labelled, stakes).of(labelled, out),
                overhead_ms(out, stakes).mean(),
                end_to_end_ms(out, labelled, stakes).mean(),
            ]
        )
