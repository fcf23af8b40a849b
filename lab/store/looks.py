"""Looks at sealed rows. Every one is kept; what counts is how many different evaluations were shown."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from lab.errors import NotFound
from lab.records import SealedLook
from lab.store.engine import Store, insert_once
from lab.store.tables import DatasetRow, SealedLookRow
from lab.store.text import check_texts, is_storable


def record(
    store: Store,
    look_id: str,
    *,
    dataset_id: str,
    dataset_hash: str,
    router_hash: str,
    why: str,
    created_at: datetime | None = None,
) -> SealedLook:
    """Store a look and return it as stored; an id that is there already returns the first, unchanged.

    `dataset_hash` is of the rows and labels that were looked at, `router_hash` the content hash of the router whose
    result was shown, `why` what it was for (adopting v8, `lab grid --sealed`). Raises NotFound for an unknown dataset.
    """
    check_texts([look_id, dataset_id, dataset_hash, router_hash, why], "The look at sealed rows")
    row = SealedLookRow(
        id=look_id,
        dataset_id=dataset_id,
        dataset_hash=dataset_hash,
        router_hash=router_hash,
        why=why,
        created_at=created_at or datetime.now(UTC),
    )
    with store.write() as session:
        if session.exec(select(DatasetRow.seq).where(DatasetRow.id == dataset_id)).first() is None:
            raise NotFound(f"The look names the dataset {dataset_id!r}, which is not stored.")
        insert_once(session, row)
        return _look(session.exec(select(SealedLookRow).where(SealedLookRow.id == look_id)).one())


def count(store: Store, dataset_id: str) -> int:
    """Return how many different evaluations of the sealed rows were shown.

    The same router on the same rows and labels counts once, however often it is looked at: a repeat reveals nothing.
    A dataset that was deleted and taken in again keeps its count, for its sealed rows are still the ones seen.
    """
    if not is_storable(dataset_id):
        return 0
    query = select(SealedLookRow.dataset_hash, SealedLookRow.router_hash).where(_of_rows(dataset_id)).distinct()
    with store.read() as session:
        return len(session.exec(query).all())


def of_dataset(store: Store, dataset_id: str) -> list[SealedLook]:
    """Return every look at the sealed rows of a dataset, repeats included, the newest first."""
    if not is_storable(dataset_id):
        return []
    query = select(SealedLookRow).where(_of_rows(dataset_id)).order_by(col(SealedLookRow.seq).desc())
    with store.read() as session:
        return [_look(row) for row in session.exec(query)]


def _of_rows(dataset_id: str) -> ColumnElement[bool]:
    """Tell the looks at a dataset, and at earlier ones with the same rows."""
    same = select(DatasetRow.content_hash).where(DatasetRow.id == dataset_id)
    twins = select(DatasetRow.id).where(col(DatasetRow.content_hash).in_(same))
    return col(SealedLookRow.dataset_id).in_(twins)


def _look(row: SealedLookRow) -> SealedLook:
    return SealedLook(
        id=row.id,
        seq=row.seq,
        dataset_id=row.dataset_id,
        dataset_hash=row.dataset_hash,
        router_hash=row.router_hash,
        why=row.why,
        created_at=row.created_at,
    )
