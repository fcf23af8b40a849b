"""Where datasets lie: rows as Parquet under their content hash, and a row in the store that names them.

The file is written first, beside its place, and moved there whole; the store's row comes after it, and goes before it.
So a kill at any moment leaves neither half a file nor a row without one.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from lab.forensics.datasets.clusters import near_duplicates
from lab.forensics.datasets.files import Content, alone, hash_of, holds, path_of, read, write
from lab.forensics.datasets.left_out import forget
from lab.forensics.datasets.report import Report, Sifted, refuse_nothing
from lab.forensics.datasets.rows import Ints, Rows
from lab.forensics.datasets.splits import NESTED_BELOW, split_rows
from lab.records import Dataset, Split
from lab.store import Store
from lab.store import datasets as stored
from lab.store import labels as given
from lab.types import new_id

_KEPT = 8  # datasets that stay in memory
_MOST_VALUES = 1_000  # query types and sources that are counted one by one
_OTHERS = "(others)"
_CROWD = 0.1  # the share of rows in one group from which splits cannot come out as they should


@dataclass(frozen=True, slots=True)
class Added:
    """What became of adding rows: the dataset, whether it is new here, and the sentences to show."""

    dataset: Dataset
    new: bool
    report: Report
    notes: tuple[str, ...]


def content_hash_of(sifted: Sifted) -> str:
    """Return the SHA-256, in hex, of the rows in their order: prompts, labels, query types, sources, splits."""
    columns = (sifted.prompts, sifted.labels, sifted.query_types, sifted.sources, sifted.splits)
    return hash_of(columns)


def add(
    store: Store,
    data_dir: Path,
    sifted: Sifted,
    *,
    name: str,
    seed: int = 0,
    origin: str = "import",
    dataset_id: str | None = None,
    created_at: datetime | None = None,
) -> Added:
    """Store the good rows, once: the same content returns the dataset that is there, and says so.

    Raises DatasetError where no row is good, DatasetOutOfReach where the folder cannot be written, StoreError.
    """
    refuse_nothing(sifted)
    content_hash = content_hash_of(sifted)
    path = path_of(data_dir, content_hash)
    with alone(data_dir):
        lost = not holds(path, content_hash)
        if lost:
            write(path, sifted, near_duplicates(sifted.prompts))
        before = stored.of_content(store, content_hash)
        dataset, new = stored.add(
            store,
            dataset_id or new_id(),
            name=name,
            content_hash=content_hash,
            rows=len(sifted.prompts),
            labels=dict(Counter(label or "" for label in sifted.labels).most_common()),
            query_types=_counted(sifted.query_types),
            sources=_counted(sifted.sources),
            seed=seed,
            origin=origin,
            file_name=sifted.report.file_name,
            created_at=created_at,
        )
        groups = _content(data_dir, dataset).groups
    back = new and before is not None
    return Added(dataset, new, sifted.report, tuple(_notes(dataset, new, back, lost, seed, groups)))


def _notes(dataset: Dataset, new: bool, back: bool, lost: bool, seed: int, groups: Ints) -> Iterator[str]:
    if back:
        yield "These rows were deleted here once; the labels given to them, and what was measured on them, are back."
    if not new and lost:
        yield f"The file of {dataset.name!r} was missing or damaged; these are its rows, and it is whole again."
    elif not new:
        yield f"These rows are already here as {dataset.name!r}; nothing was stored twice."
    if dataset.seed != seed:
        yield f"{dataset.name!r} keeps its seed {dataset.seed}, so that no sealed row becomes another one."
    labelled = dataset.rows - dataset.labels.get("", 0)
    if labelled < NESTED_BELOW:
        are = "rows are" if labelled != 1 else "row is"
        yield (
            f"{labelled:,} labelled {are} too few to seal some (under {NESTED_BELOW}): "
            "figures come from nested cross-validation."
        )
    largest = int(np.bincount(groups).max())
    if largest > 1 and largest > _CROWD * len(groups):
        yield f"{largest:,} of {len(groups):,} prompts are near-duplicates of each other and stay in one split."


def load(store: Store, data_dir: Path, dataset_id: str) -> Rows:
    """Return the rows of a dataset with the labels that people gave.

    Raises NotFound for a deleted or unknown dataset, DatasetOutOfReach where its file is missing or damaged.
    """
    dataset = stored.get(store, dataset_id)
    said = {row: label.expert for row, label in given.of_dataset(store, dataset_id).items() if label.expert is not None}
    corrections = sorted(said.items())
    digest = hashlib.sha256(
        json.dumps([dataset.content_hash, corrections, dataset.seed], separators=(",", ":")).encode()
    ).hexdigest()
    key = (str(data_dir), dataset.id, digest)
    known = _rows_cache.get(key)
    if known is None:
        known = _corrected(dataset, digest, _content(data_dir, dataset), said)
        _rows_cache.put(key, known)
    return known if known.dataset == dataset else replace(known, dataset=dataset)


def _corrected(dataset: Dataset, digest: str, content: Content, said: Mapping[int, str]) -> Rows:
    labels = list(content.labels)
    for row, expert in said.items():
        labels[row] = expert
    nested = sum(label is not None for label in labels) < NESTED_BELOW
    splits = tuple[Split, ...]("tune" for _ in labels) if nested else _splits(dataset, content)
    return Rows(
        dataset, digest, content.prompts, tuple(labels), content.query_types, content.sources, content.groups, splits,
        nested,
    )  # fmt: skip


def _splits(dataset: Dataset, content: Content) -> tuple[Split, ...]:
    """Split by the file's labels, not the corrected ones: a correction must move no row out of sealed."""
    key = (dataset.content_hash, str(dataset.seed))
    splits = _split_cache.get(key)
    if splits is None:
        splits = split_rows(content.prompts, content.labels, content.groups, dataset.seed, content.splits)
        _split_cache.put(key, splits)
    return splits


