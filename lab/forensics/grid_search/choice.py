"""Choosing a setting from a grid, and how far to believe in it.

A best cell picked on the rows it is measured on flatters: on pure noise, 150 prompts and 2,601 cells show .554 where .5
is true. So the whole selection is drawn again and again (bootstrap by near-duplicate group). That tells how much a best
cell flatters (optimism), and which cells cannot be told from the best: the plateau. Its middle is recommended, since a
setting with room on every side is the one that moves least when prompts change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.forensics.evidence import Bools
from lab.forensics.grid_search.goals import Goal
from lab.forensics.grid_search.grid import Cell, Grid
from lab.forensics.measures import MACRO_F1, Values
from lab.forensics.metrics import Interval, resampled_groups

SAMPLES = 200
_WORK = 60_000_000  # cells × measures × samples: about a second
_LEAST_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """What a grid recommends for a goal."""

    goal: Goal
    best: Cell  # the best on the rows searched, which flatters
    centre: Cell  # the middle of the plateau around it: what is recommended
    plateau: Bools  # cells that keep the limits and cannot be told from the best; the grid's shape
    score: Values  # how well each cell serves the goal
    found: float  # the goal's measure of the best cell on the rows searched
    expected: Interval  # of the best cell on prompts like these that chose nothing: without its optimism
    optimism: float  # by how much the best cell flatters
    kept: bool  # whether some cell keeps all limits
    kept_share: float | None  # in what share of the samples the recommended cell keeps the limits; None without limits
    samples: int


def choose(grid: Grid, goal: Goal, *, seed: int = 0, samples: int = SAMPLES) -> Choice:
    """Return the recommended cell of a grid for a goal. Raises SearchError for a measure that is not known."""
    score = goal.score(grid.metric)
    kept = goal.is_kept(grid.metric)
    best = _highest(score, grid)
    draws = _draws(grid, goal, best, seed, samples)
    sign = 1.0 if goal.higher_is_better else -1.0
    optimism = draws.optimism(score) * sign
    value = float(grid.metric(goal.best)[best])
    plateau = kept & (score >= score[best] - draws.noise() - 1e-12) if kept.any() else score >= score[best]
    centre = _centre(plateau, score, best, grid)
    return Choice(
        goal=goal,
        best=best,
        centre=centre,
        plateau=plateau,
        score=score,
        found=value,
        expected=draws.interval(value - optimism, sign, optimism),
        optimism=optimism,
        kept=bool(kept.any()),
        kept_share=draws.kept_share(centre) if goal.limits else None,
        samples=len(draws.highest),
    )


@dataclass(frozen=True, slots=True)
class _Draws:
    """Of each bootstrap sample: its highest score and where, the score of the best cell of all rows, and who keeps."""

    highest: Values
    where: tuple[Cell, ...]
    of_best: Values
    best_kept: Bools
    kept: Values  # (cells): in how many samples each cell kept the limits

    def optimism(self, score: Values) -> float:
        """Return the mean of how much better a sample's best looks there than on all rows (Efron, 1983)."""
        fair = np.array([score[cell] for cell in self.where])
        sane = (self.highest > -1e7) & (fair > -1e7)
        return float((self.highest - fair)[sane].mean()) if sane.any() else 0.0

    def noise(self) -> float:
        """Return by how much the best cell falls behind a sample's own best, in 95 of 100 samples at most."""
        behind = (self.highest - self.of_best)[self.best_kept]
        return float(np.quantile(behind, 0.95)) if len(behind) else 0.0

    def interval(self, value: float, sign: float, optimism: float) -> Interval:
        """Return `value` with the interval of the best cell over the samples, moved by the optimism."""
        drawn = self.of_best[self.of_best > -1e7] * sign - optimism
        if not len(drawn):
            return Interval(value, float("nan"), float("nan"))
        low, high = np.quantile(drawn, (0.025, 0.975))
        return Interval(value, float(min(low, value)), float(max(high, value)))

    def kept_share(self, cell: Cell) -> float:
        """Return in what share of the samples a cell keeps the limits."""
        return float(self.kept[cell]) / max(len(self.highest), 1)


def _draws(grid: Grid, goal: Goal, best: Cell, seed: int, samples: int) -> _Draws:
    cost = int(np.prod(grid.shape)) * len(goal.measures) * (len(grid.sample.experts) if goal.best == MACRO_F1 else 1)
    count = max(_LEAST_SAMPLES, min(samples, _WORK // max(cost, 1)))
    base = 1.0 if grid.sample.weights is None else grid.sample.weights
    highest, of_best, where, best_kept = [], [], [], []
    kept = np.zeros(grid.shape)
    for counts in resampled_groups(grid.sample.groups, seed, count):
        drawn = [one.cells.weighted(counts * base) for one in grid.slices]
        known: dict[str, Values] = {}

        def measure(name: str, drawn: list = drawn, known: dict[str, Values] = known) -> Values:  # type: ignore[type-arg]
            if name not in known:
                known[name] = grid.assembled([cells.metric(name) for cells in drawn])
            return known[name]

        score, keeps = goal.score(measure), goal.is_kept(measure)
        top = _highest(score, grid)
        highest.append(score[top])
        of_best.append(score[best])
        where.append(top)
        best_kept.append(bool(keeps[best]))
        kept += keeps
    return _Draws(np.array(highest), tuple(where), np.array(of_best), np.array(best_kept), kept)


def _highest(score: Values, grid: Grid) -> Cell:
    return tuple(map(int, np.unravel_index(int(score.argmax()), grid.shape)))


def _centre(plateau: Bools, score: Values, best: Cell, grid: Grid) -> Cell:
    """Return the cell of the plateau that has most room around it, in the part that is connected with the best cell.

    Room is counted along the ordered axes, in cells, to the nearest cell that is worse or beyond the edge of the grid.
    Of equals the one with the higher score, then the one nearest to the middle of that part.
    """
    from scipy import ndimage

    ordered = [place for place, axis in enumerate(grid.axes) if axis.ordered]
    plane = tuple(slice(None) if place in ordered else best[place] for place in range(len(grid.axes)))
    here, scores = plateau[plane], score[plane]
    inside = tuple(best[place] for place in ordered)
    if here.ndim == 0:
        return best
    parts, _ = ndimage.label(here)
    mine = parts == parts[inside]
    room = ndimage.distance_transform_edt(np.pad(mine, 1))[(slice(1, -1),) * mine.ndim]
    middle = [float(axis.mean()) for axis in np.nonzero(mine)]
    away = sum((index - at) ** 2 for index, at in zip(np.indices(mine.shape), middle, strict=True))
    candidates = np.flatnonzero(mine.ravel())
    order = np.lexsort((away.ravel()[candidates], -scores.ravel()[candidates], -room.ravel()[candidates]))
    found = np.unravel_index(int(candidates[order[0]]), mine.shape)
    cell = list(best)
    for place, at in zip(ordered, found, strict=True):
        cell[place] = int(at)
    return tuple(cell)
