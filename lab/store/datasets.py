"""Datasets by name and content; their rows are Parquet files elsewhere. A deleted one stays for the runs on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from sqlmodel import Session, col, select

from lab.errors import DatasetError, NotFound
from lab.records import Dataset
from lab.store.engine import Store, exclusive, insert_once
from lab.store.tables import DatasetRow
from lab.store.text import check_text, check_texts, is_storable

MAX_NAME = 80
"""The most characters of a dataset's name."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LIVE = col(DatasetRow.deleted_at).is_(None)


def add(
    store: Store,
    dataset_id: str,
    *,
    name: str,
    content_hash: str,
    rows: int,
    labels: Mapping[str, int],
    query_types: Mapping[str, int],
    sources: Mapping[str, int],
    seed: int,
    origin: str,
    file_name: str,
    created_at: datetime | None = None,
) -> tuple[Dataset, bool]:
    """Store a dataset and return it, and whether it is new here.

    The same id or the same content returns the one that is there, with its name and seed; a deleted one of the same
    content comes back to life under the name given now, so that its labels, runs and looks at sealed rows count on. A
    name that is taken gets a number. Raises Unstorable for text with NUL or half a surrogate pair, DatasetError for a
    name that is too long or holds a line break or another control.
    """
    _check_name(name)
    check_texts([dataset_id, content_hash, origin, file_name, labels, query_types, sources], "The dataset")
    with store.write() as session:
        exclusive(session, "dataset")
        same = _same(session, dataset_id, content_hash)
        if same is not None:
            revived = same.deleted_at is not None
            if revived:
                same.name, same.deleted_at = _free_name(session, name), None
                session.add(same)
                session.flush()
            return _dataset(same), revived
        row = DatasetRow(
            id=dataset_id,
            name=_free_name(session, name),
            content_hash=content_hash,
            rows=rows,
            labels=dict(labels),
            query_types=dict(query_types),
            sources=dict(sources),
            seed=seed,
            origin=origin,
            file_name=file_name,
            created_at=created_at or datetime.now(UTC),
            deleted_at=None,
        )
        insert_once(session, row)
        return _dataset(_row(session, dataset_id)), True


def get(store: Store, dataset_id: str, *, deleted: bool = False) -> Dataset:
    """Return the dataset with this id, with `deleted` also one that was deleted. Raises NotFound."""
    with store.read() as session:
        row = _row(session, dataset_id)
        if row.deleted_at is not None and not deleted:
            raise _gone(row)
        return _dataset(row)


def find(store: Store, name_or_id: str) -> Dataset:
    """Return the dataset of this id, or else of this name, whatever its case. Raises NotFound, which names others."""
    live = listed(store)
    for dataset in live:
        if dataset.id == name_or_id:
            return dataset
    for dataset in live:
        if dataset.name.casefold() == name_or_id.strip().casefold():
            return dataset
    there = ", ".join(repr(dataset.name) for dataset in live[:8]) or "none yet"
    raise NotFound(f"No dataset has the name or id {name_or_id!r}. Take one of: {there}.")


def listed(store: Store) -> list[Dataset]:
    """Return the datasets that are not deleted, the newest first."""
    with store.read() as session:
        query = select(DatasetRow).where(_LIVE).order_by(col(DatasetRow.seq).desc())
        return [_dataset(row) for row in session.exec(query)]


def of_content(store: Store, content_hash: str) -> tuple[Dataset, bool] | None:
    """Return the dataset of this content and whether it is deleted, or None where it was never stored."""
    with store.read() as session:
        row = _same(session, "", content_hash)
        return None if row is None else (_dataset(row), row.deleted_at is not None)


def rename(store: Store, dataset_id: str, name: str) -> Dataset:
    """Give a dataset another name and return it; a name that is taken gets a number. Raises NotFound, and as `add`."""
    _check_name(name)
    with store.write() as session:
        exclusive(session, "dataset")
        row = _row(session, dataset_id)
        if row.deleted_at is not None:
            raise _gone(row)
        if name.strip() and name.strip() != row.name:
            row.name = _free_name(session, name, but=row.id)
            session.add(row)
        return _dataset(row)


def delete(store: Store, dataset_id: str, *, deleted_at: datetime | None = None) -> Dataset:
    """Mark a dataset as deleted and return it; nothing changes for one that is. Raises NotFound."""
    with store.write() as session:
        exclusive(session, "dataset")
        row = _row(session, dataset_id)
        if row.deleted_at is None:
            row.deleted_at = deleted_at or datetime.now(UTC)
            session.add(row)
        return _dataset(row)


def _check_name(name: str) -> None:
    check_text(name, "The name of the dataset")
    if len(name.strip()) > MAX_NAME:
        raise DatasetError(
            f"The name {name.strip()[:40]!r}… has {len(name.strip())} characters; a dataset's name has at most "
            f"{MAX_NAME}. Take a shorter one."
        )
    if _CONTROL.search(name.strip()):
        raise DatasetError(f"The name {name!r} holds a line break or another control. Leave it out.")


def _same(session: Session, dataset_id: str, content_hash: str) -> DatasetRow | None:
    """Return the row of this id, or of this content: the live one, or the one deleted last."""
    by_id = session.exec(select(DatasetRow).where(DatasetRow.id == dataset_id)).one_or_none()
    if by_id is not None:
        return by_id
    query = select(DatasetRow).where(DatasetRow.content_hash == content_hash)
    rows = session.exec(query.order_by(col(DatasetRow.seq).desc())).all()
    return next((row for row in rows if row.deleted_at is None), rows[0] if rows else None)


def _free_name(session: Session, name: str, but: str = "") -> str:
    wanted = name.strip() or "dataset"
    query = select(DatasetRow.name).where(_LIVE, DatasetRow.id != but)
    taken = {one.casefold() for one in session.exec(query)}
    free, again = wanted, 2
    while free.casefold() in taken:
        free, again = f"{wanted} ({again})", again + 1
    return free


def _row(session: Session, dataset_id: str) -> DatasetRow:
    row = None
    if is_storable(dataset_id):
        row = session.exec(select(DatasetRow).where(DatasetRow.id == dataset_id)).one_or_none()
    if row is None:
        raise NotFound(f"No dataset has the id {dataset_id!r}. Choose one from the list, or add its file again.")
    return row


def _gone(row: DatasetRow) -> NotFound:
    when = f" on {row.deleted_at:%Y-%m-%d}" if row.deleted_at else ""
    return NotFound(
        f"The dataset {row.name!r} was deleted{when}, and its rows with it; what was measured on it is kept. "
        f"Add {row.file_name or 'its file'} again to go on, or choose another dataset."
    )


def _dataset(row: DatasetRow) -> Dataset:
    return Dataset(
        id=row.id,
        seq=row.seq,
        name=row.name,
        content_hash=row.content_hash,
        rows=row.rows,
        labels=MappingProxyType(row.labels),
        query_types=MappingProxyType(row.query_types),
        sources=MappingProxyType(row.sources),
        seed=row.seed,
        origin=row.origin,
        file_name=row.file_name,
        created_at=row.created_at,
    )
