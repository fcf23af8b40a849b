"""Which prompts to label first: those that the router itself is least sure of teach most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.forensics.evidence import NOBODY, Bools, Evidence, Ints
from lab.routing.semantic import Floats
from lab.types import RouterConfig

_STEPS = 200  # of .01: cosines lie no farther apart


@dataclass(frozen=True, slots=True)
class _Difficulty:
    """What makes prompts hard, in the order in which it counts; each of shape (n,)."""

    settled: Bools
    margin: Floats  # in steps of .01; infinite where fewer than two experts have a score
    distance: Floats  # of the best score from its threshold
    conflict: Bools


def hardest_first(evidence: Evidence, config: RouterConfig, rows: Ints) -> Ints:
    """Return `rows` in the order in which to label them.

    The smallest margin first, in steps of .01; of equal ones what lies nearest to the threshold of its best expert,
    then what several experts' patterns match. Prompts that layer 1 settles alone come last: their margin decides
    nothing. It is a biased sample by design: figures on rows that were labelled so look worse than traffic will.
    """
    rows = np.asarray(rows, dtype=np.int64)
    one = _difficulty(evidence, config, rows)
    return rows[np.lexsort((rows, ~one.conflict, one.distance, one.margin, one.settled))]


def hardness(evidence: Evidence, config: RouterConfig, rows: Ints) -> Floats:
    """Return how hard `rows` are, in [0, 1], greater being harder: the order of `hardest_first` as a number.

    1 is a margin under .01 right at the threshold with a conflict; a step of the margin is worth 1/201. What layer 1
    settles alone is 0. So duels of several batches can stand in one order.
    """
    one = _difficulty(evidence, config, np.asarray(rows, dtype=np.int64))
    steps = np.minimum(one.margin, _STEPS)
    within = 0.99 * np.minimum(one.distance, 2) / 2 + np.where(one.conflict, 0.0, 1e-8)  # a distance is a cosine's too
    found: Floats = np.where(one.settled, 0.0, 1 - (steps + within) / (_STEPS + 1))
    return found


def _difficulty(evidence: Evidence, config: RouterConfig, rows: Ints) -> _Difficulty:
    first = evidence.layer1(config)
    settled = first.settled(config.on_conflict)[rows] != NOBODY
    conflict = (first.defer[rows] == NOBODY) & (first.priority[rows] != NOBODY)
    margin, distance = np.full(len(rows), np.inf), np.full(len(rows), np.inf)
    second = evidence.layer2(config)
    if second is not None:
        best = second.best[rows]
        thresholds = np.array([*(config.threshold_of(expert) for expert in config.experts), np.inf])[best]
        margin = np.floor(second.margin[rows] * 100)
        distance = np.abs(second.score[rows] - thresholds)
        distance[best == NOBODY] = np.inf
    return _Difficulty(settled, margin, distance, conflict)
