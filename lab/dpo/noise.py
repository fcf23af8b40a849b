"""How many labels are wrong: of single votes, from how often two people agree, and of the rows that votes made."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lab.dpo.built import Built
from lab.dpo.checks.catalogue import ADJUDICATED


def error_rate(agreement: float | None) -> float:
    """Return how often one rater errs, in [0, .5], from how often two choose the same answer.

    Two raters who each err with e, independently, agree on a share a = (1 - e)² + e², so e = (1 - √(2a - 1)) / 2; for
    a ≤ .5 that is a coin. Without any agreement measured it is 0.
    """
    return 0.0 if agreement is None else (1 - math.sqrt(max(0.0, 2 * agreement - 1))) / 2


def wrong(error: float, ahead: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return how likely labels are wrong that are `ahead` by so many votes, each wrong with `error`.

    By Bayes' rule, where either answer is as likely to be better: 1 / (1 + ((1 - e) / e)^ahead).
    """
    if error <= 0:
        return np.zeros(len(ahead))
    return np.asarray(1 / (1 + ((1 - error) / error) ** ahead.astype(np.float64)))


def of_kept(built: Built) -> float | None:
    """Return the share of wrong labels to be expected among the kept pairs; None where nobody judged a duel twice.

    Who resolved a disagreement had all votes before them, and counts as at least one vote.
    """
    kept = built.kept_of
    if not built.chose_both or not kept.any():
        return None
    voices = np.bincount(built.voices["pair"], minlength=len(built.pairs))[kept]
    against = np.maximum(built.pairs["chose"][kept].astype(np.int64) - voices, 0)
    resolved = (built.pairs["flags"][kept] & np.uint32(ADJUDICATED)) != 0
    ahead = np.maximum(voices - against + resolved, 1)
    return float(wrong(error_rate(built.chose_same / built.chose_both), ahead).mean())
