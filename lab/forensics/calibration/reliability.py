"""How far probabilities can be trusted: reliability bins, ECE, Brier, risk against coverage, each with its interval.

Intervals of a share are Wilson's; all others are percentile bootstraps that draw whole groups of near-duplicates. A
bootstrap keeps each row's bin and probability: it tells how the figure varies with the rows, not with the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from lab.forensics.metrics import Interval, auroc, percentile_interval, resampled_groups, wilson

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

BINS = 10
SAMPLES = 1_000
_DRAWN_AT_ONCE = 2_000_000  # rows × samples held at a time: 16 MB, several times over


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose probability lies in [low, high): how sure they are on average, and the share that is right."""

    low: float
    high: float
    places: tuple[int, ...]  # which rows, among those that were asked about
    confidence: float  # mean; NaN without rows
    right: Interval  # Wilson; NaN without rows

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Reliability:
    """The figures of one set of probabilities over n rows.

    `ece_width` has ten bins of equal width, `ece_mass` ten of equal count (fewer where rows tie). An ECE is never
    below 0 and biased upward on few rows, its bootstrap more so: read it beside the Brier score and the counts.
    """

    n: int
    right: Interval  # the share that is right, Wilson
    confidence: float  # the mean probability
    width_bins: tuple[Bin, ...]
    mass_bins: tuple[Bin, ...]
    ece_width: Interval
    ece_mass: Interval
    brier: Interval


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """What goes wrong when only the surest rows are answered: rows enter by falling score, equal scores together."""

    n: int
    scores: Floats  # (points,), falling: the least score that is still answered
    coverage: Floats  # (points,), share of rows answered, up to 1
    risk: Floats  # (points,), share of the answered that is wrong
    aurc: Interval  # mean risk over the coverages of all n rows (Geifman and El-Yaniv, 2017)


def reliability(
    probabilities: Floats,
    right: Bools,
    groups: Ints,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    places: Ints | None = None,
) -> Reliability:
    """Return bins, ECE and Brier of probabilities in [0, 1], shape (n,), n ≥ 1.

    `places`, shape (n,), are what the bins call their rows; without them 0 to n - 1.
    """
    called = np.arange(len(right)) if places is None else places
    width, mass = width_bins_of(probabilities), mass_bins_of(probabilities)
    gap = probabilities - right
    squared = gap * gap
    drawn: list[Floats] = []
    for weights in _draws(groups, seed, samples):
        total = weights.sum(axis=1)
        drawn.append(
            np.stack([*(_ece(gap, bins, weights, total) for bins in (width, mass)), weights @ squared / total])
        )
    by_figure = np.concatenate(drawn, axis=1) if drawn else np.zeros((3, 0))
    return Reliability(
        n=len(right),
        right=wilson(float(right.sum()), len(right)),
        confidence=float(probabilities.mean()),
        width_bins=_width_bins(probabilities, right, width, called),
        mass_bins=_mass_bins(probabilities, right, mass, called),
        ece_width=percentile_interval(ece(probabilities, right, width), by_figure[0]),
        ece_mass=percentile_interval(ece(probabilities, right, mass), by_figure[1]),
        brier=percentile_interval(float(squared.mean()), by_figure[2]),
    )


def width_bins_of(probabilities: Floats) -> Ints:
    """Return each row's bin among ten of equal width, [0, .1) to [.9, 1]."""
    return np.clip(np.floor(probabilities * BINS), 0, BINS - 1).astype(np.int64)


def mass_bins_of(probabilities: Floats) -> Ints:
    """Return each row's bin among ten of equal count, by rising probability; equal probabilities share a bin."""
    edges = np.unique(np.quantile(probabilities, np.arange(1, BINS) / BINS, method="higher"))
    return np.unique(np.searchsorted(edges, probabilities, side="right"), return_inverse=True)[1].astype(np.int64)


def ece(probabilities: Floats, right: Bools, bins: Ints) -> float:
    """Return Σ (n_b/N)·|accuracy_b − confidence_b| (Naeini et al., 2015); NaN without rows."""
    if not len(right):
        return nan
    one = np.ones((1, len(right)))
    return float(_ece(probabilities - right, bins, one, one.sum(axis=1))[0])


def brier(probabilities: Floats, right: Bools) -> float:
    """Return the mean of (probability − outcome)² (Brier, 1950); NaN without rows."""
    return float(((probabilities - right) ** 2).mean()) if len(right) else nan


