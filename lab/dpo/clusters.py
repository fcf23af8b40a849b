"""Which conversations belong together, so that no split parts them: near-duplicates, and one that continues another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.errors import ExportError
from lab.forensics.datasets.clusters import NEAR, Prompts, unite
from lab.forensics.datasets.growing import Growing
from lab.messages import Message

MOST_BY_COSINE = 20_000
"""Rows that `cosine_groups` takes: it holds each against each."""

_ROWS_AT_ONCE, _READ_AT_ONCE = 512, 2_000
_ROUNDING = 5e-7  # equal vectors have a cosine of 1 but for float32

Ints = NDArray[np.int64]
Turns = Sequence[Message]
TurnsOf = Callable[[Ints], Sequence[Turns]]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def compared(turns: Turns) -> str:
    """Return the text by which conversations are compared: what the user says, turn after turn, a line between."""
    return "\n".join(turn.content for turn in turns if turn.role == "user")


class Conversations:
    """Conversations to be grouped, whose turns stay where they are: `add` them in the order of rows, then ask.

    In one group are near-duplicates, a conversation and those that go on from it, and those that branch from one: they
    begin with the same prompt and the same answer to it. Some 100 bytes of each are kept. `near` is the Jaccard index
    of what is compared, or the cosine of its vectors, from which two are in one group; `expected`, about how many come.
    """

    def __init__(self, near: float = NEAR, expected: int = 0) -> None:
        self.near = near
        self._prompts = Prompts(near, expected)
        self._own = Growing(8, expected)  # a digest of all turns, for each row
        self._begun = bytearray()  # digests of the first turns, up to a user's that is not the last
        self._begun_of = bytearray()  # the rows of these
        self._branches = bytearray()  # digests of the first turns up to the first answer, of the rows that have one
        self._branch_of = bytearray()

    def __len__(self) -> int:
        """How many conversations were added."""
        return len(self._own)

    @property
    def digests(self) -> NDArray[np.uint64]:
        """A digest of what is compared of each, shape (n,): equal for those alike but for case, signs and spacing."""
        return self._prompts.digests

    @property
    def exact(self) -> NDArray[np.uint64]:
        """A digest of all turns of each, shape (n,): equal for the same conversation alone."""
        return self._own.rows.view(np.uint64).ravel()

    def add(self, conversations: Sequence[Turns], shown: Sequence[Turns] | None = None) -> None:
        """Add the conversations of the next rows; a few thousand at a time keep the memory for it small.

        They come without system messages, and each ends with the user's turn. Wordings are compared as they are
        `shown`, where that is otherwise: with personal data masked.
        """
        self._prompts.add([compared(turns) for turns in (conversations if shown is None else shown)])
        whole = b""
        for row, turns in enumerate(conversations, start=len(self)):
            *begun, own = _digests(turns)
            whole += own
            if branch := _branch(turns):
                self._branches += branch
                self._branch_of += row.to_bytes(8, "little")
            if begun:
                self._begun += b"".join(begun)
                self._begun_of += np.full(len(begun), row, dtype=np.int64).tobytes()
        self._own.add(np.frombuffer(whole, dtype=np.uint8).reshape(-1, 8))

    def groups(self, turns_of: TurnsOf) -> Ints:
        """Return for each row the place of the earliest row of its group, shape (n,), with near-duplicates by MinHash.

        `turns_of` returns the turns of rows, of at most a few thousand at once.
        """
        alike = self._prompts.groups(lambda places: [compared(turns) for turns in turns_of(places)])
        return self.joined(alike)

    def groups_by_cosine(self, turns_of: TurnsOf, encode: Encode) -> Ints:
        """Return what `groups` does, with near-duplicates by the cosine of the vectors that `encode` makes of texts.

        Wordings that are equal but for case, signs and spacing are compared once. Raises ExportError for more than
        20,000 others.
        """
        _, firsts, which = np.unique(self.digests, return_index=True, return_inverse=True)
        order = np.argsort(firsts)
        firsts = firsts[order]
        _refuse_more(len(firsts))
        texts = [
            compared(turns)
            for start in range(0, len(firsts), _READ_AT_ONCE)
            for turns in turns_of(firsts[start : start + _READ_AT_ONCE])
        ]
        place_of = np.empty(len(order), dtype=np.int64)
        place_of[order] = np.arange(len(order))
        alike = cosine_groups(encode(texts), self.near) if texts else np.zeros(0, dtype=np.int64)
        return self.joined(firsts[alike][place_of[which]])

    def joined(self, groups: Ints) -> Ints:
        """Join groups where a conversation goes on from another or branches from it, in place, and return them."""
        _unite_equal(
            groups,
            np.frombuffer(bytes(self._branches), dtype=np.uint64),
            np.frombuffer(bytes(self._branch_of), dtype=np.int64),
        )
        begun = np.frombuffer(bytes(self._begun), dtype=np.uint64)
        rows = np.frombuffer(bytes(self._begun_of), dtype=np.int64)
        if len(begun):
            own = self.exact
            order = np.argsort(own, kind="stable")
            ordered = own[order]
            at = np.minimum(np.searchsorted(ordered, begun), len(ordered) - 1)
            found = ordered[at] == begun
            unite(groups, np.stack([order[at[found]], rows[found]], axis=1))
        return groups


def _refuse_more(count: int) -> None:
    if count > MOST_BY_COSINE:
        raise ExportError(
            f"{count:,} prompts, with those that have a side in this family of splits already, are too many to compare "
            f"each with each by cosine; {MOST_BY_COSINE:,} can be. Look for near-duplicates by MinHash instead."
        )


def _unite_equal(parent: Ints, digests: NDArray[np.uint64], rows: Ints) -> None:
    """Join the rows that have the same digest, in place."""
    if not len(digests):
        return
    order = np.argsort(digests, kind="stable")
    ordered = digests[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    unite(parent, np.stack([rows[order[again]], rows[order[again + 1]]], axis=1))


def _branch(turns: Turns) -> bytes:
    """Return a digest of the turns up to the first answer; nothing where there is none."""
    first = next((place for place, turn in enumerate(turns) if turn.role == "assistant"), None)
    if first is None:
        return b""
    said = "\x00".join(part for turn in turns[: first + 1] for part in (turn.role, turn.content))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _digests(turns: Turns) -> list[bytes]:
    """Return a digest of the turns up to each of the user's; the last is that of all of them."""
    running, found = hashlib.blake2b(digest_size=8), []
    for turn in turns:
        content = turn.content.encode("utf-8", "surrogatepass")
        running.update(b"%s %d\n" % (turn.role.encode(), len(content)))
        running.update(content)
        if turn.role == "user":
            found.append(running.digest())
    return found


def cosine_groups(vectors: NDArray[np.float32], near: float) -> Ints:
    """Return for each row the place of the earliest row of its group, shape (n,): chains of a cosine of `near` or more.

    `vectors` has shape (n, dim), float32, each row of length 1. Raises ExportError for more than 20,000 rows.
    """
    count = len(vectors)
    _refuse_more(count)
    parent = np.arange(count)
    for start in range(0, count, _ROWS_AT_ONCE):
        alike = vectors[start : start + _ROWS_AT_ONCE] @ vectors[start:].T >= near - _ROUNDING
        for row, hits in enumerate(alike, start=start):
            others = start + np.flatnonzero(hits)
            apart = others[parent[others] != parent[row]]
            if len(apart):
                unite(parent, np.stack([np.full(len(apart), row), apart], axis=1))
    return parent
