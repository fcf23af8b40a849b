"""Near-duplicates: prompts that share most of their wording stand in one group, so that no split parts them.

Of each prompt 88 bytes are kept: a digest, and the MinHash values of its shingles, a byte of each (b-bit minwise
hashing, Li and König, 2010). Values cut into bands propose pairs, the Jaccard index of the shingles themselves decides,
of texts that are fetched then, and union-find joins (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets",
ch. 3). The same prompts give the same groups in any order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.forensics.datasets.growing import Growing
from lab.forensics.datasets.normalise import bare
from lab.forensics.datasets.shingles import VALUES, Hashes, Ints, estimates, jaccard, minhash, shingle_sets

NEAR = 0.8
"""The Jaccard index of two prompts' shingles from which they count as near-duplicates."""

_KEY = 8  # bytes by which prompts are ordered: those of a band, and some behind it that put likes beside each other
_LAGS, _LAGS_IN_CROWDS = 7, 2  # neighbours that a prompt is held against within a band's bucket, at least
_ROWS_IN_PART = 1 << 17
_PAIRS_IN_CROWDS = 1_000_000  # of a part of a band: crowds of a thousand are held against each other whole
_PAIRS_AT_ONCE, _TEXTS_AT_ONCE = 1 << 16, 1 << 10
_ADDED_AT_ONCE = 10_000
_LEAST_LIKELY = 0.13  # how far the estimate may lie under what is asked for: about three standard errors

Places = NDArray[np.signedinteger]  # of rows: as int32 where there may be one for each row
Bytes = NDArray[np.uint8]
TextsOf = Callable[[Ints], Sequence[str]]


def near_duplicates(prompts: Sequence[str], near: float = NEAR) -> Ints:
    """Return the group of each prompt, shape (n,), numbered from 0 in order of appearance.

    Prompts are compared without case, punctuation and compatibility forms. Groups are chains: two prompts of one group
    may be less alike than `near`, with others between them.
    """
    kept = Prompts(near, len(prompts))
    for start in range(0, len(prompts), _ADDED_AT_ONCE):
        kept.add(prompts[start : start + _ADDED_AT_ONCE])
    earliest = kept.groups(lambda places: [prompts[place] for place in places.tolist()])
    return np.unique(earliest, return_inverse=True)[1].astype(np.int64)


class Prompts:
    """Prompts to be grouped, whose texts stay where they are: `add` them in the order of rows, then ask for `groups`.
    Where it is known about how many to expect, less memory is taken.

    `near` is the Jaccard index of two prompts' shingles from which they are in one group. A pair of just that index is
    found with probability .99 where it is .7 or more, with .94 at .6 and .7 at .5: bands are cut for what is alike.
    Among many thousands of one template, where all are nearly alike, some just above `near` may be missed.
    """

    def __init__(self, near: float = NEAR, expected: int = 0) -> None:
        self.near = near
        self._values = Growing(VALUES, expected)
        self._digests = Growing(8, expected)

    def __len__(self) -> int:
        """How many prompts were added."""
        return len(self._digests)

    @property
    def digests(self) -> Hashes:
        """A digest of each prompt, shape (n,): equal for prompts that differ in case, signs and white space alone."""
        return self._digests.rows.view(np.uint64).ravel()

    def add(self, texts: Sequence[str]) -> None:
        """Add the prompts of the next rows; a few thousand at a time keep the memory for it small."""
        if not texts:
            return
        bares = [bare(text) for text in texts]
        different = {key: place for place, key in enumerate(dict.fromkeys(bares))}
        places = np.array([different[key] for key in bares], dtype=np.int64)
        digests = np.frombuffer(b"".join(map(_digest, different)), dtype=np.uint8).reshape(-1, 8)
        self._digests.add(digests[places])
        self._values.add(minhash(list(different))[places])

    def groups(self, texts_of: TextsOf) -> Ints:
        """Return for each row the place of the earliest row of its group, shape (n,).

        `texts_of` returns the texts of rows, of at most a few thousand at once. Prompts are compared without case,
        punctuation and compatibility forms, and groups are chains, as with `near_duplicates`.
        """
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        digests = self.digests
        firsts = _firsts(digests)
        parent = self._joined(firsts, texts_of)
        earliest = np.full(len(firsts), len(digests), dtype=np.int32)
        np.minimum.at(earliest, parent, firsts)
        earliest = earliest[parent]
        del parent, firsts  # what is not needed any more makes room
        groups = np.empty(len(digests), dtype=np.int64)
        before = 0
        for part in _parts(digests):
            different, which = np.unique(digests[part], return_inverse=True)
            groups[part] = earliest[before + which]
            before += len(different)
        return groups

    def _joined(self, firsts: Places, texts_of: TextsOf) -> Places:
        """Return the group of each different prompt, by the smallest of its places in `firsts`."""
        parent = np.arange(len(firsts), dtype=np.int32)
        values = self._values.rows
        size = 5 if self.near >= 0.75 else 4  # bytes of a band
        for start in range(0, VALUES - size + 1, size):
            for pairs in _proposed(values, firsts, start, size):
                apart = pairs[parent[pairs[:, 0]] != parent[pairs[:, 1]]]
                rows = firsts[apart]
                likely = apart[estimates(values[rows[:, 0]], values[rows[:, 1]]) >= self.near - _LEAST_LIKELY]
                for few in range(0, len(likely), _TEXTS_AT_ONCE):
                    some = likely[few : few + _TEXTS_AT_ONCE]
                    some = some[parent[some[:, 0]] != parent[some[:, 1]]]
                    unite(parent, some[self._alike(some, firsts, texts_of)])
        return parent

    def _alike(self, pairs: Ints, firsts: Places, texts_of: TextsOf) -> NDArray[np.bool_]:
        if not len(pairs):
            return np.zeros(0, dtype=bool)
        needed, places = np.unique(pairs, return_inverse=True)
        sets = shingle_sets([bare(text) for text in texts_of(firsts[needed].astype(np.int64))])
        return jaccard(places.reshape(-1, 2), sets) >= self.near


