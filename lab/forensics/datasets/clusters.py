"""Near-duplicates: prompts that share most of their wording stand in one group, so that no split parts them.

Shingles of four characters are hashed at once for many prompts, MinHash signatures (rensa) cut into bands propose
pairs, the Jaccard index of the shingles themselves decides, and union-find joins (Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", ch. 3). The same prompts give the same groups in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.forensics.datasets.normalise import bare

NEAR = 0.8
"""The Jaccard index of two prompts' shingles from which they count as near-duplicates."""

_SHINGLE = 4  # characters
_BITS = 43  # of a shingle's hash
_BANDS, _ROWS = 16, 5  # a pair at .8 shares a band with probability .998, one at .5 with .40
_SEED = 20_260_101
_CHARS_AT_ONCE = 4_000_000
_LAGS, _LAGS_IN_CROWDS = 7, 2  # neighbours that a prompt is held against within a band's bucket
_PAIRS_AT_ONCE, _SHINGLES_AT_ONCE = 1 << 16, 4_000_000
_LEAST_LIKELY = 0.13  # how far the estimate from a signature may lie under NEAR: about three standard errors

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]


def near_duplicates(prompts: Sequence[str], near: float = NEAR) -> Ints:
    """Return the group of each prompt, shape (n,), numbered from 0 in order of appearance.

    Prompts are compared without case, punctuation and compatibility forms. Groups are chains: two prompts of one group
    may be less alike than `near`, with others between them.
    """
    bares = [bare(prompt) for prompt in prompts]
    keys = sorted(set(bares))
    roots = _components(keys, near)
    number: dict[int, int] = {}
    place = dict(zip(keys, roots, strict=True))
    return np.array([number.setdefault(place[key], len(number)) for key in bares], dtype=np.int64)


def _components(keys: Sequence[str], near: float) -> list[int]:
    """Return the smallest index of each key's group."""
    parent = np.arange(len(keys))
    if len(keys) > 1:
        shingles, starts = _shingle_sets(keys)
        signatures = _signatures(shingles, starts)
        sets = _sparse(shingles, starts)
        for band in range(_BANDS):
            for pairs in _proposed(signatures[:, band * _ROWS : (band + 1) * _ROWS]):
                apart = pairs[parent[pairs[:, 0]] != parent[pairs[:, 1]]]
                likely = apart[_estimates(signatures, apart) >= near - _LEAST_LIKELY]
                if len(likely):
                    _unite(parent, likely[_jaccard(likely, sets) >= near])
    found: list[int] = parent.tolist()
    return found


def _estimates(signatures: NDArray[np.uint32], pairs: Ints) -> NDArray[np.float64]:
    """Return the share of equal places in the signatures of each pair: an estimate of its Jaccard index."""
    return np.asarray((signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1))


def _unite(parent: Ints, pairs: Ints) -> None:
    """Join the two groups of each pair, in place; every item then names the smallest of its group."""
    while len(pairs):
        first, second = parent[pairs[:, 0]], parent[pairs[:, 1]]
        np.minimum.at(parent, np.maximum(first, second), np.minimum(first, second))
        while not np.array_equal(parent, parent[parent]):
            parent[:] = parent[parent]
        pairs = pairs[parent[pairs[:, 0]] != parent[pairs[:, 1]]]


# ---------------------------------------------------------------------------------------------------------- shingles


def _shingle_sets(keys: Sequence[str]) -> tuple[Hashes, Ints]:
    """Return the different shingles of all keys in a row, ascending within each, and where each key's begin.

    The last start is the end. A shingle is a hash of 43 bits, which leaves 20 for the key when both are sorted as one.
    """
    parts: list[Hashes] = []
    counts: list[Ints] = []
    for chunk in _chunks([len(key) for key in keys], _CHARS_AT_ONCE):
        hashes, owners = _shingles(keys[chunk])
        marks = owners.astype(np.uint64) << np.uint64(_BITS) | hashes
        marks.sort()
        marks = marks[np.concatenate([[True], marks[1:] != marks[:-1]])]
        parts.append(marks & np.uint64((1 << _BITS) - 1))
        counts.append(np.bincount((marks >> np.uint64(_BITS)).astype(np.int64), minlength=chunk.stop - chunk.start))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.concatenate(counts))])
    return np.concatenate(parts), starts


