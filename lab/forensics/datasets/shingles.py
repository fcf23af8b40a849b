"""Shingles: the runs of four characters by which texts are compared; their MinHash values, and their Jaccard index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

VALUES = 80
"""MinHash values of a text."""

_SHINGLE = 4  # characters
_BITS = 43  # of a shingle's hash
_SEED = 20_260_101
_CHARS_AT_ONCE = 1_000_000
_HASHES_AT_ONCE = 300_000  # rensa hands out Python numbers, 3 kB for each text
_SHINGLES_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Sets:
    """The shingles of several texts in a row, and where each text's begin, shape (texts + 1,): the last is the end."""

    hashes: Hashes
    starts: Ints


def shingle_sets(keys: Sequence[str]) -> Sets:
    """Return the different shingles of each text, ascending. A shingle is a hash of 43 bits."""
    parts: list[Hashes] = []
    counts: list[Ints] = []
    for chunk in _chunks([len(key) + _SHINGLE for key in keys], _CHARS_AT_ONCE):
        found = _shingles(keys[chunk])
        owners = np.repeat(np.arange(len(found.starts) - 1, dtype=np.uint64), np.diff(found.starts))
        marks = owners << np.uint64(_BITS) | found.hashes  # 20 bits are left for the text: both are sorted as one
        marks.sort()
        marks = marks[np.concatenate([[True], marks[1:] != marks[:-1]])]
        parts.append(marks & np.uint64((1 << _BITS) - 1))
        counts.append(np.bincount((marks >> np.uint64(_BITS)).astype(np.int64), minlength=chunk.stop - chunk.start))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.concatenate(counts))])
    return Sets(np.concatenate(parts), starts)


def minhash(keys: Sequence[str]) -> NDArray[np.uint8]:
    """Return the MinHash values of each text, shape (texts, 80), each cut to its last byte.

    The share of equal values of two texts estimates their Jaccard index, and a byte of each is enough for it: see
    `estimates`.
    """
    chunks = _chunks([len(key) + _SHINGLE for key in keys], _HASHES_AT_ONCE)
    return np.concatenate([np.zeros((0, VALUES), dtype=np.uint8), *(_least(_shingles(keys[some])) for some in chunks)])


def estimates(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return an estimate of the Jaccard index of each pair of rows of MinHash values, shape (pairs,).

    Two bytes are equal by chance once in 256 times, which is taken off: b-bit minwise hashing (Li and König, 2010),
    with b = 8 and sets that are small beside all there could be.
    """
    chance = 1 / 256
    return np.asarray(((one == other).mean(axis=1) - chance) / (1 - chance))


def jaccard(pairs: Ints, sets: Sets) -> NDArray[np.float64]:
    """Return the Jaccard index of the two sets of each pair, shape (pairs,)."""
    from scipy.sparse import csr_array

    ones = np.ones(len(sets.hashes), dtype=np.int8)
    shape = (len(sets.starts) - 1, 1 << _BITS)
    rows: Any = csr_array((ones, sets.hashes.astype(np.int64), sets.starts), shape=shape)
    rows.has_canonical_format = True  # ascending and each once, as they were made
    sizes = np.diff(sets.starts)[pairs].sum(axis=1)
    shared = [
        np.diff(rows[pairs[some, 0]].multiply(rows[pairs[some, 1]]).indptr)
        for some in _chunks(sizes.tolist(), _SHINGLES_AT_ONCE)
    ]
    both = np.concatenate(shared)
    return np.asarray(both / (sizes - both))


def mixed(values: Hashes) -> Hashes:
    """Return well spread 64-bit hashes of 64-bit values (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _shingles(keys: Sequence[str]) -> Sets:
    """Return the hash of every run of four characters, a blank before each text included, as they come."""
    padded = [f" {key}".ljust(_SHINGLE) for key in keys]
    joined = "".join(padded).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    hashes = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
    for place in range(_SHINGLE):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[place : place + len(hashes)]
    inside = np.ones(len(hashes), dtype=bool)
    ends = np.cumsum(lengths)[:-1]
    for before_end in range(1, _SHINGLE):
        inside[ends - before_end] = False  # would run into the next text
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths - (_SHINGLE - 1))])
    return Sets(mixed(hashes[inside]) >> np.uint64(64 - _BITS), starts)


def _least(found: Sets) -> NDArray[np.uint8]:
    import rensa  # type: ignore[import-untyped]

    offsets = found.starts.astype(np.uint64)
    digests = rensa.RMinHash.digest_matrix_from_flat_token_hashes(found.hashes, offsets, VALUES, _SEED)
    return np.array(digests.to_rows(), dtype=np.uint32).astype(np.uint8)  # keeps the last byte


def _chunks(sizes: Sequence[int], at_once: int) -> Iterator[slice]:
    """Yield slices whose sizes sum to about `at_once`, or that hold one item."""
    if sizes:
        ends = np.cumsum(np.asarray(sizes, dtype=np.int64)) // at_once
        cuts = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(sizes)]
        for start, stop in pairwise(cuts):
            yield slice(start, stop)
