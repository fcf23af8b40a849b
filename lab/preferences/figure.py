"""A number as a page shows it: with its n and its interval, or with the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from lab.forensics.metrics import Interval, wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval and the n it rests on; `value` is None where `because` says why."""

    value: Interval | None
    n: int
    because: str = ""

    def __str__(self) -> str:
        """Return `.743 [.500, .900], n = 41`, or `undefined, because …`."""
        return f"undefined, because {self.because}" if self.value is None else f"{self.value}, n = {self.n:,}"

    @property
    def low(self) -> float:
        """The lower end; NaN where the figure is undefined."""
        return nan if self.value is None else self.value.low


def undefined(because: str, n: int = 0) -> Figure:
    """Return a figure that says why it has no value."""
    return Figure(None, n, because)


def share(hits: float, n: int, because: str, worth: float | None = None) -> Figure:
    """Return a share with its Wilson interval, on `worth` observations where not all n tell something of their own.

    `because` is said where n is 0.
    """
    return Figure(among(hits, n, worth), n) if n else undefined(because)


def among(hits: float, n: float, worth: float | None = None) -> Interval:
    """Return hits / n with Wilson's interval as if it were the share of `worth` observations; None: of n."""
    return wilson(hits, n) if worth is None or not n else wilson(hits / n * worth, worth)._replace(value=hits / n)


def worth(groups: NDArray[np.int64]) -> float:
    """Return how many independent observations these are worth, where those of a group all say the same thing."""
    counts = np.bincount(groups).astype(np.float64)
    return effective(counts[counts > 0])


def effective(weights: Floats) -> float:
    """Return how many equal weights these are worth: (sum)² / sum of squares (Kish, 1965); 0 for none."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def wider(first: Interval, second: Interval) -> Interval:
    """Return the first value within the ends of both intervals: the smaller low, the greater high; NaN counts as none.

    A bootstrap of votes that all say the same has no width, which is no knowledge: a formula for shares keeps one then.
    """
    lows = [one.low for one in (first, second) if not isnan(one.low)]
    highs = [one.high for one in (first, second) if not isnan(one.high)]
    return Interval(first.value, min(lows, default=nan), max(highs, default=nan))
