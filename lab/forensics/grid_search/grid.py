"""A whole grid: every combination of settings, its measures, and the router and the prompts of each cell.

Two ordered axes (thresholds, the least margin) are counted all at once; each combination of the other axes is a slice
with evidence of its own. Nothing is routed twice, and nothing is encoded twice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import Evidence, Ints, Outcomes
from lab.forensics.grid_search.axes import Axis, Value, check_all, config_at, value_in
from lab.forensics.grid_search.cells import Cells, Reach
from lab.forensics.measures import Values
from lab.forensics.sample import Measured, Sample, Stakes
from lab.types import RouterConfig

DRAWN = 101
"""Values of an axis that are drawn at most: more are neither seen nor quick on a page."""

EvidenceOf = Callable[[RouterConfig], Evidence]
"""From a router to the evidence of the dataset's prompts under its encoder."""

Cell = tuple[int, ...]
"""A place in a grid: the index of a value on each of its axes."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a grid with one combination of the outer settings, counted over the inner axes."""

    config: RouterConfig
    measured: Measured
    cells: Cells


class Grid:
    """A searched grid. `inner`: the first two ordered axes; `slices` go through the outer ones, the last fastest."""

    def __init__(
        self,
        config: RouterConfig,
        axes: Sequence[Axis],
        sample: Sample,
        evidence: EvidenceOf,
        stakes: Stakes | None = None,
    ) -> None:
        if not axes:
            raise SearchError("A grid needs at least one axis, like threshold=0:1:101.")
        check_all(axes, config)
        self.config, self.axes, self.sample, self.stakes = config, tuple(axes), sample, stakes or Stakes()
        self.inner = [axis for axis in self.axes if axis.ordered][:2]
        self.outer = [axis for axis in self.axes if axis not in self.inner]
        self.shape = tuple(len(axis.values) for axis in self.axes)
        points = itertools.product(*(axis.values for axis in self.outer))
        self.slices = [self._slice(values, evidence) for values in points]

    def _slice(self, values: Sequence[Value], evidence: EvidenceOf) -> Slice:
        lowest = [axis.values[0] for axis in self.inner]
        config = config_at(self.config, [*self.outer, *self.inner], [*values, *lowest])
        measured = Measured.of(self.sample, config, evidence(config))
        return Slice(config, measured, Cells(Reach(measured, self.inner), self.stakes))

    def metric(self, name: str) -> Values:
        """Return a measure of every cell, with one dimension an axis. Raises SearchError for an unknown measure."""
        return self.assembled([one.cells.metric(name) for one in self.slices])

    def assembled(self, parts: Sequence[Values]) -> Values:
        """Put values of the slices, each over the inner axes, where they stand among the axes of the grid."""
        order = [*self.outer, *self.inner]
        whole = np.stack(parts).reshape([len(axis.values) for axis in order])
        return np.transpose(whole, [order.index(axis) for axis in self.axes])

    def locate(self, cell: Cell) -> tuple[Slice, Cell]:
        """Return the slice of a cell, and its place over the inner axes. Raises SearchError outside the grid."""
        if len(cell) != len(self.shape) or not all(0 <= at < size for at, size in zip(cell, self.shape, strict=True)):
            raise SearchError(f"The grid has {' × '.join(map(str, self.shape))} cells, and none at {cell}.")
        at = dict(zip((axis.name for axis in self.axes), cell, strict=True))
        place = 0
        for axis in self.outer:
            place = place * len(axis.values) + at[axis.name]
        inner = tuple(at[axis.name] for axis in self.inner)
        return self.slices[place], (*inner, *[0] * (2 - len(inner)))

    def values_at(self, cell: Cell) -> tuple[Value, ...]:
        """Return the values of the axes at a cell."""
        return tuple(axis.values[place] for axis, place in zip(self.axes, cell, strict=True))

    def config_at(self, cell: Cell) -> RouterConfig:
        """Return the router that a cell describes."""
        return config_at(self.config, self.axes, self.values_at(cell))

    def outcomes_at(self, cell: Cell) -> Outcomes:
        """Return what the router of a cell decides for each row of the sample."""
        found, place = self.locate(cell)
        return found.cells.outcomes_at(*place)

    def nearest(self, config: RouterConfig) -> Cell | None:
        """Return the cell nearest to a router, or None where the router does not stand on these axes."""
        places = [_place(config, axis) for axis in self.axes]
        return None if None in places else tuple(place for place in places if place is not None)

    def breakpoints(self, axis: Axis) -> Values:
        """Return the values of an inner axis at which some prompt's outcome changes, ascending."""
        place = self.inner.index(axis)
        return np.unique(np.concatenate([one.cells.reach.breakpoints(place) for one in self.slices]))


def _place(config: RouterConfig, axis: Axis) -> int | None:
    value = value_in(config, axis)
    if value is None:
        return None
    if axis.ordered:
        return int(np.abs(np.asarray(axis.values, dtype=np.float64) - float(value)).argmin())
    return axis.values.index(value) if value in axis.values else None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A measure over two axes, as it is drawn: each place shows the best cell that it stands for."""

    values: Values  # (rows, columns)
    cells: tuple[tuple[Cell, ...], ...]  # the cell behind each place
    rows: tuple[Value, ...]  # the axis values at the middle of each place
    columns: tuple[Value, ...]


def drawing(
    grid: Grid, values: Values, first: Axis, second: Axis | None, *, higher_is_better: bool, most: int = DRAWN
) -> Drawing:
    """Return a measure of all cells as at most `most` × `most` places over two of the grid's axes.

    A place shows its best cell: over the axes that are not drawn, and over neighbours where an axis is longer than can
    be drawn. NaN loses to everything.
    """
    drawn = [grid.axes.index(first), *([] if second is None else [grid.axes.index(second)])]
    rest = [place for place in range(len(grid.axes)) if place not in drawn]
    turned = np.transpose(values, [*drawn, *rest])
    rows, columns = turned.shape[0], turned.shape[1] if second is not None else 1
    comparable = np.where(np.isnan(turned), -np.inf, turned if higher_is_better else -turned)
    comparable = comparable.reshape(rows, columns, math.prod(turned.shape[len(drawn) :]))
    row_edges, column_edges = _edges(rows, most), _edges(columns, most)
    shown = np.empty((len(row_edges) - 1, len(column_edges) - 1))
    behind: list[tuple[Cell, ...]] = []
    for row, (top, bottom) in enumerate(itertools.pairwise(row_edges.tolist())):
        line = []
        for column, (left, right) in enumerate(itertools.pairwise(column_edges.tolist())):
            block = comparable[top:bottom, left:right]
            down, across, other = np.unravel_index(int(block.argmax()), block.shape)
            others = np.unravel_index(int(other), turned.shape[len(drawn) :]) if rest else ()
            found = dict(zip(drawn, (top + int(down), left + int(across)), strict=False))
            found |= dict(zip(rest, map(int, others), strict=True))
            cell = tuple(found[place] for place in range(len(grid.axes)))
            line.append(cell)
            shown[row, column] = values[cell]
        behind.append(tuple(line))
    return Drawing(shown, tuple(behind), _middles(first, row_edges), _middles(second, column_edges))


def _edges(length: int, most: int) -> Ints:
    return np.unique(np.linspace(0, length, min(length, most) + 1).astype(np.int64))


def _middles(axis: Axis | None, edges: Ints) -> tuple[Value, ...]:
    if axis is None:
        return ("",)
    return tuple(axis.values[(low + high - 1) // 2] for low, high in itertools.pairwise(edges.tolist()))
