"""What routing is worth on the quality of answers: the field's figures, each by its definition.

They need `outcome` rows (how good each expert's answer to each prompt is), not labels, on which an oracle is always
right. Qualities are in any unit, higher is better; costs and shares likewise, lower is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from lab.errors import SearchError
from lab.forensics.metrics import Interval, percentile_interval, resampled_groups

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DRAWN_AT_ONCE = 2_000_000  # prompts × samples held at a time


@dataclass(frozen=True, slots=True)
class StrongCurve:
    """Mean quality when a share of the prompts goes to the strong model: points by rising share, from 0 to 1."""

    shares: Floats  # (points,)
    qualities: Floats  # (points,)

    @property
    def weak(self) -> float:
        """The quality of the weak model alone."""
        return float(self.qualities[0])

    @property
    def strong(self) -> float:
        """The quality of the strong model alone."""
        return float(self.qualities[-1])


def strong_curve(weak: Floats, strong: Floats, scores: Floats) -> StrongCurve:
    """Return the curve of a router that sends the prompts with the highest `scores` to the strong model.

    `weak`, `strong`: the quality of each prompt's two answers; all of shape (n,), n ≥ 1. Equal scores go together: no
    threshold tells them apart.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    ends = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(scores) - 1) + 1
    gained = np.cumsum((strong - weak)[order])[ends - 1]
    n = len(scores)
    return StrongCurve(np.append(0.0, ends / n), np.append(weak.mean(), weak.mean() + gained / n))


def pgr(quality: float, weak: float, strong: float) -> float:
    """Return the performance gap recovered, (r − r_weak)/(r_strong − r_weak) (RouteLLM, 2024); NaN without a gap."""
    return (quality - weak) / (strong - weak) if strong != weak else nan


def apgr(curve: StrongCurve) -> float:
    """Return the mean PGR over the strong-call share, as the area under straight lines between the points (RouteLLM).

    A random router has ½. NaN without a gap.
    """
    if curve.strong == curve.weak:
        return nan
    recovered = (curve.qualities - curve.weak) / (curve.strong - curve.weak)
    return float(np.trapezoid(recovered, curve.shares))


def cpt(curve: StrongCurve, wanted: float) -> float:
    """Return the call-performance threshold: the least strong-call share with PGR ≥ `wanted` (RouteLLM).

    It is where the running maximum first gets there, at a point that exists: a curve may fall again, and a share
    between two points was never measured. NaN where the curve never gets there.
    """
    reached = [
        share
        for share, quality in zip(curve.shares.tolist(), curve.qualities.tolist(), strict=True)
        if pgr(quality, curve.weak, curve.strong) >= wanted - 1e-12  # sums of qualities carry rounding errors
    ]
    return min(reached, default=nan)


def convex_hull(costs: Sequence[float], qualities: Sequence[float]) -> list[tuple[float, float]]:
    """Return the corners (cost, quality) of the non-decreasing convex hull of points, from the cheapest to the dearest.

    A mixture of two routers reaches every point between them, and nobody pays more for less (RouterBench, 2024).
    """
    best = -np.inf
    rising: list[tuple[float, float]] = []
    for cost, quality in sorted(zip(costs, qualities, strict=True)):
        best = max(best, quality)
        if rising and rising[-1][0] == cost:
            rising.pop()
        rising.append((float(cost), float(best)))
    hull: list[tuple[float, float]] = []
    for point in rising:
        while len(hull) > 1 and _below(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _below(left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]) -> bool:
    """Tell whether `middle` lies on or under the line from `left` to `right`."""
    rise = (middle[1] - left[1]) * (right[0] - left[0])
    return rise <= (right[1] - left[1]) * (middle[0] - left[0])


def aiq(costs: Sequence[float], qualities: Sequence[float]) -> float:
    """Return the average improvement in quality; NaN with fewer than two costs.

    It is the area under the non-decreasing convex hull of quality over cost, over the range of costs (RouterBench).
    """
    hull = convex_hull(costs, qualities)
    if len(hull) < 2:
        return nan
    cost, quality = np.array(hull).T
    return float(np.trapezoid(quality, cost) / (cost[-1] - cost[0]))


