"""Labels that people give: rows are only added, the newest of a target counts, and one that says None takes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.records import Label
from lab.store.engine import Store, insert_once
from lab.store.tables import DatasetRow, EventRow, LabelRow
from lab.store.text import check_text, check_texts, is_storable


def give(
    store: Store,
    label_id: str,
    *,
    dataset_id: str | None = None,
    row: int | None = None,
    event_id: str | None = None,
    prompt: str,
    expert: str | None,
    created_at: datetime | None = None,
) -> Label:
    """Label a row of a dataset, or an event, and return the label as stored; an id that is there returns the first.

    `expert` is a name or `none`; None takes back what people said, so that the file's own label counts again. Raises
    NotFound for a target that is not there, StoreError for no target or two, Unstorable for NUL or half a surrogate
    pair.
    """
    check_text(prompt, "The prompt")
    check_texts([label_id, dataset_id or "", event_id or "", expert or ""], "The label")
    if (dataset_id is None) == (event_id is None) or (dataset_id is None) != (row is None):
        raise StoreError("A label belongs to a row of a dataset or to an event. Name one of them.")
    if expert is not None and not expert.strip():
        raise StoreError("The label is empty. Name an expert, or none for a prompt that nobody should get.")
    given = LabelRow(
        id=label_id,
        dataset_id=dataset_id,
        row=row,
        event_id=event_id,
        prompt=prompt,
        expert=expert,
        created_at=created_at or datetime.now(UTC),
    )
    with store.write() as session:
        _require_target(session, given)
        insert_once(session, given)
        return _label(_row(session, label_id))


def undo(store: Store, label_id: str, undone_id: str, *, created_at: datetime | None = None) -> Label:
    """Give the target of the label `undone_id` what it had before, under the id `label_id`, and return that.

    An id that is there returns the first. Raises NotFound, and StoreError where another label came after it that says
    something else: that one is not undone unseen.
    """
    with store.write() as session:
        known = session.exec(select(LabelRow).where(LabelRow.id == label_id)).one_or_none()
        if known is not None:
            return _label(known)
        undone = _row(session, undone_id)
        newest = _newest(session, undone)
        assert newest is not None
        if newest.expert != undone.expert:
            raise StoreError(
                f"This prompt has been labelled {newest.expert or 'anew'!r} since, perhaps in another tab, so nothing "
                "was undone. Look at it again."
            )
        before = _newest(session, undone, before_seq=undone.seq)
        given = LabelRow(
            id=label_id,
            dataset_id=undone.dataset_id,
            row=undone.row,
            event_id=undone.event_id,
            prompt=undone.prompt,
            expert=before.expert if before else None,
            created_at=created_at or datetime.now(UTC),
        )
        insert_once(session, given)
        return _label(_row(session, label_id))


def of_dataset(store: Store, dataset_id: str) -> dict[int, Label]:
    """Return the label that counts for every row that people labelled, by row; `expert` None was taken back."""
    newest = select(func.max(LabelRow.seq)).where(LabelRow.dataset_id == dataset_id).group_by(col(LabelRow.row))
    with store.read() as session:
        found = session.exec(select(LabelRow).where(col(LabelRow.seq).in_(newest)).order_by(col(LabelRow.row)))
        return {row.row: _label(row) for row in found if row.row is not None}


def of_event(store: Store, event_id: str) -> Label | None:
    """Return the label that counts for an event, whose `expert` is None where it was taken back; None without any."""
    query = select(LabelRow).where(LabelRow.event_id == event_id).order_by(col(LabelRow.seq).desc()).limit(1)
    with store.read() as session:
        row = session.exec(query).first() if is_storable(event_id) else None
        return None if row is None else _label(row)


def of_events(store: Store) -> list[Label]:
    """Return the label that counts for every labelled event, oldest first; those taken back are left out."""
    newest = select(func.max(LabelRow.seq)).where(col(LabelRow.event_id).is_not(None)).group_by(col(LabelRow.event_id))
    query = select(LabelRow).where(col(LabelRow.seq).in_(newest), col(LabelRow.expert).is_not(None))
    with store.read() as session:
        return [_label(row) for row in session.exec(query.order_by(col(LabelRow.seq)))]


def recent(store: Store, limit: int = 50, *, dataset_id: str | None = None) -> list[Label]:
    """Return at most `limit` labels, of one dataset where that is given, the newest first, taken-back ones too."""
    query = select(LabelRow).order_by(col(LabelRow.seq).desc()).limit(limit)
    if dataset_id is not None:
        query = query.where(LabelRow.dataset_id == dataset_id)
    with store.read() as session:
        return [_label(row) for row in session.exec(query)]


def _require_target(session: Session, given: LabelRow) -> None:
    if given.event_id is not None:
        if session.exec(select(EventRow.seq).where(EventRow.id == given.event_id)).first() is None:
            raise NotFound(f"The label belongs to the event {given.event_id!r}, which is not stored.")
        return
    dataset = session.exec(select(DatasetRow).where(DatasetRow.id == given.dataset_id)).one_or_none()
    if dataset is None or dataset.deleted_at is not None:
        raise NotFound(f"The label belongs to the dataset {given.dataset_id!r}, which is not there any more.")
    if given.row is None or not 0 <= given.row < dataset.rows:
        raise StoreError(f"The label is for row {given.row}; {dataset.name!r} has the rows 0 to {dataset.rows - 1}.")


def _newest(session: Session, target: LabelRow, before_seq: int | None = None) -> LabelRow | None:
    query = select(LabelRow).where(
        LabelRow.dataset_id == target.dataset_id, LabelRow.row == target.row, LabelRow.event_id == target.event_id
    )
    if before_seq is not None:
        query = query.where(LabelRow.seq < before_seq)
    return session.exec(query.order_by(col(LabelRow.seq).desc()).limit(1)).first()


def _row(session: Session, label_id: str) -> LabelRow:
    row = None
    if is_storable(label_id):
        row = session.exec(select(LabelRow).where(LabelRow.id == label_id)).one_or_none()
    if row is None:
        raise NotFound(f"No label has the id {label_id!r}. Label the prompt again.")
    return row


def _label(row: LabelRow) -> Label:
    values: dict[str, Any] = {name: getattr(row, name) for name in Label.__dataclass_fields__}
    return Label(**values)
