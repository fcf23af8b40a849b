"""A number as a page shows it: with its n and its interval, or with the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from lab.forensics.metrics import Interval, wilson


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


def share(hits: float, n: int, because: str) -> Figure:
    """Return a share with its Wilson interval; `because` is said where n is 0."""
    return Figure(wilson(hits, n), n) if n else undefined(because)


def wider(first: Interval, second: Interval) -> Interval:
    """Return the first value within the ends of both intervals: the smaller low, the greater high; NaN counts as none.

    A bootstrap of votes that all say the same has no width, which is no knowledge: a formula for shares keeps one then.
    """
    lows = [one.low for one in (first, second) if not isnan(one.low)]
    highs = [one.high for one in (first, second) if not isnan(one.high)]
    return Interval(first.value, min(lows, default=nan), max(highs, default=nan))