def unite(parent: Places, pairs: Ints) -> None:
    """Join the two groups of each pair, in place; every item then names the smallest of its group.

    `parent` has shape (n,): each item names the smallest of its group already. `pairs` has shape (m, 2).
    """
    while len(pairs):
        first, second = parent[pairs[:, 0]], parent[pairs[:, 1]]
        np.minimum.at(parent, np.maximum(first, second), np.minimum(first, second))
        while not np.array_equal(parent, parent[parent]):
            parent[:] = parent[parent]
        pairs = pairs[parent[pairs[:, 0]] != parent[pairs[:, 1]]]


def _firsts(digests: Hashes) -> Places:
    """Return the earliest row of each digest, in the order of digests."""
    found = []
    for part in _parts(digests):
        here = digests[part]
        order = np.argsort(here, kind="stable")
        ordered = here[order]
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        found.append(part[order[begins]].astype(np.int32))
    return np.concatenate(found)


def _parts(digests: Hashes) -> Iterator[Ints]:
    """Return the rows of digests in parts, ascending in each; the digests of a part are greater than those before."""
    return _by_byte(digests.astype("<u8", copy=False).view(np.uint8)[7::8])  # the highest byte of each


def _by_byte(values: Bytes) -> Iterator[Ints]:
    """Yield the places of values in parts, by ascending value; one part where there are few."""
    width = 256 >> min(8, (len(values) // _ROWS_IN_PART).bit_length())
    for low in range(0, 256, width):
        yield np.flatnonzero((values >= low) & (values <= low + width - 1))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


# -------------------------------------------------------------------------------------------------- pairs of likes


def _keys(values: Bytes, rows: Places, start: int) -> Hashes:
    """Return eight bytes of each row from `start` on, round to the first, as one number each."""
    columns = np.arange(start, start + _KEY) % VALUES
    return np.ascontiguousarray(values[rows[:, None], columns]).view(">u8").ravel().astype(np.uint64)


def _proposed(values: Bytes, rows: Places, start: int, size: int) -> Iterator[Ints]:
    """Yield pairs, shape (m, 2), of places in `rows` whose values are equal in `size` bytes from `start` on.

    Many are looked at in parts, by the first of these bytes, so that the memory for it stays small.
    """
    for part in _by_byte(values[rows, start]):
        for pairs in _equal(_keys(values, rows[part], start), size):
            yield part[pairs]


def _equal(keys: Hashes, size: int) -> Iterator[Ints]:
    """Yield pairs, shape (m, 2), of places whose keys are equal in their first `size` bytes.

    In a crowd of equal ones each is held against the first, and against as many next ones, which are equal in more
    bytes, as a million pairs allow: a thousand prompts of one template all against all, a hundred thousand against ten.
    """
    order = np.argsort(keys, kind="stable")
    keys.sort()
    bands = keys
    bands >>= np.uint64(8 * (_KEY - size))
    as_next = bands[1:] == bands[:-1]
    inside = np.zeros(len(order), dtype=bool)
    inside[1:] |= as_next
    inside[:-1] |= as_next
    order, bands = order[inside], bands[inside]  # most stand alone
    if not len(order):
        return
    heads = np.flatnonzero(np.concatenate([[True], bands[1:] != bands[:-1]]))
    sizes = np.diff(np.append(heads, len(order)))
    head_of, size_of = np.repeat(heads, sizes), np.repeat(sizes, sizes)
    crowded = np.flatnonzero((size_of > _LAGS + 1) & (np.arange(len(order)) > head_of))
    yield from _in_portions(order[head_of[crowded]], order[crowded])  # first, as this joins most of a crowd
    alone = np.flatnonzero(size_of <= _LAGS + 1)
    crowd = np.flatnonzero(size_of > _LAGS + 1)
    for some, lags in ((alone, _LAGS), (crowd, max(_LAGS_IN_CROWDS, _PAIRS_IN_CROWDS // max(1, len(crowd))))):
        yield from _neighbours(order[some], head_of[some], min(lags, int(size_of[some].max(initial=1)) - 1))


def _neighbours(order: Ints, head_of: Ints, lags: int) -> Iterator[Ints]:
    """Yield each of these with the next `lags` that have the same head, the nearest first."""
    left: list[Ints] = []
    right: list[Ints] = []
    waiting = 0
    for lag in range(1, lags + 1):
        at = np.flatnonzero(head_of[:-lag] == head_of[lag:])
        left.append(order[at])
        right.append(order[at + lag])
        waiting += len(at)
        if waiting >= _PAIRS_AT_ONCE or lag == lags:
            yield from _in_portions(np.concatenate(left), np.concatenate(right))
            left, right, waiting = [], [], 0


def _in_portions(left: Ints, right: Ints) -> Iterator[Ints]:
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        yield np.stack([left[start : start + _PAIRS_AT_ONCE], right[start : start + _PAIRS_AT_ONCE]], axis=1)
