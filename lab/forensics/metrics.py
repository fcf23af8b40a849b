"""The figures of the field, each by its definition, on counts and arrays.

A function that cannot say anything (no rows, one class only) returns NaN, never a number that looks like a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z95 = 1.959963984540054


class Interval(NamedTuple):
    """A figure with the ends of its 95 % interval; NaN where there is nothing to tell."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return `.941 [.915, .960]`."""
        return "–" if isnan(self.value) else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def wilson(hits: float, n: float, z: float = Z95) -> Interval:
    """Return the share `hits / n` with its score interval (Wilson, 1927); NaN for n = 0."""
    if n <= 0:
        return Interval(nan, nan, nan)
    share, scale = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * sqrt(max(share * (1 - share) / n + z * z / (4 * n * n), 0.0)) / scale
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0))


def paired_wald(up: float, down: float, n: float) -> Interval:
    """Return (up − down) / n with the adjusted Wald interval for paired shares (Bonett and Price, 2012); NaN for n = 0.

    `up` and `down` count the discordant rows. A row is added to each of both, so that the interval has a width also
    where nothing changed.
    """
    if n <= 0:
        return Interval(nan, nan, nan)
    more, less = (up + 1) / (n + 2), (down + 1) / (n + 2)
    half = Z95 * sqrt(max(more + less - (more - less) ** 2, 0.0) / (n + 2))
    return Interval((up - down) / n, max(more - less - half, -1.0), min(more - less + half, 1.0))


def effective_rows(values: NDArray[np.float64], groups: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    """Return how many independent rows the mean of `values` is worth, all (n,): n over the design effect (Kish, 1965).

    Rows of a group go together. It is at most n, and the number of groups where nothing varies.
    """
    _, group = np.unique(groups, return_inverse=True)
    count, total = int(group.max(initial=-1)) + 1, float(weights.sum())
    if count < 2 or not total:
        return float(count)
    away = values - float((weights * values).sum()) / total
    alone = len(values) / (len(values) - 1) * float((weights * away**2).sum()) / total
    together = count / (count - 1) * float((np.bincount(group, weights=weights * away) ** 2).sum()) / total**2
    if alone <= 1e-12 or together <= 1e-15:
        return float(count)
    return min(alone / together, float(len(values)))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test on the discordant prompts (binomial, p = ½).

    `only_first`: prompts that the first router alone gets right. 1.0 without discordant prompts.
    """
    n, least = only_first + only_second, min(only_first, only_second)
    tail = term = 1  # C(n, 0)
    for k in range(least):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << n))


def macro_f1(labels: Sequence[str], predicted: Sequence[str]) -> float:
    """Return the mean F1 over the classes that stand in `labels` (each class counts the same, however rare)."""
    classes = sorted(set(labels))
    if not classes:
        return nan
    truth, guess = np.asarray(labels, dtype=object), np.asarray(predicted, dtype=object)
    scores = []
    for one in classes:
        right = int(np.count_nonzero((truth == one) & (guess == one)))
        scores.append(f1(right, int(np.count_nonzero(guess == one)), int(np.count_nonzero(truth == one))))
    return float(np.mean(scores))


def f1(right: float, predicted: float, actual: float) -> float:
    """Return 2·right / (predicted + actual); 0 where a class was never predicted right, NaN where it is nowhere."""
    return nan if predicted + actual == 0 else 2.0 * right / (predicted + actual)


def auroc(inside: ArrayLike, outside: ArrayLike) -> float:
    """Return P(inside > outside) + ½ P(equal): how well a score tells the two apart. NaN where a side is empty."""
    high, low = np.asarray(inside, dtype=np.float64), np.sort(np.asarray(outside, dtype=np.float64))
    if not len(high) or not len(low):
        return nan
    below = np.searchsorted(low, high, side="left")
    ties = np.searchsorted(low, high, side="right") - below
    return float((below + ties / 2).sum() / (len(high) * len(low)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for asking several questions at once (Holm, 1979), in their order."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted


def percentile_interval(value: float, samples: ArrayLike) -> Interval:
    """Return `value` with the 2.5 % and 97.5 % points of its bootstrap samples (Efron, 1979)."""
    drawn = np.asarray(samples, dtype=np.float64)
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or isnan(value):
        return Interval(value, nan, nan)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(value, float(low), float(high))


def resampled_groups(groups: NDArray[np.int64], seed: int, samples: int) -> NDArray[np.int64]:
    """Return how often each row counts in each bootstrap sample, shape (samples, n): whole groups are drawn.

    Near-duplicates share a group, so that a copy never stands for a second opinion.
    """
    _, index = np.unique(groups, return_inverse=True)
    count = int(index.max()) + 1 if len(index) else 0
    draw = np.random.default_rng(seed)
    drawn = np.zeros((samples, count), dtype=np.int64)
    for row in drawn:
        row += np.bincount(draw.integers(0, count, count), minlength=count)
    return drawn[:, index]


def number_to_json(value: float) -> float | None:
    """Return a figure as JSON has it: NaN, which JSON does not have, is null."""
    return None if isnan(value) else float(value)


def interval_to_json(one: Interval) -> list[float | None]:
    """Return a figure with its ends as a JSON list."""
    return [number_to_json(value) for value in one]
