"""Train, validation and test: by whole clusters of prompts, stored, so that no row ever changes its side.

A row that has a side keeps it, and newcomers go where their cluster is. Clusters without a side are dealt out in the
order of a hash, stratum after stratum, the strata in the order of a hash as well, each cluster to the side that is
farthest behind its share: so every stratum is shared out alike, a few dozen clusters leave no side empty, and where
strata are smaller than a side's share needs, the seed decides which of them it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.forensics.datasets.shingles import mixed

NONE, BRIDGING = -1, -2
"""Sides that are none: not stored before; left out, since the cluster lies on two sides."""

_TRAIN, _VALIDATION, _TEST = range(3)  # as in lab.dpo.rows.SPLITS
_FIRST_SERVED = (_TRAIN, _TEST, _VALIDATION)
_LARGE = 1.5  # times the mean cluster

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Assigned:
    """The side of each row: 0 train, 1 validation, 2 test; -2 for a newcomer whose cluster lies on two sides."""

    sides: NDArray[np.int8]  # (n,)
    bridging: Ints  # the rows left out for that, ascending


def assign(
    groups: Ints,
    known: NDArray[np.int8],
    digests: NDArray[np.uint64],
    strata: NDArray[np.integer],
    shares: Sequence[float],
    seed: int,
) -> Assigned:
    """Return the side of each row.

    `groups` (n,) holds the place of the earliest row of each row's cluster, `known` (n,) the side that is stored for
    the prompt or -1, `digests` (n,) one of the prompt, `strata` (n,) a code below 65,536 of what is to be shared out
    alike, of which that of a cluster's earliest row counts. `shares` are of clusters, those that have a side counted
    with them; no cluster without a side goes to one whose share is 0. What is large beside a side's share of the rows
    goes to training if it can. The same values give the same sides.
    """
    rows = len(groups)
    is_earliest = groups == np.arange(rows)
    earliest = np.flatnonzero(is_earliest)
    cluster_of = (np.cumsum(is_earliest, dtype=np.int32) - 1)[groups]
    del groups, is_earliest  # with a million rows this is 9 MB
    stored = known >= 0
    lies_on = np.zeros((len(earliest), 3), dtype=bool)
    lies_on[cluster_of[stored], known[stored]] = True
    on = lies_on.sum(axis=1, dtype=np.int8)
    of_cluster = lies_on.argmax(axis=1).astype(np.int8)
    of_cluster[on == 0], of_cluster[on > 1] = NONE, BRIDGING
    fresh = np.flatnonzero(on == 0)
    if len(fresh):
        order = _turns(digests[earliest[fresh]], strata[earliest[fresh]], seed)
        sizes = np.bincount(cluster_of, minlength=len(earliest))[fresh]
        dealing = _Dealing(sizes[order].tolist(), lies_on.sum(axis=0).tolist(), shares, rows)
        of_cluster[fresh[order]] = dealing.sides()
    sides = np.where(stored, known, of_cluster[cluster_of]).astype(np.int8)
    return Assigned(sides, np.flatnonzero(sides == BRIDGING))


def _turns(digests: NDArray[np.uint64], strata: NDArray[np.integer], seed: int) -> Ints:
    """Return the order in which clusters are dealt out: stratum after stratum, both in the order of a salted hash."""
    salt = mixed(np.array([seed % (1 << 64)], dtype=np.uint64))
    turn_of = np.argsort(np.argsort(mixed(np.arange(1 << 16, dtype=np.uint64) ^ salt))).astype(np.uint16)
    return np.lexsort((digests, mixed(digests ^ salt), turn_of[strata]))


class _Dealing:
    """Deals clusters out, whose numbers of rows are `sizes`, where `there` clusters lie on the three sides already."""

    def __init__(self, sizes: Sequence[int], there: Sequence[int], shares: Sequence[float], rows: int) -> None:
        self._sizes, self._shares = sizes, shares
        self._given = [float(count) for count in there]
        mean = sum(sizes) / len(sizes)
        self._most = [max(share * rows, _LARGE * mean) for share in shares]  # rows of a cluster, by side

    def sides(self) -> list[int]:
        """Return the side of each cluster."""
        sides = [NONE] * len(self._sizes)
        self._serve_the_empty(sides)
        seen = sum(self._given)
        for place, size in enumerate(self._sizes):
            if sides[place] == NONE:
                seen += 1
                sides[place] = self._farthest_behind(seen, size)
                self._given[sides[place]] += 1
        return sides

    def _serve_the_empty(self, sides: list[int]) -> None:
        """Give one cluster to each side that has none yet and shall have some: training, then test, then validation."""
        for side in _FIRST_SERVED:
            place = None if self._given[side] or not self._shares[side] else self._first_for(side, sides)
            if place is not None:
                sides[place] = side
                self._given[side] += 1

    def _first_for(self, side: int, sides: Sequence[int]) -> int | None:
        """Return the first free cluster that is large, for training, or small, for others; else the first free one."""
        first = None
        for place, taken in enumerate(sides):
            if taken == NONE:
                if (self._sizes[place] > min(self._most)) == (side == _TRAIN):
                    return place
                first = place if first is None else first
        return first

    def _farthest_behind(self, seen: float, size: int) -> int:
        behind = {
            side: self._shares[side] * seen - self._given[side]
            for side in _FIRST_SERVED
            if self._shares[side] and size <= self._most[side]
        }
        return max(behind, key=behind.__getitem__) if behind else _TRAIN