@dataclass(frozen=True, slots=True)
class RoutingValue:
    """What a router is worth between the best single expert (0) and an oracle (1); below 0 a constant is better.

    `value` is NaN, and `why_not` says so, where the interval of the denominator, oracle − best single, holds 0.
    """

    n: int  # prompts with the quality of every expert
    routed: Interval
    best_single: Interval
    best_expert: int  # its index
    oracle: Interval
    denominator: Interval
    value: Interval
    random: float  # expected quality of a router that draws experts with the same call shares
    why_not: str = ""


def oracle(outcomes: Floats) -> float:
    """Return the mean quality when each prompt goes to its best expert; outcomes (n, experts), no NaN."""
    return float(outcomes.max(axis=1).mean())


def routing_value(
    chosen: Ints, outcomes: Floats, groups: Ints, *, nobody: float = 0.0, seed: int = 0, samples: int = 1_000
) -> RoutingValue:
    """Return (r − best single)/(oracle − best single) with percentile bootstrap intervals by prompt group.

    `chosen`: each prompt's expert by index, −1 or `experts` for nobody, whose answer has the quality `nobody`;
    `outcomes`: (n, experts); prompts with a NaN, where an answer was not judged, are left out. Each bootstrap sample
    finds its own best expert. Raises SearchError when no prompt is left.
    """
    whole = ~np.isnan(outcomes).any(axis=1)
    known, experts = outcomes[whole], outcomes.shape[1]
    if not len(known) or not experts:
        raise SearchError(
            f"None of the {len(outcomes):,} prompts has a quality for every expert. "
            "Judge answers of all experts to the same prompts, or import outcomes."
        )
    picked = np.where((chosen[whole] < 0) | (chosen[whole] >= experts), experts, chosen[whole])
    with_nobody = np.column_stack([known, np.full(len(known), nobody)])
    per_prompt = np.column_stack([with_nobody[np.arange(len(known)), picked], known.max(axis=1), known])
    means = per_prompt.mean(axis=0)
    drawn = _bootstrapped_means(per_prompt, groups[whole], seed, samples)
    single, drawn_single = float(means[2:].max()), drawn[:, 2:].max(axis=1)
    gap = percentile_interval(float(means[1]) - single, drawn[:, 1] - drawn_single)
    shares = np.bincount(picked, minlength=experts + 1) / len(picked)
    why_not = _why_not(gap, len(known))
    value = Interval(nan, nan, nan)
    if not why_not:
        drawn_gap = drawn[:, 1] - drawn_single
        values = np.divide(drawn[:, 0] - drawn_single, drawn_gap, out=np.full(len(drawn), nan), where=drawn_gap > 0)
        value = percentile_interval((float(means[0]) - single) / gap.value, values)
    return RoutingValue(
        n=len(known),
        routed=percentile_interval(float(means[0]), drawn[:, 0]),
        best_single=percentile_interval(single, drawn_single),
        best_expert=int(means[2:].argmax()),
        oracle=percentile_interval(float(means[1]), drawn[:, 1]),
        denominator=gap,
        value=value,
        random=float(shares @ with_nobody.mean(axis=0)),
        why_not=why_not,
    )


def _why_not(gap: Interval, n: int) -> str:
    if isnan(gap.low):
        return f"Undefined: all {n:,} prompts are near-duplicates of each other, so that no interval can be told."
    if gap.low <= 0:
        return (
            f"Undefined: an oracle gains {gap} over the best single expert (n = {n:,}), which may be nothing. "
            "Judge more prompts, or prompts on which the experts differ."
        )
    return ""


def _bootstrapped_means(columns: Floats, groups: Ints, seed: int, samples: int) -> Floats:
    """Return the means of `columns`, shape (n, k), in bootstrap samples of groups, shape (samples, k)."""
    if len(np.unique(groups)) < 2:
        return np.full((1, columns.shape[1]), nan)
    at_once = max(1, _DRAWN_AT_ONCE // len(columns))
    found = []
    for start in range(0, samples, at_once):
        weights = resampled_groups(groups, seed + start, min(at_once, samples - start)).astype(np.float64)
        found.append(weights @ columns / weights.sum(axis=1, keepdims=True))
    return np.concatenate(found)
