"""What one change of a router does to labelled rows: how many it puts right, how many it puts wrong, and how sure."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

from lab.forensics.metrics import Z95, Interval, mcnemar
from lab.types import NONE, Layer


def is_right(label: str, expert: str, layer: Layer) -> bool:
    """Tell whether a decision is right: it names the label's expert, or, for the label NONE, nobody claimed it."""
    return layer == Layer.FALLBACK if label == NONE else expert == label


@dataclass(frozen=True, slots=True)
class Effect:
    """The rows, of `n`, that a change puts right (`fixed`) and puts wrong (`broken`); all others stay as they are."""

    n: int
    fixed: tuple[int, ...]
    broken: tuple[int, ...]

    @property
    def net(self) -> Interval:
        """The change of accuracy, with its 95 % interval; NaN without rows.

        The interval is the adjusted Wald interval for paired proportions (Bonett & Price, 2012): one row is added to
        each discordant cell, so that it has a width also where nothing changed.
        """
        if not self.n:
            return Interval(nan, nan, nan)
        up, down = (len(self.fixed) + 1) / (self.n + 2), (len(self.broken) + 1) / (self.n + 2)
        half = Z95 * sqrt(max(up + down - (up - down) ** 2, 0.0) / (self.n + 2))
        value = (len(self.fixed) - len(self.broken)) / self.n
        return Interval(value, max(up - down - half, -1.0), min(up - down + half, 1.0))

    @property
    def p_value(self) -> float:
        """The exact two-sided p-value of McNemar's test; 1.0 where nothing changed."""
        return mcnemar(len(self.broken), len(self.fixed))
