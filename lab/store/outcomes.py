"""Outcomes: how good each expert's answer to a row of a dataset was. Rows are only added; the newest counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import func
from sqlmodel import col, select

from lab.errors import DatasetError, NotFound
from lab.records import Outcome
from lab.store.engine import Store, exclusive
from lab.store.tables import DatasetRow, OutcomeRow
from lab.store.text import check_texts, is_storable

_AT_ONCE = 2000
_MAX_ROW = 2**31 - 1


def add(store: Store, batch_id: str, outcomes: Sequence[Outcome]) -> int:
    """Store outcomes and return how many were stored; a batch that is there already is not stored again.

    All of them or none: one outcome of a row, an expert and a source that comes later counts instead of the earlier.
    Raises NotFound for an unknown dataset, DatasetError for a quality outside [0, 1] or a row below 0.
    """
    check_texts(batch_id, "The id of the outcomes")
    for outcome in outcomes:
        _check(outcome)
    if not outcomes:
        return 0
    with store.write() as session:
        exclusive(session, "outcome")
        wanted = {outcome.dataset_id for outcome in outcomes}
        known = set(session.exec(select(DatasetRow.id).where(col(DatasetRow.id).in_(wanted))))
        if wanted - known:
            raise NotFound(f"The outcomes name the dataset {min(wanted - known)!r}, which is not stored.")
        if session.exec(select(OutcomeRow.seq).where(OutcomeRow.id == f"{batch_id}:0")).first() is not None:
            return 0
        now = datetime.now(UTC)
        rows = (
            {
                "id": f"{batch_id}:{index}",
                "dataset_id": outcome.dataset_id,
                "row": int(outcome.row),
                "expert": outcome.expert,
                "quality": float(outcome.quality),
                "source": outcome.source,
                "created_at": now,
            }
            for index, outcome in enumerate(outcomes)
        )
        while chunk := list(islice(rows, _AT_ONCE)):
            session.connection().execute(OutcomeRow.__table__.insert(), chunk)  # type: ignore[attr-defined]
    return len(outcomes)


def of_dataset(store: Store, dataset_id: str, *, source: str | None = None) -> list[Outcome]:
    """Return the outcomes that count, by row, of one source or of all; none for a dataset that is not there."""
    if not is_storable(dataset_id) or (source is not None and not is_storable(source)):
        return []
    row = OutcomeRow
    newest = (
        select(func.max(row.seq))
        .where(row.dataset_id == dataset_id)
        .group_by(col(row.row), col(row.expert), col(row.source))
    )
    query = select(row).where(col(row.seq).in_(newest)).order_by(col(row.row), col(row.seq))
    if source is not None:
        query = query.where(row.source == source)
    with store.read() as session:
        return [Outcome(one.dataset_id, one.row, one.expert, one.quality, one.source) for one in session.exec(query)]


def _check(outcome: Outcome) -> None:
    check_texts([outcome.dataset_id, outcome.expert, outcome.source], "The outcome")
    where = f"The outcome of row {outcome.row} for {outcome.expert}"
    if not 0 <= outcome.row <= _MAX_ROW:
        raise DatasetError(f"{where} names no row; rows count from 0.")
    if not 0 <= outcome.quality <= 1:  # NaN neither
        raise DatasetError(f"{where} has the quality {outcome.quality}; it must lie between 0 and 1.")
