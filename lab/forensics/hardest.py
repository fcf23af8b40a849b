"""Which prompts to label first: those that the router itself is least sure of teach most."""

from __future__ import annotations

import numpy as np

from lab.forensics.evidence import NOBODY, Evidence, Ints
from lab.types import RouterConfig


def hardest_first(evidence: Evidence, config: RouterConfig, rows: Ints) -> Ints:
    """Return `rows` in the order in which to label them.

    The smallest margin first, in steps of .01; of equal ones what lies nearest to the threshold of its best expert,
    then what several experts' patterns match. Prompts that layer 1 settles alone come last: their margin decides
    nothing. It is a biased sample by design: figures on rows that were labelled so look worse than traffic will.
    """
    rows = np.asarray(rows, dtype=np.int64)
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
    return rows[np.lexsort((rows, ~conflict, distance, margin, settled))]
