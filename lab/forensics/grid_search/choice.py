"""Choosing a setting from a grid, and how far to believe in it.

A best cell picked on the rows it is measured on flatters: on pure noise, 150 prompts and 2,601 cells show .554 where .5
is true. So the whole selection is drawn again and again (bootstrap by near-duplicate group). That tells how much a best
cell flatters (optimism), and which cells cannot be told from the best: the plateau. Its middle is recommended, since a
setting with room on every side is the one that moves least when prompts change; where the goal has limits, the middle
of those of its cells that keep them in nine of ten samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import Bools
from lab.forensics.grid_search.goals import UNDEFINED, Goal
from lab.forensics.grid_search.grid import Cell, Grid
from lab.forensics.measures import (
    ACCURACY,
    CARELESS,
    COVERAGE,
    END_TO_END,
    MACRO_F1,
    NONE_RECALL,
    OVERHEAD,
    Values,
)
from lab.forensics.metrics import Interval, resampled_groups
from lab.types import NONE

SAMPLES = 200
_WORK = 60_000_000  # cells × measures × samples: about a second
_LEAST_SAMPLES = 50
_LEAST_ROWS = 5  # a share of fewer rows is no best one: of three claims all are right every now and then
_KEEPS = 0.9  # share of the samples in which a recommended setting keeps the limits, where the plateau has such ones


@dataclass(frozen=True, slots=True)
class Choice:
    """What a grid recommends for a goal."""

    goal: Goal
    best: Cell  # the best on the rows searched, which flatters
    centre: Cell  # the middle of the plateau: what is recommended
    plateau: Bools  # cells that keep the limits and cannot be told from the best; the grid's shape
    score: Values  # how well each cell serves the goal
    found: float  # the goal's measure of the best cell on the rows searched
    expected: Interval  # of the best cell, less its estimated optimism; on little data still a little optimistic
    optimism: float  # what to take from `found`: how much better a best cell looks on the rows that chose it
    kept: bool  # whether some cell keeps all limits
    kept_share: float | None  # in what share of the samples the recommended cell keeps the limits; None without limits
    samples: int

    @property
    def flattery(self) -> float:
        """By how much the best cell looks better than it is, whichever way is better; never below 0."""
        return max(self.optimism if self.goal.higher_is_better else -self.optimism, 0.0)


def check_measurable(grid: Grid, goal: Goal) -> None:
    """Raise SearchError where a measure that the goal asks for is undefined whatever the setting, and say why."""
    for name in goal.measures:
        if np.isnan(grid.metric(name)).all():
            raise SearchError(_undefined(name, grid))


def _undefined(name: str, grid: Grid) -> str:
    experts, stakes = grid.sample.experts, grid.stakes
    kind, _, whose = name.partition(":")
    if name in (OVERHEAD, END_TO_END) and stakes.overhead_ms is None:
        return "The goal asks for times, and none was measured here. Route some prompts on the Route page."
    if name == END_TO_END:
        untimed = [expert for expert in experts if expert not in stakes.answer_ms]
        return (
            f"The goal asks for end-to-end time, and no answer of {', '.join(untimed[:3])} was timed here. Let every "
            "expert answer some prompts on the Route page."
        )
    if name == NONE_RECALL or (kind == "recall" and whose == NONE):
        return "The goal asks for the recall of none, and no row to search on is labelled none. Add such rows."
    if kind == "recall":
        return f"The goal asks for the recall of {whose}, and no row to search on is labelled so. Add such rows."
    if kind == "leak":
        return f"The goal asks where some prompts go, and there is no such row to search on ({name[5:]})."
    return f"Nothing is ever decided that the goal could be measured on ({name}). Take other axes."


def choose(grid: Grid, goal: Goal, *, seed: int = 0, samples: int = SAMPLES) -> Choice:
    """Return the recommended cell of a grid for a goal. Raises SearchError for a measure that is not known."""
    thin = _thin(grid, goal)
    score = _scored(goal, grid.metric, thin)
    kept = goal.is_kept(grid.metric)
    best = _highest(score, grid)
    draws = _draws(grid, goal, best, thin, seed, samples)
    sign = 1.0 if goal.higher_is_better else -1.0
    optimism = draws.optimism(score) * sign
    value = float(grid.metric(goal.best)[best])
    plateau = kept & (score >= score[best] - draws.noise() - 1e-12) if kept.any() else score >= score[best]
    safe = plateau & (draws.kept >= _KEEPS * len(draws.highest))
    pool = safe if goal.limits and safe.any() else plateau
    if goal.best in (*CARELESS, COVERAGE) or goal.best.startswith("calls:"):
        pool = _righter(pool, grid)
    centre = _centre(pool, score, _highest(np.where(pool, score, -np.inf), grid), grid)
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


def _righter(pool: Bools, grid: Grid) -> Bools:
    """Return the cells of a pool whose accuracy is within a standard error of the best there (Breiman et al., 1984).

    What costs, or claims, the same is not the same to those who asked.
    """
    accuracy = np.where(pool, grid.metric(ACCURACY), -np.inf)
    most = float(accuracy.max())
    close: Bools = accuracy >= most - np.sqrt(max(most * (1 - most), 0.0) / len(grid.sample)) - 1e-12
    return pool & close


def _thin(grid: Grid, goal: Goal) -> Bools:
    """Return the cells whose goal is measured on so few rows that it says nothing; none where all are such."""
    if goal.best == MACRO_F1:
        return np.zeros(grid.shape, dtype=bool)
    thin = grid.assembled([one.cells.rows_behind(goal.best) for one in grid.slices]) < _LEAST_ROWS
    return thin & ~thin.all()


def _scored(goal: Goal, measure: Callable[[str], Values], thin: Bools) -> Values:
    score = goal.score(measure)
    return np.where(thin & (score > UNDEFINED), UNDEFINED, score)


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
        sane = (self.highest > UNDEFINED) & (fair > UNDEFINED)
        return float((self.highest - fair)[sane].mean()) if sane.any() else 0.0

    def noise(self) -> float:
        """Return by how much the best cell falls behind a sample's own best, in 95 of 100 samples at most."""
        behind = (self.highest - self.of_best)[self.best_kept & (self.of_best > UNDEFINED)]
        return float(np.quantile(behind, 0.95)) if len(behind) else 0.0

    def interval(self, value: float, sign: float, optimism: float) -> Interval:
        """Return `value` with the interval of the best cell over the samples, moved by the optimism."""
        drawn = self.of_best[self.of_best > UNDEFINED] * sign - optimism
        if not len(drawn):
            return Interval(value, float("nan"), float("nan"))
        low, high = np.quantile(drawn, (0.025, 0.975))
        return Interval(value, float(min(low, value)), float(max(high, value)))

    def kept_share(self, cell: Cell) -> float:
        """Return in what share of the samples a cell keeps the limits."""
        return float(self.kept[cell]) / max(len(self.highest), 1)


def _draws(grid: Grid, goal: Goal, best: Cell, thin: Bools, seed: int, samples: int) -> _Draws:
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

        score, keeps = _scored(goal, measure, thin), goal.is_kept(measure)
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
