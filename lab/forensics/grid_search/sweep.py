"""The exact search: every setting of two thresholds that can matter, however many there are.

n prompts have at most n + 1 distinct outcomes an axis, those at the observed scores and margins. The sweep walks down
the first axis and keeps, for every breakpoint of the second, the sums that the goal asks for: all n² settings are
compared in memory that grows with n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import SEMANTIC, Bools
from lab.forensics.grid_search.axes import MIN_MARGIN, THRESHOLD, Axis, config_at, with_thresholds
from lab.forensics.grid_search.cells import ALWAYS, Reach
from lab.forensics.grid_search.goals import SLACK, UNDEFINED, Goal
from lab.forensics.measures import ACCURACY, COST, MACRO_F1, MISROUTE, Ratio, Values, ratio
from lab.forensics.sample import Measured, Stakes
from lab.routing.rule import STEP
from lab.types import RouterConfig

SEPARABLE = {ACCURACY: True, COST: False, MISROUTE: False}
"""Measures that are a sum over rows, and whether more is better: they can be searched expert by expert."""


@dataclass(frozen=True, slots=True)
class Exact:
    """The best of all settings: the highest threshold of each axis that gives it, and the goal's measures there."""

    values: tuple[float, ...]
    measures: dict[str, float]
    kept: bool  # whether the goal's limits hold there
    settings: int  # how many were compared


def exact(measured: Measured, names: Sequence[str], goal: Goal, stakes: Stakes | None = None) -> Exact:
    """Return the best setting of one or two ordered axes, over all breakpoints.

    Raises SearchError for macro-F1, which is no ratio of sums: it is searched on the grid.
    """
    if MACRO_F1 in goal.measures:
        raise SearchError("Macro-F1 is searched on the grid only. Take accuracy for the search over every breakpoint.")
    axes = [Axis(name, (0.0,)) for name in names]
    lowest = config_at(measured.config, axes, [axis.values[0] for axis in axes])
    reach = Reach(Measured(measured.sample, lowest, measured.layer1, measured.layer2), axes)
    sweep = _Sweep(reach, goal, stakes or Stakes())
    return sweep.run()


class _Sweep:
    """One walk. `sums`: for each measure its numerator and denominator, one value a breakpoint of the second axis.

    Rows that change none of the sums are passed over: no setting is better for being just at one of them.
    """

    def __init__(self, reach: Reach, goal: Goal, stakes: Stakes) -> None:
        self.reach, self.goal = reach, goal
        sample, two = reach.sample, len(reach.axes) == 2
        weights = np.ones(len(sample)) if sample.weights is None else sample.weights
        parts: dict[str, list[tuple[float, Values]]] = {}
        matters = np.zeros(len(sample), dtype=bool)
        for name in goal.measures:
            one: Ratio = ratio(name, sample, stakes)
            parts[name] = []
            for part in (one.over, one.under):
                claimed, otherwise = part(reach.claimed) * weights, part(reach.otherwise) * weights
                parts[name].append((float(otherwise.sum()), claimed - otherwise))
                matters |= claimed != otherwise
        matters &= (reach.claimed.layer == SEMANTIC) & np.isfinite(reach.critical).any(axis=1)
        always = (reach.claimed.layer == SEMANTIC) & ~np.isfinite(reach.critical).any(axis=1)
        self.settings = len(_candidates(reach, 0)) * (len(_candidates(reach, 1)) if two else 1)
        self.firsts = _candidates(reach, 0, matters)
        self.seconds = _candidates(reach, 1, matters) if two else np.zeros(1)
        second = reach.critical[:, 1] if two else np.full(len(sample), ALWAYS)
        self.until = np.searchsorted(self.seconds, second, side="right")
        self.open = np.flatnonzero(matters)
        self.sums: dict[str, tuple[Values, Values]] = {}
        self.changes: list[tuple[Values, Values]] = []
        for name, sides in parts.items():
            arrays = []
            for total, change in sides:
                sums = np.full(len(self.seconds), total + float(change[always].sum()))
                if change[self.open].any():
                    self.changes.append((sums, change))
                arrays.append(sums)
            self.sums[name] = (arrays[0], arrays[1])

    def run(self) -> Exact:
        """Walk from the highest setting of the first axis down, and keep the best."""
        order = self.open[np.argsort(-self.reach.critical[self.open, 0], kind="stable")]
        critical = self.reach.critical[order, 0]
        ends = np.searchsorted(-critical, -self.firsts, side="right")  # how many rows are claimed at each setting
        best_score, best, done, kept = -np.inf, (0, 0), 0, False
        measures: dict[str, float] = {}
        for place in range(len(self.firsts) - 1, -1, -1):
            for row in order[done : ends[place]].tolist():
                until = self.until[row]
                for sums, change in self.changes:
                    sums[:until] += change[row]
            done = int(ends[place])
            holds = self._holds()
            if kept and not holds.any():
                continue
            if holds.any():
                score = self._measure(self.goal.best) * (1.0 if self.goal.higher_is_better else -1.0)
                score = np.where(holds & ~np.isnan(score), score, UNDEFINED if not kept else -np.inf)
            else:
                score = self.goal.score(self._measure)
            at = len(score) - 1 - int(score[::-1].argmax())  # of equals the highest setting: it claims least
            if score[at] > best_score or (holds[at] and not kept):
                best_score, best, kept = float(score[at]), (place, at), bool(holds[at])
                measures = {name: self._at(name, at) for name in self.goal.measures}
        values = (float(self.firsts[best[0]]), float(self.seconds[best[1]]))[: len(self.reach.axes)]
        return Exact(values, measures, kept, self.settings)

    def _holds(self) -> Bools:
        """Tell where all limits hold, without a division."""
        holds = np.ones(len(self.seconds), dtype=bool)
        for limit in self.goal.limits:
            over, under = self.sums[limit.measure]
            gap = over - limit.bound * under if limit.at_least else limit.bound * under - over
            holds &= (gap >= -SLACK * under) & ((under > 0) | (not limit.at_least))
        return holds

    def _at(self, name: str, place: int) -> float:
        over, under = self.sums[name]
        return float(over[place] / under[place]) if abs(under[place]) > 1e-12 else float("nan")

    def _measure(self, name: str) -> Values:
        over, under = self.sums[name]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.abs(under) > 1e-12, over / under, np.nan)


