"""Which settings are worth a thought: those that no other one beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.forensics.grid_search.grid import Grid

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def front(points: ArrayLike, higher_is_better: Sequence[bool]) -> Ints:
    """Return the indices, ascending, of the points that no other point dominates (Pareto).

    `points`: shape (n, objectives), any number of objectives, one of `higher_is_better` each. A point dominates another
    one when it is nowhere worse and somewhere better; equal points do not dominate each other. A point with a NaN is
    not comparable: it is on no front and dominates nothing.
    """
    given = np.asarray(points, dtype=np.float64)
    sane = np.flatnonzero(~np.isnan(given).any(axis=1))
    if not len(sane):
        return np.zeros(0, dtype=np.int64)
    # ranks instead of values: they keep every comparison, and their sums are exact. Who dominates has the greater sum
    ranks = np.stack(
        [
            np.unique(given[sane, place] * (1 if higher else -1), return_inverse=True)[1]
            for place, higher in enumerate(higher_is_better)
        ],
        axis=1,
    ).astype(np.int64)
    open_ = np.argsort(-ranks.sum(axis=1), kind="stable")
    found: list[Ints] = []
    while len(open_):
        best = ranks[open_[0]]  # nothing that is still open has a greater sum, so nothing dominates it
        left = ranks[open_]
        found.append(open_[(left == best).all(axis=1)])
        open_ = open_[(left > best).any(axis=1)]
    return np.sort(sane[np.concatenate(found)])


def seen(x: ArrayLike, y: ArrayLike, columns: int = 160, rows: int = 100) -> Ints:
    """Return one point, by index, of each place of a picture of `columns` × `rows` places, and no point with a NaN.

    More cannot be told apart by eye; of the points in one place the first stays.
    """
    across, down = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    sane = np.flatnonzero(~np.isnan(across) & ~np.isnan(down))
    if not len(sane):
        return np.zeros(0, dtype=np.int64)
    place = _binned(across[sane], columns) * rows + _binned(down[sane], rows)
    return np.sort(sane[np.unique(place, return_index=True)[1]])


def _binned(values: Floats, count: int) -> Ints:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros(len(values), dtype=np.int64)
    return np.minimum(((values - low) / (high - low) * count).astype(np.int64), count - 1)


def alike(points: ArrayLike, chosen: Ints) -> list[Ints]:
    """Return the chosen indices in groups of equal points, by rising first objective: many settings decide alike."""
    given = np.asarray(points, dtype=np.float64)[chosen]
    _, index = np.unique(given, axis=0, return_inverse=True)
    return [chosen[index.ravel() == one] for one in range(int(index.max()) + 1)] if len(chosen) else []


def settings(grid: Grid, measures: Sequence[str]) -> Floats:
    """Return measures of all cells, shape (cells, measures), in the order in which `np.ravel` goes through the grid.

    The time to decide is that of the layers which a cell's strategy has. Raises SearchError for an unknown measure.
    """
    return np.stack([grid.metric(name).ravel() for name in measures], axis=1)
