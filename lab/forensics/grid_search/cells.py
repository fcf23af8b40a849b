"""Every cell of a threshold grid at once, by counting: histograms with cumulative sums.

A prompt that layer 2 may claim is claimed in the cells where each axis value is at most what the prompt reaches on that
axis. So a sum over the claimed rows of every cell is one two-dimensional histogram, summed up from its far corner.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import FALLBACK, KEYWORD, NOBODY, SEMANTIC, Bools, Ints, Outcomes, layers_asked
from lab.forensics.grid_search.axes import MIN_MARGIN, THRESHOLD, Axis
from lab.forensics.measures import MACRO_F1, Values, predicted, ratio
from lab.forensics.metrics import wilson
from lab.forensics.sample import Measured, Stakes

NEVER, ALWAYS = -np.inf, np.inf


class Reach:
    """How far each row of a measured router reaches on up to two ordered axes, and what it becomes there.

    Where one axis is `threshold`, the router's experts have their own thresholds only where those are axes too.

    `critical`: shape (n, axes), the highest axis value at which the row is still claimed; NEVER, or ALWAYS where the
    axis does not concern it. `claimed` and `otherwise`: the outcome where all axes let it pass, and elsewhere.
    """

    def __init__(self, measured: Measured, axes: Sequence[Axis]) -> None:
        self.sample, self.axes = measured.sample, tuple(axes)
        if len(self.axes) > 2 or not all(axis.ordered for axis in self.axes):
            raise SearchError("At most two ordered axes are counted at once.")
        rule, layer2, n = measured.rule, measured.layer2, len(measured.sample)
        experts = len(rule.experts)
        settled = measured.layer1.settled(rule.on_conflict) if rule.strategy != "semantic" else np.full(n, NOBODY)
        fallback = rule.experts.index(rule.fallback) if rule.fallback in rule.experts else experts
        self.settled: Bools = settled != NOBODY
        self.best: Ints = np.full(n, NOBODY) if layer2 is None else layer2.best
        asked = layers_asked(rule.strategy, self.settled)
        self.otherwise = Outcomes(
            np.where(self.settled, settled, fallback), np.where(self.settled, KEYWORD, FALLBACK), asked
        )
        self.critical = np.full((n, len(self.axes)), ALWAYS)
        passes = ~self.settled & (self.best != NOBODY)
        if layer2 is not None:
            passes &= self._reached(measured, layer2.score, layer2.margin)
        self.critical[~passes] = NEVER
        self.claimed = Outcomes(
            np.where(passes, self.best, self.otherwise.expert), np.where(passes, SEMANTIC, self.otherwise.layer), asked
        )

    def _reached(self, measured: Measured, score: Values, margin: Values) -> Bools:
        """Fill in how far scores and margins reach, and tell which rows pass the settings that no axis varies."""
        rule = measured.rule
        names = [axis.name for axis in self.axes]
        own = np.array([*(expert.threshold is not None for expert in measured.config.experts), False])[self.best]
        varied = np.zeros(len(score), dtype=bool)
        for place, axis in enumerate(self.axes):
            if axis.name == THRESHOLD:
                concerned = ~own  # the axis speaks for every expert without a threshold of its own
            elif axis.expert is not None:
                concerned = self.best == rule.experts.index(axis.expert)
            else:
                continue
            self.critical[concerned, place] = score[concerned]
            varied |= concerned
        least = np.array([*rule.thresholds, np.inf])[self.best]
        passes: Bools = varied | (score >= least)
        if MIN_MARGIN in names:
            self.critical[:, names.index(MIN_MARGIN)] = margin
        else:
            passes &= margin >= rule.min_margin
        return passes

    def breakpoints(self, place: int, rows: Bools | None = None) -> Values:
        """Return the observed values of an axis at which a claim ends (of any of `rows`), ascending, no doubles."""
        column = self.critical[:, place] if rows is None else self.critical[rows, place]
        found: Values = np.unique(column[np.isfinite(column)])
        return found


class Cells:
    """The measures of all cells over the axes of a `Reach`, each an array of shape (len(axis 1), len(axis 2)).

    Where there are fewer than two axes the missing ones have one value.
    """

    def __init__(self, reach: Reach, stakes: Stakes | None = None) -> None:
        self.reach, self.sample, self.stakes = reach, reach.sample, stakes or Stakes()
        lengths = [len(axis.values) for axis in reach.axes]
        self.shape = (*lengths, *[1] * (2 - len(lengths)))
        self.places = np.full(len(self.sample), 0)
        open_rows = np.ones(len(self.sample), dtype=bool)
        for place, axis in enumerate(reach.axes):
            values = np.asarray(axis.values, dtype=np.float64)
            passed = np.searchsorted(values, reach.critical[:, place], side="right")  # it is claimed below this place
            open_rows &= passed > 0
            self.places = self.places * len(values) + np.maximum(passed - 1, 0)
        if not reach.axes:
            open_rows &= ~reach.settled & (reach.claimed.layer == SEMANTIC)
        if len(reach.axes) == 1:
            self.shape = (lengths[0], 1)
        self.open = np.flatnonzero(open_rows)
        self._at = self.places[self.open]
        self._parts: dict[str, tuple[Values, Values, Values, Values]] = {}

    def totals(self, claimed: Values, otherwise: Values) -> Values:
        """Return the sum over rows in every cell, where a row adds `claimed` or else `otherwise`, each (n,)."""
        weights = self.sample.weights
        if weights is not None:
            claimed, otherwise = claimed * weights, otherwise * weights
        change = (claimed - otherwise)[self.open]
        total = float(otherwise.sum())
        return total + self._summed(change, self._at) if change.any() else np.full(self.shape, total)

    def _summed(self, change: Values, at: Ints) -> Values:
        counted: Values = np.bincount(at, weights=change, minlength=self.shape[0] * self.shape[1]).astype(np.float64)
        histogram = counted.reshape(self.shape)
        if self.shape[1] > 1:
            histogram = np.cumsum(histogram[:, ::-1], axis=1)[:, ::-1]
        summed: Values = np.cumsum(histogram[::-1], axis=0)[::-1]
        return summed

    def _parts_of(self, name: str) -> tuple[Values, Values, Values, Values]:
        """Return what each row adds to both sides of a ratio, claimed and otherwise; kept for the next samples."""
        if name not in self._parts:
            one, claimed, otherwise = ratio(name, self.sample, self.stakes), self.reach.claimed, self.reach.otherwise
            self._parts[name] = (one.over(claimed), one.over(otherwise), one.under(claimed), one.under(otherwise))
        return self._parts[name]

    def weighted(self, weights: Values) -> Cells:
        """Return the same cells with other weights of the rows, (n,): a bootstrap sample."""
        twin = copy.copy(self)
        twin.sample = replace(self.sample, weights=weights)
        return twin

    def metric(self, name: str) -> Values:
        """Return the measure called `name` in every cell, NaN where it is undefined.

        Raises SearchError for an unknown one.
        """
        if name == MACRO_F1:
            return self.macro_f1()
        over_claimed, over_otherwise, under_claimed, under_otherwise = self._parts_of(name)
        over = self.totals(over_claimed, over_otherwise)
        under = self.totals(under_claimed, under_otherwise)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.abs(under) > 1e-12, over / under, np.nan)

    def rows_behind(self, name: str) -> Values:
        """Return how many rows stand under the line of a ratio in every cell: what a share is a share of."""
        plain = self.weighted(np.ones(len(self.sample)))
        under: Values = plain.totals(*self._parts_of(name)[2:])
        return under

    def interval(self, name: str) -> tuple[Values, Values]:
        """Return the ends of the 95 % Wilson interval of a share (accuracy, recall …) in every cell, NaN if undefined.

        Where rows have weights, n is the sum of them.
        """
        over_claimed, over_otherwise, under_claimed, under_otherwise = self._parts_of(name)
        hits, n = self.totals(over_claimed, over_otherwise), self.totals(under_claimed, under_otherwise)
        n = np.where(np.abs(n) > 1e-12, n, 0.0)
        pairs, where = np.unique(hits + 1j * n, return_inverse=True)  # few of so many cells differ
        ends = np.array([wilson(pair.real, pair.imag)[1:] for pair in pairs.tolist()])[where.ravel()]
        return ends[:, 0].reshape(self.shape), ends[:, 1].reshape(self.shape)

    def macro_f1(self) -> Values:
        """Return the mean F1 over the labels that stand in the sample, in every cell.

        A decision stands for its expert; a `none` row left to the fallback for `none`.
        """
        classes = np.flatnonzero(self._actual())
        total = np.zeros(self.shape)
        for _, actual, calls, right in self._classes(classes.tolist()):
            total += 2 * right / (calls + actual)
        return total / len(classes) if len(classes) else np.full(self.shape, np.nan)

    def each_expert(self) -> Iterator[tuple[str, dict[str, Values]]]:
        """Yield each expert with its precision, recall, calls and spend in every cell, as `metric` has them."""
        sample, n = self.sample, float(self._actual().sum())
        prices = self.stakes.calls(sample.experts)
        for code, actual, calls, right in self._classes(range(len(sample.experts))):
            answered = calls + self._left_none(code)
            with np.errstate(invalid="ignore", divide="ignore"):
                yield (
                    sample.experts[code],
                    {
                        "precision": np.where(calls > 1e-12, right / calls, np.nan),
                        "recall": right / actual if actual else np.full(self.shape, np.nan),
                        "calls": answered / n,
                        "spend": answered * prices[code] / n,
                    },
                )

    def _actual(self) -> Values:
        """Return how many rows carry each label, by code."""
        codes = len(self.sample.experts) + 1
        return np.bincount(self.sample.labels, weights=self.sample.weights, minlength=codes).astype(np.float64)

    def _left_none(self, code: int) -> Values | float:
        """Return how many `none` rows an expert gets as the fallback: its calls, and yet no decision for it."""
        reach, none = self.reach, self.sample.labels == self.sample.nobody
        parts = [
            _mask(none & (out.layer == FALLBACK) & (out.expert == code)) for out in (reach.claimed, reach.otherwise)
        ]
        return self.totals(parts[0], parts[1]) if parts[1].any() else 0.0

    def _classes(self, codes: Iterable[int]) -> Iterator[tuple[int, float, Values, Values]]:
        """Yield code, rows labelled so, and of every cell the rows decided so, and rightly so.

        A class at a time, from its own rows alone, so that 150 experts cost no more than all rows twice.
        """
        sample = self.sample
        weights = np.ones(len(sample)) if sample.weights is None else sample.weights
        claims = predicted(sample, self.reach.claimed)[self.open]
        leaves = predicted(sample, self.reach.otherwise)
        labels, open_labels, open_weights = sample.labels, sample.labels[self.open], weights[self.open]
        count, actual = len(sample.experts) + 1, self._actual()
        base = np.bincount(leaves, weights=weights, minlength=count)
        base_right = np.bincount(leaves[leaves == labels], weights=weights[leaves == labels], minlength=count)
        left_open = leaves[self.open]
        order = np.argsort(claims, kind="stable")
        edges = np.searchsorted(claims[order], np.arange(count + 1))
        leaving = np.argsort(left_open, kind="stable")
        left_edges = np.searchsorted(left_open[leaving], np.arange(count + 1))
        for code in codes:
            coming = order[edges[code] : edges[code + 1]]
            going = leaving[left_edges[code] : left_edges[code + 1]]
            rows = np.concatenate([coming, going])
            signs = np.concatenate([np.ones(len(coming)), -np.ones(len(going))]) * open_weights[rows]
            at = self._at[rows]
            calls = base[code] + self._summed(signs, at)
            right = base_right[code] + self._summed(signs * (open_labels[rows] == code), at)
            yield code, float(actual[code]), calls, right

    def outcomes_at(self, first: int, second: int = 0) -> Outcomes:
        """Return what the setting of one cell decides for each row."""
        claimed = np.zeros(len(self.sample), dtype=bool)
        rows, columns = np.divmod(self._at, self.shape[1])
        claimed[self.open] = (first <= rows) & (second <= columns)
        return Outcomes(
            np.where(claimed, self.reach.claimed.expert, self.reach.otherwise.expert),
            np.where(claimed, self.reach.claimed.layer, self.reach.otherwise.layer),
            self.reach.otherwise.asked,
        )


def _mask(rows: Bools) -> Values:
    return rows.astype(np.float64)


def single(measured: Measured, name: str, stakes: Stakes | None = None) -> float:
    """Return a measure of one router as it is set."""
    return float(Cells(Reach(measured, ()), stakes).metric(name)[0, 0])