def _candidates(reach: Reach, place: int, rows: Bools | None = None) -> Values:
    """Every value of an axis that gives an outcome of its own: the breakpoints (of `rows`), and one above them all."""
    found = reach.breakpoints(place, rows)
    highest = 2.0 if reach.axes[place].name == MIN_MARGIN else 1.0
    if not len(found):
        return np.array([0.0])
    above = found[-1] + STEP
    return np.append(found, above) if above <= highest else found


def best_own_thresholds(measured: Measured, name: str, stakes: Stakes | None = None) -> RouterConfig:
    """Return the router with the threshold of every expert at its exact optimum for one of SEPARABLE over all rows.

    For a fixed margin the winner does not depend on thresholds, so each expert's rows can be cut on their own: one sort
    and one cumulative sum an expert. The threshold stands in the middle of the gap it may lie in. Experts that are best
    for no row keep theirs.
    """
    sample, config = measured.sample, measured.config
    axis = Axis(THRESHOLD, (-1.0,))
    reach = Reach(Measured(sample, config_at(config, [axis], [-1.0]), measured.layer1, measured.layer2), [axis])
    one = ratio(name, sample, stakes or Stakes())
    weights = np.ones(len(sample)) if sample.weights is None else sample.weights
    gain = (one.over(reach.claimed) - one.over(reach.otherwise)) * weights * (1.0 if SEPARABLE[name] else -1.0)
    open_rows = np.isfinite(reach.critical[:, 0])
    thresholds: dict[str, float | str] = {}
    for code, expert in enumerate(config.experts):
        mine = open_rows & (reach.best == code)
        if mine.any():
            thresholds[expert.name] = _cut(reach.critical[mine, 0], gain[mine])
    return with_thresholds(config, thresholds)


def _cut(scores: Values, gain: Values) -> float:
    """Return the threshold that keeps the rows whose gains add up to most; of equals the one that claims least.

    No threshold is above 1, so rows with that score are claimed whatever it is.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.append(ranked[1:] != ranked[:-1], True)  # rows with equal scores pass together
    totals = np.concatenate([[0.0], np.cumsum(gain[order])[last]])
    levels = np.concatenate([[ranked[0] + 2 * STEP], ranked[last]])
    if ranked[0] + STEP > 1.0:
        totals[0] = -np.inf
    best = int(totals.argmax())
    low = levels[best + 1] if best + 1 < len(levels) else levels[best] - 2 * STEP
    middle = round((levels[best] + low) / 2 + STEP / 2, 6)
    return float(min(max(middle, -1.0), 1.0, levels[best])) if best else float(min(levels[0], 1.0))
