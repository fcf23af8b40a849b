"""A measure over one threshold, exactly: its value between any two observed scores, with a bootstrap band.

A prompt is claimed where its score is at least the threshold, so the measure changes just above an observed score and
nowhere else: between two breakpoints it has the value that it has at the higher one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lab.errors import SearchError
from lab.forensics.evidence import Ints
from lab.forensics.grid_search.axes import MIN_MARGIN, Axis, config_at
from lab.forensics.grid_search.cells import Cells, Reach
from lab.forensics.grid_search.grid import Cell, EvidenceOf, Grid
from lab.forensics.measures import MACRO_F1, predicted, ratio
from lab.forensics.metrics import macro_f1, resampled_groups
from lab.forensics.sample import Measured, Sample, Stakes
from lab.forensics.tuning import outcomes_in
from lab.routing.rule import STEP
from lab.types import RouterConfig

Floats = NDArray[np.float64]
SAMPLES = 400
_WORK = 40_000_000  # rows and breakpoints × samples: about a second
_LEAST_SAMPLES = 60


@dataclass(frozen=True, slots=True)
class Curve:
    """A step function: `measure[i]` holds for thresholds above `thresholds[i - 1]`, up to `thresholds[i]` itself.

    All arrays are of shape (points,). `low` and `high` are pointwise 95 % bootstrap ends, NaN where nothing varies.
    """

    thresholds: Floats
    measure: Floats
    low: Floats
    high: Floats
    n: int
    groups: int
    breakpoints: int  # observed values at which an outcome changes
    samples: int

    def at(self, threshold: float) -> float:
        """Return the measure at a threshold; NaN beyond the last point."""
        place = int(np.searchsorted(self.thresholds, threshold, side="left"))
        return float(self.measure[place]) if place < len(self.measure) else float("nan")


def first_ordered(grid: Grid) -> Axis | None:
    """Return the first axis of a grid that a curve can be drawn over, or None."""
    return grid.inner[0] if grid.inner else None


def held(grid: Grid, cell: Cell, axis: Axis) -> RouterConfig:
    """Return the router of a cell with `axis` at its lowest value: the others stay where the cell holds them."""
    values = [
        axis.values[0] if one == axis else value for one, value in zip(grid.axes, grid.values_at(cell), strict=True)
    ]
    return config_at(grid.config, grid.axes, values)


def curve(
    sample: Sample,
    config: RouterConfig,
    axis: Axis,
    measure: str,
    evidence_of: EvidenceOf,
    stakes: Stakes | None = None,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
) -> Curve:
    """Return a measure over every observed breakpoint of `axis` and both ends of its range; `config` holds the rest.

    Bootstrap samples draw whole groups of near-duplicates; fewer of them where there are many rows. Raises SearchError
    for an axis that is not ordered and for an unknown measure, EncoderUnavailable.
    """
    if not axis.ordered:
        raise SearchError(f"A curve needs an axis of numbers, and {axis.title} has names. Take a threshold.")
    measured = Measured.of(sample, config, evidence_of(config))
    observed = Reach(measured, [axis]).breakpoints(0)
    thresholds = _points(observed, axis)
    cells = Cells(Reach(measured, [replace(axis, values=tuple(thresholds.tolist()))]), stakes)
    values = cells.metric(measure)[:, 0]
    drawn = _drawn(cells, measure, seed, _count(sample, measure, samples))
    low = high = np.full(len(values), np.nan)
    if len(drawn):
        known = ~np.isnan(drawn).all(axis=0)
        low, high = low.copy(), high.copy()
        low[known], high[known] = np.nanquantile(drawn[:, known], (0.025, 0.975), axis=0)
    groups = len(np.unique(sample.groups))
    return Curve(thresholds, values, low, high, len(sample), groups, len(observed), len(drawn))


def value_of(
    sample: Sample, config: RouterConfig, measure: str, evidence_of: EvidenceOf, stakes: Stakes | None = None
) -> float:
    """Return a measure of one router with all its own settings, to be marked beside a curve.

    Raises SearchError for a router with other experts than the sample's.
    """
    if {expert.name for expert in config.experts} != set(sample.experts):
        raise SearchError("This router has other experts, so it cannot be measured on these rows.")
    decided = outcomes_in(sample, config, evidence_of)
    if measure == MACRO_F1:
        truth, guess = sample.labels.tolist(), predicted(sample, decided).tolist()
        return macro_f1(list(map(sample.name, truth)), list(map(sample.name, guess)))
    return ratio(measure, sample, stakes or Stakes()).of(sample, decided)


def thinned(found: Curve, most: int = 2_400) -> Ints:
    """Return the places of at most about `most` points that draw the curve as it is.

    Of every stretch its first and last point stay, and where measure, low and high are least and greatest: a spike is
    never thinned away.
    """
    n = len(found.thresholds)
    if n <= most:
        return np.arange(n)
    edges = np.unique(np.linspace(0, n, max(most // 8, 1) + 1).astype(np.int64))
    kept = {0, n - 1}
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        kept |= {start, stop - 1}
        for column in (found.measure, found.low, found.high):
            part = column[start:stop]
            if not np.isnan(part).all():
                kept |= {start + int(np.nanargmin(part)), start + int(np.nanargmax(part))}
    return np.array(sorted(kept), dtype=np.int64)


def _points(observed: Floats, axis: Axis) -> Floats:
    """The breakpoints, the ends of the axis, and a point above all breakpoints where there can be one."""
    ends = [float(axis.values[0]), float(axis.values[-1])]
    highest = 2.0 if axis.name == MIN_MARGIN else 1.0
    if len(observed) and observed[-1] + STEP <= highest:
        ends.append(float(observed[-1] + STEP))
    return np.unique(np.concatenate([observed, ends]))


def _count(sample: Sample, measure: str, samples: int) -> int:
    work = len(sample) * (len(sample.experts) if measure == MACRO_F1 else 2)
    return min(samples, max(_LEAST_SAMPLES, _WORK // max(work, 1)))


def _drawn(cells: Cells, measure: str, seed: int, samples: int) -> Floats:
    sample = cells.sample
    if len(np.unique(sample.groups)) < 2:
        return np.zeros((0, cells.shape[0]))  # one group has nothing to vary
    base = np.ones(len(sample)) if sample.weights is None else sample.weights
    counts = resampled_groups(sample.groups, seed, samples)
    return np.stack([cells.weighted(count * base).metric(measure)[:, 0] for count in counts])
