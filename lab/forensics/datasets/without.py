"""A dataset without some of its rows: written anew under its new hash, and the old file is gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from lab.forensics.datasets import left_out
from lab.forensics.datasets.report import Report, Sifted
from lab.forensics.datasets.rows import Rows
from lab.forensics.datasets.shelf import add, delete, load
from lab.forensics.datasets.table import BadRow
from lab.records import Dataset
from lab.store import Store, dataset_moves
from lab.store import datasets as stored

Holds = Callable[[Any], bool]
"""Tells whether a text, or any text inside a value, is one that shall go."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Holding:
    """A dataset with rows that shall go, and how many rows that were left out of its file quote such a text."""

    dataset: Dataset
    rows: tuple[int, ...]
    left_out: int


def holding(data_dir: Path, dataset: Dataset, holds: Holds) -> Holding:
    """Look through a dataset: prompts, labels, query types, sources. Raises DatasetOutOfReach for a missing file."""
    sifted = left_out.as_stored(data_dir, dataset)
    columns = zip(sifted.prompts, sifted.labels, sifted.query_types, sifted.sources, strict=True)
    rows = tuple(row for row, values in enumerate(columns) if any(holds(value) for value in values))
    report = left_out.left_out_of(data_dir, dataset)
    return Holding(dataset, rows, 0 if report is None else sum(_quotes(bad, holds) for bad in report.bad))


def drop(store: Store, data_dir: Path, found: Holding, holds: Holds) -> Dataset | None:
    """Write a dataset without the rows that were found, and return it; None where no row is left.

    Splits, labels, outcomes and the count of looks at sealed rows go on; saved searches stay with the old dataset,
    which is deleted. A kill in the middle is mended by doing it again. Raises DatasetOutOfReach, StoreError.
    """
    dataset = found.dataset
    report = left_out.left_out_of(data_dir, dataset)
    if not found.rows:
        if report is not None and found.left_out:
            left_out.keep(data_dir, dataset, _without_quotes(report, holds))
        return dataset
    kept = [row for row in range(dataset.rows) if row not in set(found.rows)]
    if not kept:
        delete(store, data_dir, dataset.id)
        return None
    rows = load(store, data_dir, dataset.id)
    sifted = _of(left_out.as_stored(data_dir, dataset, report and _without_quotes(report, holds)), rows, kept)
    fresh = add(store, data_dir, sifted, name=dataset.name, seed=dataset.seed, origin=dataset.origin).dataset
    left_out.keep(data_dir, fresh, sifted.report)
    dataset_moves.move(store, dataset.id, fresh.id, {row: place for place, row in enumerate(kept)})
    delete(store, data_dir, dataset.id)
    return stored.rename(store, fresh.id, dataset.name)


def _of(sifted: Sifted, rows: Rows, kept: Collection[int]) -> Sifted:
    """Return some of the rows; those of a dataset that seals some keep their splits, so that no sealed row moves."""
    splits = sifted.splits if rows.nested else rows.splits
    report = replace(sifted.report, rows=len(kept) + len(sifted.report.bad), good=len(kept))
    return Sifted(
        _some(sifted.prompts, kept), _some(sifted.labels, kept), _some(sifted.query_types, kept), _some(splits, kept),
        _some(sifted.sources, kept), report,
    )  # fmt: skip


def _some(values: Sequence[_Value], kept: Collection[int]) -> tuple[_Value, ...]:
    return tuple(values[row] for row in kept)


def _quotes(bad: BadRow, holds: Holds) -> bool:
    return holds(bad.text) or holds(bad.detail)


def _without_quotes(report: Report, holds: Holds) -> Report:
    bad = tuple(one for one in report.bad if not _quotes(one, holds))
    notes = tuple(note for note in report.notes if not holds(note))
    return replace(report, rows=report.good + len(bad), bad=bad, notes=notes)
