"""What one change of a router does to labelled rows: how many it puts right, how many it puts wrong, and how sure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.forensics.compare import discordant
from lab.forensics.evidence import Ints, Outcomes
from lab.forensics.metrics import Interval, paired_wald
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
        """The change of accuracy, with its 95 % interval; NaN without rows."""
        return paired_wald(len(self.fixed), len(self.broken), self.n)

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
