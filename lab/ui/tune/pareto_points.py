"""What the Pareto tab compares: every cell of the grid, and what has a name, on the rows that chose nothing."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from lab.forensics import pareto
from lab.forensics.evidence import Outcomes
from lab.forensics.grid_search.grid import Cell, Grid
from lab.forensics.matrix import speaks_alike
from lab.forensics.measures import ACCURACY, END_TO_END, OVERHEAD, Measure, end_to_end_ms, overhead_ms, ratio
from lab.forensics.tuning import Tuning, outcomes_in
from lab.types import RouterConfig
from lab.ui import resources
from lab.ui.tune import open_cell
from lab.ui.tune.controls import Asked
from lab.ui.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Points:
    """All that is compared: first the cells of the grid, then what has a name. `values`: (points, objectives)."""

    grid: Grid
    names: tuple[str, ...]
    values: Any
    front: Any  # indices into values

    @property
    def cells(self) -> int:
        """How many of them are cells."""
        return len(self.values) - len(self.names)

    def cell(self, index: int) -> Cell:
        """Return the cell that a point is."""
        return tuple(map(int, np.unravel_index(index, self.grid.shape)))


def points_of(bench: Workbench, asked: Asked, found: Tuning, objectives: list[Measure]) -> Points:
    """Measure accuracy and the objectives of all of them. Raises SearchError, EncoderUnavailable."""
    stakes = asked.costs.stakes
    grid = found.grid
    if grid.sample is not found.dev:
        grid = Grid(grid.config, grid.axes, found.dev, bench.evidence, stakes)
    names = [ACCURACY, *(one.name for one in objectives)]
    cells = pareto.settings(grid, names)
    marked: list[tuple[str, list[float]]] = []

    def add(name: str, decided: Outcomes, config: RouterConfig | None, *, waits: bool = True) -> None:
        marked.append((name, [_value(found, one, decided, config, asked, waits=waits) for one in names]))

    add("recommended", found.dev_outcomes, found.recommended)
    routers = [("live", bench.live.version.config), *([("draft", bench.draft.config)] if bench.draft else [])]
    for name, config in routers:
        if speaks_alike(found.dev, config):
            add(name, outcomes_in(found.dev, config, bench.evidence), config)
    search = resources.Search(bench.rows, bench.config, bench.live.version.config, asked.spec, stakes)
    for one in resources.baselines(search):
        if one.decided is not None and one.name != "live version":
            add(one.name, one.decided, one.config, waits=not one.name.startswith("always"))
    values = np.round(
        np.vstack([cells, np.array([value for _, value in marked])]), 9
    )  # sums in another order are equal
    better = [True, *(one.higher_is_better for one in objectives)]
    return Points(grid, tuple(name for name, _ in marked), values, pareto.front(values, better))


def _value(
    found: Tuning, name: str, decided: Outcomes, config: RouterConfig | None, asked: Asked, *, waits: bool
) -> float:
    """A measure of what has a name. A constant decides in no time; how long a classifier takes, nobody measured."""
    stakes = asked.costs.stakes
    if name not in (OVERHEAD, END_TO_END):
        return ratio(name, found.dev, stakes).of(found.dev, decided)
    if config is not None:
        times = overhead_ms(decided, stakes)
        if name == END_TO_END:
            times = end_to_end_ms(decided, found.dev, stakes)
        return float(times.mean())
    if waits:
        return float("nan")
    return float(stakes.answers(found.dev.experts)[decided.expert].mean()) if name == END_TO_END else 0.0


def best_of(points: Points, group: Any) -> int:
    """Return the middle one of settings that decide alike; a name only where there is no setting."""
    cells = group[group < points.cells]
    return int(cells[len(cells) // 2]) if len(cells) else int(group[0])


def setting(points: Points, index: int) -> str:
    """Return the setting of a cell, or the name, as HTML that a figure reads."""
    if index >= points.cells:
        return escape(points.names[index - points.cells])
    values = points.grid.values_at(points.cell(index))
    return "<br>".join(
        f"{escape(axis.title)} {escape(value) if isinstance(value, str) else f'{value:.4g}'}"
        for axis, value in zip(points.grid.axes, values, strict=True)
    )


def address(points: Points, index: int) -> str:
    """Return what the address calls a cell; nothing for what has a name alone."""
    return open_cell.address(points.grid, points.cell(index)) if index < points.cells else ""
