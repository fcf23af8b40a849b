"""The bootstrap by conversation: votes on the answers to one prompt come and go together (Efron, 1979)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lab.preferences.counted import Floats, Ints

SAMPLES = 1_000
SEED = 20_261_103
_FEW_KINDS = 2_000  # up to here one multinomial draw a sample is quicker than drawing every conversation


def resampled(sums: Floats, samples: int = SAMPLES, seed: int = SEED) -> Floats:
    """Return the column sums of bootstrap samples, (samples, k), of conversations given as (conversations, k).

    Every sample draws as many conversations as there are, with replacement. Conversations with the same numbers are
    one kind, and how often each kind is drawn is multinomial: the same draw, in a fraction of the time. Kinds are
    sorted, so that neither names nor the order of votes change an interval.
    """
    if not len(sums):
        return np.zeros((samples, sums.shape[1]))
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    if len(kinds) <= _FEW_KINDS:
        n = int(counts.sum())
        drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=samples)
        return np.asarray(drawn @ kinds, dtype=np.float64)
    return resampled_wide(np.repeat(kinds, counts, axis=0), samples, seed)


def resampled_wide(sums: Any, samples: int = SAMPLES, seed: int = SEED) -> Floats:
    """Return the same for many columns: `sums` may be a SciPy sparse matrix, whose rows are drawn in their order."""
    across = sums.T
    return np.stack([across @ drawn for drawn in _times_drawn(sums.shape[0], samples, seed)])


def _times_drawn(n: int, samples: int, seed: int) -> Iterator[Ints]:
    """Yield how often each of n conversations is drawn, once a sample."""
    draw = np.random.default_rng(seed)
    for _ in range(samples):
        yield np.bincount(draw.integers(0, n, n), minlength=n)
