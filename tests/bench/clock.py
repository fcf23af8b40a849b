"""The one place that measures time: each item once, nanoseconds, then medians. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import perf_counter_ns
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """Times of one thing, in nanoseconds."""

    ns: Sequence[int]

    @property
    def n(self) -> int:
        """How many times."""
        return len(self.ns)

    @property
    def p50(self) -> float:
        """The median, in nanoseconds."""
        return float(median(self.ns))

    @property
    def p99(self) -> float:
        """The 99th percentile by nearest rank, in nanoseconds."""
        return float(sorted(self.ns)[ceil(0.99 * self.n) - 1])

    def __add__(self, other: Sample) -> Sample:
        return Sample((*self.ns, *other.ns))

    def text(self, *, p99: bool = False) -> str:
        """Return the figures with their n."""
        tail = f", P99 {duration(self.p99)}" if p99 else ""
        return f"P50 {duration(self.p50)}{tail} (n={self.n})"


def once_each(call: Callable[[Any], object], items: Iterable[Any]) -> Sample:
    """Call with each item once, and return how long each call took."""
    ns = []
    for item in items:
        start = perf_counter_ns()
        call(item)
        ns.append(perf_counter_ns() - start)
    return Sample(ns)


def in_turn(calls: Sequence[Callable[[Any], object]], items: Sequence[Any], *, turn: int) -> list[Sample]:
    """Give every call each item once, `turn` items at a time, so that all see the same moods of the machine."""
    samples = [Sample(()) for _ in calls]
    for number, start in enumerate(range(0, len(items), turn)):
        order = list(range(len(calls)))
        for index in order if number % 2 == 0 else order[::-1]:
            samples[index] += once_each(calls[index], items[start : start + turn])
    return samples


def duration(ns: float) -> str:
    """Return nanoseconds in the unit a person reads."""
    for limit, unit, divisor in ((1e6, "µs", 1e3), (1e9, "ms", 1e6)):
        if ns < limit:
            return f"{ns / divisor:.{2 if ns / divisor < 100 else 0}f} {unit}"
    return f"{ns / 1e9:.2f} s"
