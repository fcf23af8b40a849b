"""What one change of a router does to labelled rows: how many it puts right, how many it puts wrong, and how sure."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from lab.forensics.compare import discordant
from lab.forensics.evidence import Ints, Outcomes
from lab.forensics.metrics import Z95, Interval
from lab.forensics.sample import Sample
from lab.types import NONE, Layer

_NOBODY = 1


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

    def p_value(self, groups: Ints) -> float:
        """Return the two-sided p-value, by group where near-duplicates share one (see `compare.discordant`).

        `groups`: of the n rows.
        """
        before, after = np.zeros(self.n, dtype=np.int64), np.zeros(self.n, dtype=np.int64)
        before[list(self.fixed)] = after[list(self.broken)] = _NOBODY  # wrong, where all are labelled with expert 0
        rows = np.arange(self.n)
        sample = Sample(("right",), rows, np.zeros(self.n, dtype=np.int64), ("",) * self.n, groups)
        layer = np.zeros(self.n, dtype=np.int64)
        return discordant(sample, Outcomes(before, layer), Outcomes(after, layer)).p_value
