"""A dataset's rows as columns, ready to be measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.forensics.datasets.normalise import normal
from lab.records import Dataset, Split

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a dataset, in the order of its file; columns of equal length.

    `labels` are experts or `none`, None for unlabelled, with what people said over what the file said. `groups` holds
    the near-duplicate group of each row, int64 (n,). `nested` is True under 300 labelled rows: figures then come from
    nested cross-validation, and every split is "tune".
    """

    dataset: Dataset
    hash: str  # SHA-256 in hex over the stored content, the corrected labels and the seed
    prompts: tuple[str, ...]
    labels: tuple[str | None, ...]
    query_types: tuple[str | None, ...]
    sources: tuple[str | None, ...]
    groups: Ints
    splits: tuple[Split, ...]
    nested: bool

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.prompts)


def in_split(rows: Rows, split: Split) -> Ints:
    """Return the indices of the rows of a split, ascending."""
    return np.array([row for row, one in enumerate(rows.splits) if one == split], dtype=np.int64)


def labelled(rows: Rows, split: Split | None = None) -> Ints:
    """Return the indices of the rows with a label, of one split where that is given, ascending."""
    return np.array(
        [
            row
            for row, (label, one) in enumerate(zip(rows.labels, rows.splits, strict=True))
            if label is not None and split in (None, one)
        ],
        dtype=np.int64,
    )


def unlabelled(rows: Rows) -> Ints:
    """Return the indices of the rows without a label, ascending."""
    return np.array([row for row, label in enumerate(rows.labels) if label is None], dtype=np.int64)


def split_counts(rows: Rows) -> dict[Split, int]:
    """Return how many rows each split has."""
    counts = Counter(rows.splits)
    return {split: counts[split] for split in ("tune", "dev", "sealed")}


def crossing(rows: Rows) -> Ints:
    """Return the dev and sealed rows with a near-duplicate in tune; none, unless the file drew its splits so."""
    in_tune = {int(group) for group, split in zip(rows.groups, rows.splits, strict=True) if split == "tune"}
    return np.array(
        [row for row, split in enumerate(rows.splits) if split != "tune" and int(rows.groups[row]) in in_tune],
        dtype=np.int64,
    )


@dataclass(frozen=True, slots=True)
class Leak:
    """A row whose prompt also sits among the router's utterances, or nearly: a figure on it flatters."""

    row: int
    utterance: int  # its index among the utterances
    cosine: float
    same_text: bool  # equal after normalising


LEAK_COSINE = 0.95
"""The cosine above which a prompt counts as known to the router."""

_CELLS_AT_ONCE = 8_000_000  # cosines held at a time: 32 MB


def leaks(
    rows: Rows,
    vectors: NDArray[np.float32],
    utterance_vectors: NDArray[np.float32],
    utterances: Sequence[str],
    above: float = LEAK_COSINE,
) -> list[Leak]:
    """Return the rows that an utterance gives away, each with its nearest utterance, the nearest first.

    `vectors` (rows, dim) and `utterance_vectors` (utterances, dim) are unit vectors of one encoder.
    """
    if not len(rows) or not utterances:
        return []
    same: dict[str, int] = {}
    for at, utterance in enumerate(utterances):
        same.setdefault(normal(utterance), at)
    found: list[Leak] = []
    at_once = max(1, _CELLS_AT_ONCE // len(utterances))
    for start in range(0, len(rows), at_once):
        cosines = vectors[start : start + at_once] @ utterance_vectors.T
        nearest = cosines.argmax(axis=1)
        for at, (column, cosine) in enumerate(zip(nearest.tolist(), cosines.max(axis=1).tolist(), strict=True)):
            row = start + at
            equal = same.get(normal(rows.prompts[row]))
            if equal is not None:
                found.append(Leak(row, equal, float(cosines[at, equal]), same_text=True))
            elif cosine > above:
                found.append(Leak(row, column, cosine, same_text=False))
    return sorted(found, key=lambda leak: (not leak.same_text, -leak.cosine, leak.row))
