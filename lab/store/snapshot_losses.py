"""What snapshots lose when text is deleted on request: rows that point to it, and words of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import Session

from lab.exported import Snapshot
from lab.store.parts import in_parts
from lab.store.snapshot_tables import SnapshotRow
from lab.store.snapshots import of_row
from lab.store.tables import LabModel


@dataclass(frozen=True, slots=True)
class Loss:
    """A snapshot, and how many of its rows a deletion takes; none where only its name or its settings hold the text."""

    snapshot: Snapshot
    rows: int


@dataclass(frozen=True, slots=True)
class Touched:
    """The ids of what a deletion changes."""

    events: Collection[str] = ()
    conversations: Collection[str] = ()
    responses: Collection[str] = ()
    duels: Collection[str] = ()
    snapshots: Collection[str] = ()


def expected(session: Session, touched: Touched) -> tuple[Loss, ...]:
    """Return the snapshots that would lose something, deleted ones too: the files written of them hold it."""
    found = {snapshot_id: len(seqs) for snapshot_id, seqs in _lost(session, touched).items()}
    counts = dict.fromkeys(touched.snapshots, 0) | found
    losses = []
    for some in in_parts(counts):
        query = select(SnapshotRow).where(_table("snapshot").c.id.in_(some))
        losses += [Loss(of_row(row), counts[row.id]) for row in session.scalars(query)]
    return tuple(sorted(losses, key=lambda loss: loss.snapshot.seq))


def mark(session: Session, touched: Touched) -> int:
    """Mark the rows that point to what was deleted, in a session that is open, and return how many were not yet."""
    lost = _lost(session, touched)
    item = _table("snapshot_row")
    for seqs in lost.values():
        for some in in_parts(seqs):
            session.connection().execute(update(item).where(item.c.seq.in_(some)).values(gone=True))
    add_gone(session, {snapshot_id: len(seqs) for snapshot_id, seqs in lost.items()})
    return sum(map(len, lost.values()))


def add_gone(session: Session, rows: Mapping[str, int]) -> None:
    """Count rows, by snapshot id, as gone."""
    table = _table("snapshot")
    for snapshot_id, count in rows.items():
        more = update(table).where(table.c.id == snapshot_id).values(gone=table.c.gone + count)
        session.connection().execute(more)


def _lost(session: Session, touched: Touched) -> dict[str, set[int]]:
    """Return the seqs of the rows that are not gone yet and point to what is touched, by snapshot id."""
    item, duel, response = _table("snapshot_row"), _table("duel"), _table("response")
    of_duel = item.join(duel, duel.c.id == item.c.duel_id)
    of_answer = item.join(response, or_(response.c.id == item.c.chosen_id, response.c.id == item.c.rejected_id))
    found: dict[str, set[int]] = {}
    for source, column, ids in (
        (of_duel, duel.c.id, touched.duels),
        (of_duel, duel.c.conversation_id, touched.conversations),
        (item, item.c.chosen_id, touched.responses),
        (item, item.c.rejected_id, touched.responses),
        (of_answer, response.c.conversation_id, touched.conversations),
        (of_answer, response.c.event_id, touched.events),
    ):
        for some in in_parts(ids):
            query = select(item.c.snapshot_id, item.c.seq).select_from(source)
            for snapshot_id, seq in session.connection().execute(query.where(column.in_(some), ~item.c.gone)):
                found.setdefault(snapshot_id, set()).add(seq)
    return found


def _table(name: str) -> Any:
    return LabModel.metadata.tables[name]