def risk_coverage(scores: Floats, right: Bools, groups: Ints, *, seed: int = 0, samples: int = SAMPLES) -> RiskCoverage:
    """Return risk against coverage when rows are answered by falling score, n ≥ 1, and the area under it."""
    order = np.argsort(-scores, kind="stable")
    falling, wrong = scores[order], ~right[order]
    ends = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(scores) - 1)  # the last row of each score
    answered = ends + 1.0
    risk = np.cumsum(wrong)[ends] / answered

    def aurc(weights: Floats) -> Floats:
        counted = weights[:, order]
        so_far = np.cumsum(counted, axis=1)[:, ends]
        errors = np.cumsum(counted * wrong, axis=1)[:, ends]
        entering = np.diff(so_far, axis=1, prepend=0.0)
        rate = np.divide(errors, so_far, out=np.zeros_like(errors), where=so_far > 0)
        return np.asarray((rate * entering).sum(axis=1) / so_far[:, -1])

    value = float(aurc(np.ones((1, len(scores))))[0])
    area = percentile_interval(value, _bootstrapped(aurc, groups, seed, samples))
    return RiskCoverage(len(scores), falling[ends], answered / len(scores), risk, area)


def auroc_interval(scores: Floats, inside: Bools, groups: Ints, *, seed: int = 0, samples: int = SAMPLES) -> Interval:
    """Return P(score inside > score outside) + ½ P(equal) with its interval; NaN where a side has no rows."""
    value = auroc(scores[inside], scores[~inside])
    if np.isnan(value):
        return Interval(nan, nan, nan)
    order = np.argsort(scores, kind="stable")
    rising = scores[order]
    starts = np.append(0, np.flatnonzero(rising[1:] != rising[:-1]) + 1)

    def area(weights: Floats) -> Floats:
        counted = weights[:, order]
        within = np.add.reduceat(counted * inside[order], starts, axis=1)
        beyond = np.add.reduceat(counted * ~inside[order], starts, axis=1)
        below = np.cumsum(beyond, axis=1) - beyond
        pairs = within.sum(axis=1) * beyond.sum(axis=1)
        won = (within * (below + beyond / 2)).sum(axis=1)
        return np.asarray(np.divide(won, pairs, out=np.full(len(won), nan), where=pairs > 0))

    return percentile_interval(value, _bootstrapped(area, groups, seed, samples))


def _bootstrapped(figure: Callable[[Floats], Floats], groups: Ints, seed: int, samples: int) -> Floats:
    drawn = [figure(weights) for weights in _draws(groups, seed, samples)]
    return np.concatenate(drawn) if drawn else np.zeros(0)


def _draws(groups: Ints, seed: int, samples: int) -> Iterator[Floats]:
    """Yield how often each row counts in bootstrap samples, some at a time, shape (some, n); none for one group."""
    if len(np.unique(groups)) < 2:
        return  # one group has nothing to vary
    at_once = max(1, _DRAWN_AT_ONCE // max(len(groups), 1))
    for start in range(0, samples, at_once):
        some = min(at_once, samples - start)
        yield resampled_groups(groups, seed + start, some).astype(np.float64)


def _ece(gap: Floats, bins: Ints, weights: Floats, total: Floats) -> Floats:
    """ECE of each weighting, shape (samples,): (n_b/N)·|acc_b − conf_b| is |Σ gap| of the bin's rows, over N."""
    by_bin = np.zeros((len(gap), int(bins.max()) + 1))
    by_bin[np.arange(len(gap)), bins] = gap
    return np.asarray(np.abs(weights @ by_bin).sum(axis=1) / total)


def _width_bins(probabilities: Floats, right: Bools, bins: Ints, places: Ints) -> tuple[Bin, ...]:
    edges = [number / BINS for number in range(BINS + 1)]
    return tuple(
        _bin(edges[number], edges[number + 1], probabilities, right, bins == number, places) for number in range(BINS)
    )


def _mass_bins(probabilities: Floats, right: Bools, bins: Ints, places: Ints) -> tuple[Bin, ...]:
    inside = [bins == number for number in range(int(bins.max()) + 1)]
    return tuple(
        _bin(float(probabilities[some].min()), float(probabilities[some].max()), probabilities, right, some, places)
        for some in inside
    )


def _bin(low: float, high: float, probabilities: Floats, right: Bools, inside: Bools, places: Ints) -> Bin:
    n = int(inside.sum())
    mean = float(probabilities[inside].mean()) if n else nan
    return Bin(low, high, tuple(places[inside].tolist()), mean, wilson(float(right[inside].sum()), n))
