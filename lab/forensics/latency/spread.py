"""How times spread: order statistics of measured values, and the mean with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, fsum, lgamma, log, log1p, nan

import numpy as np
from numpy.typing import NDArray

LEAST_N = 59
"""Below this no order statistic bounds the 95th percentile from above at 95 %: .95^58 > .05 >= .95^59."""

SAMPLES = 1_000
"""Bootstrap samples of a mean."""

_BINS = 40


@dataclass(frozen=True, slots=True)
class Spread:
    """The times of one stage in milliseconds, over the n prompts on which it ran; NaN figures for n = 0.

    Percentiles are values that were measured (nearest rank). `p95_high` is a distribution-free 95 % upper bound of the
    95th percentile; None, with the sentence `p95_note`, where n is too small. `edges` has one more item than `counts`,
    and grows by a constant factor.
    """

    n: int
    mean: float
    p50: float
    p95: float
    p99: float
    slowest: float
    p95_high: float | None
    p95_note: str | None
    counts: tuple[int, ...]
    edges: tuple[float, ...]


def spread(values: Sequence[float | None]) -> Spread:
    """Return how the values spread; None marks a prompt on which the stage did not run."""
    times = np.sort(np.array([value for value in values if value is not None], dtype=np.float64))
    if not len(times):
        return Spread(0, nan, nan, nan, nan, nan, None, "The stage did not run.", (), ())
    high = percentile_bound(times, 0.95)
    counts, edges = _histogram(times)
    return Spread(
        n=len(times),
        mean=mean(times.tolist()),
        p50=nearest_rank(times, 0.50),
        p95=nearest_rank(times, 0.95),
        p99=nearest_rank(times, 0.99),
        slowest=float(times[-1]),
        p95_high=high,
        p95_note=None if high is not None else f"A bound of p95 needs {LEAST_N} prompts; there are {len(times)}.",
        counts=counts,
        edges=edges,
    )


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean; NaN without values."""
    return fsum(values) / len(values) if values else nan


def nearest_rank(ascending: NDArray[np.float64], share: float) -> float:
    """Return the smallest value that at least `share` of the values do not exceed."""
    rank = ceil(round(share * len(ascending), 9))  # 0.95 · 100 is not quite 95 in binary
    return float(ascending[max(rank, 1) - 1])


def percentile_bound(ascending: NDArray[np.float64], share: float, confidence: float = 0.95) -> float | None:
    """Return the least order statistic that is above the percentile with this confidence, whatever the distribution.

    The k-th of n values is, with probability P(Binomial(n, share) < k) (David & Nagaraja, Order Statistics, 7.1). None
    where not even the greatest value is.
    """
    n, tail = len(ascending), 0.0  # P(Binomial(n, share) >= rank)
    rank = n + 1
    while rank > 0 and tail + _binomial(n, rank - 1, share) <= 1 - confidence:
        rank -= 1
        tail += _binomial(n, rank, share)
    return float(ascending[rank - 1]) if rank <= n else None


def _binomial(n: int, k: int, share: float) -> float:
    """P(Binomial(n, share) = k); by logarithms, because .95^n of a large n is no float."""
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(share) + (n - k) * log1p(-share))


def _histogram(ascending: NDArray[np.float64]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Bins of a constant ratio: keyword times are microseconds, encoding takes milliseconds."""
    low, high = max(float(ascending[0]), 1e-6), max(float(ascending[-1]), 1e-6)
    edges = np.geomspace(low / 1.001, high * 1.001, _BINS + 1)
    counts, _ = np.histogram(np.maximum(ascending, 1e-6), edges)
    return tuple(counts.tolist()), tuple(edges.tolist())


def resampled_means(values: Sequence[float], seed: int) -> NDArray[np.float64]:
    """Return the means of bootstrap samples of the values (Efron, 1979), shape (SAMPLES,).

    A single value tells nothing of its spread: then they are NaN.
    """
    if len(values) < 2:
        return np.full(SAMPLES, nan)
    draw, known = np.random.default_rng(seed), np.asarray(values, dtype=np.float64)
    return np.array([known[draw.integers(0, len(known), len(known))].mean() for _ in range(SAMPLES)])