def delete(store: Store, data_dir: Path, dataset_id: str, *, deleted_at: datetime | None = None) -> Dataset:
    """Delete a dataset: its rows go, its name stays for the runs on it. Raises NotFound, StoreError."""
    with alone(data_dir):
        dataset = stored.delete(store, dataset_id, deleted_at=deleted_at)
        found = stored.of_content(store, dataset.content_hash)
        if found is None or found[1]:
            path_of(data_dir, dataset.content_hash).unlink(missing_ok=True)
            forget(data_dir, dataset)
    return dataset


# ------------------------------------------------------------------------------------------------------ in memory


def _content(data_dir: Path, dataset: Dataset) -> Content:
    path = path_of(data_dir, dataset.content_hash)
    key = (str(path),)
    content = _content_cache.get(key)
    if content is None:
        content = read(path, dataset)
        _content_cache.put(key, content)
    return content


def _counted(values: Sequence[str | None]) -> dict[str, int]:
    """Return how often each value stands there, "" for nothing; beyond the most frequent thousand they are one."""
    counts = Counter(value or "" for value in values).most_common()
    kept = dict(counts[:_MOST_VALUES])
    if len(counts) > _MOST_VALUES:
        kept[_OTHERS] = sum(count for _, count in counts[_MOST_VALUES:])
    return kept


_Key = tuple[str, ...]
_Value = TypeVar("_Value")


class _Cache(Generic[_Value]):
    """The last few results, shared by the threads of this process."""

    def __init__(self, kept: int) -> None:
        self._kept, self._held, self._lock = kept, OrderedDict[_Key, _Value](), threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        with self._lock:
            self._held[key] = value
            self._held.move_to_end(key)
            while len(self._held) > self._kept:
                self._held.popitem(last=False)


_rows_cache = _Cache[Rows](_KEPT)
_content_cache = _Cache[Content](_KEPT)
_split_cache = _Cache[tuple[Split, ...]](_KEPT)
