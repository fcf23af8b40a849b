"""Duels that came together: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from lab.errors import NotFound
from lab.judging import Batch
from lab.store.engine import Store, exclusive, insert_once
from lab.store.json_values import stored_json
from lab.store.judging_tables import BatchRow
from lab.store.text import check_texts, is_storable, repair_text

Kind = Literal["bulk", "import", "sample"]


def begin(
    store: Store, batch_id: str, *, kind: Kind, name: str, spec: Mapping[str, Any], content_hash: str | None = None
) -> Batch:
    """Store a batch and return it; an id, or a content hash, that is there already returns the first one."""
    check_texts([batch_id, content_hash or ""], "The batch")
    row = BatchRow(
        id=batch_id,
        kind=kind,
        name=repair_text(name)[0],
        content_hash=content_hash,
        spec=stored_json(spec, "spec"),
        report={},
        created_at=datetime.now(UTC),
    )
    with store.write() as session:
        exclusive(session, "batch")
        if content_hash is not None:
            known = session.exec(select(BatchRow).where(BatchRow.content_hash == content_hash)).one_or_none()
            if known is not None:
                return _batch(known)
        insert_once(session, row)
        return _batch(_row(session, batch_id))


def report(store: Store, batch_id: str, said: Mapping[str, Any]) -> None:
    """Replace what came of a batch. Raises NotFound, Unstorable."""
    with store.write() as session:
        row = _row(session, batch_id)
        row.report = stored_json(said, "report")
        session.add(row)


def get(store: Store, batch_id: str) -> Batch:
    """Return the batch with this id. Raises NotFound."""
    with store.read() as session:
        return _batch(_row(session, batch_id))


def listed(store: Store, kind: Kind | None = None) -> list[Batch]:
    """Return the batches, of one kind where that is given, the newest first."""
    query = select(BatchRow).order_by(col(BatchRow.seq).desc())
    if kind is not None:
        query = query.where(BatchRow.kind == kind)
    with store.read() as session:
        return [_batch(row) for row in session.exec(query)]


def _row(session: Session, batch_id: str) -> BatchRow:
    row = None
    if is_storable(batch_id):
        row = session.exec(select(BatchRow).where(BatchRow.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound(f"No batch of duels has the id {batch_id!r}. Open one from the list.")
    return row


def _batch(row: BatchRow) -> Batch:
    values: dict[str, Any] = {name: getattr(row, name) for name in Batch.__dataclass_fields__}
    return Batch(**values)