def _shingles(keys: Sequence[str]) -> tuple[Hashes, Ints]:
    """Return the hash of every run of four characters, blanks around each key included, and the key it belongs to."""
    padded = [f" {key}".ljust(_SHINGLE) for key in keys]
    joined = "".join(padded).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    hashes = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
    for place in range(_SHINGLE):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[place : place + len(hashes)]
    owners = np.repeat(np.arange(len(keys)), lengths)[: len(hashes)]
    inside = np.ones(len(hashes), dtype=bool)
    ends = np.cumsum(lengths)[:-1]
    for before_end in range(1, _SHINGLE):
        inside[ends - before_end] = False  # would run into the next key
    return _mixed(hashes[inside]) >> np.uint64(64 - _BITS), owners[inside]


def _mixed(values: Hashes) -> Hashes:
    """Return well spread 64-bit hashes (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _chunks(sizes: Sequence[int], at_once: int) -> Iterator[slice]:
    """Yield slices whose sizes sum to about `at_once`, or that hold one item."""
    ends = np.cumsum(np.asarray(sizes, dtype=np.int64)) // at_once
    cuts = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(sizes)]
    for start, stop in pairwise(cuts):
        yield slice(start, stop)


# -------------------------------------------------------------------------------------------------- pairs of likes


def _signatures(shingles: Hashes, starts: Ints) -> NDArray[np.uint32]:
    import rensa  # type: ignore[import-untyped]

    made = []
    for chunk in _chunks(np.diff(starts).tolist(), _CHARS_AT_ONCE):
        some = np.ascontiguousarray(shingles[starts[chunk.start] : starts[chunk.stop]])
        offsets = (starts[chunk.start : chunk.stop + 1] - starts[chunk.start]).astype(np.uint64)
        digests = rensa.RMinHash.digest_matrix_from_flat_token_hashes(some, offsets, _BANDS * _ROWS, _SEED)
        made.append(np.array(digests.to_rows(), dtype=np.uint32))
    return np.concatenate(made)


def _proposed(band: NDArray[np.uint32]) -> Iterator[Ints]:
    """Yield pairs, shape (m, 2), of rows that are equal in a band.

    In a crowd of equal rows each is held against its next few and against the first, not against all: near-duplicates
    in such numbers chain together.
    """
    keys = np.zeros(len(band), dtype=np.uint64)
    for column in range(band.shape[1]):
        keys = _mixed(keys + band[:, column] + np.uint64(0x9E3779B97F4A7C15))
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    heads = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(heads, len(ordered)))
    head_of, size_of = np.repeat(heads, sizes), np.repeat(sizes, sizes)
    members = np.arange(len(ordered))
    crowded = np.flatnonzero((size_of > _LAGS + 1) & (members > head_of))
    yield from _in_portions(order[head_of[crowded]], order[crowded])  # first, as this joins most of a crowd
    for lag in range(1, _LAGS + 1):
        left = members[:-lag]
        kept = head_of[left] == head_of[left + lag]
        if lag > _LAGS_IN_CROWDS:
            kept &= size_of[left] <= _LAGS + 1
        yield from _in_portions(order[left[kept]], order[left[kept] + lag])


def _in_portions(left: Ints, right: Ints) -> Iterator[Ints]:
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        yield np.stack([left[start : start + _PAIRS_AT_ONCE], right[start : start + _PAIRS_AT_ONCE]], axis=1)


def _sparse(shingles: Hashes, starts: Ints) -> Any:
    """Return the sets as a sparse matrix of ones, shape (keys, 2^43)."""
    from scipy.sparse import csr_array

    ones = np.ones(len(shingles), dtype=np.int8)
    sets = csr_array((ones, shingles.astype(np.int64), starts), shape=(len(starts) - 1, 1 << _BITS))
    sets.has_canonical_format = True  # ascending and each once, as they were made
    return sets


def _jaccard(pairs: Ints, sets: Any) -> NDArray[np.float64]:
    """Return the Jaccard index of the sets of each pair."""
    sizes = np.diff(sets.indptr)[pairs].sum(axis=1)
    shared = [
        np.diff(sets[pairs[some, 0]].multiply(sets[pairs[some, 1]]).indptr)
        for some in _chunks(sizes, _SHINGLES_AT_ONCE)
    ]
    both = np.concatenate(shared)
    return np.asarray(both / (sizes - both))
