"""Deleting text on request, wherever the tables hold it, with a record that says when and how much, never what.

The value that holds it is replaced whole, so that nothing is left of it to guess from. What was deleted is out of sight
after this; `lab.store.scrub` takes its bytes out of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from lab.judging import Deletion
from lab.store import gone, snapshot_losses
from lab.store.engine import Store, exclusive
from lab.store.judging_tables import ConversationRow, DeletionRow
from lab.store.presentations import exclude_others
from lab.store.row_words import DUEL_TAKEN
from lab.store.snapshot_losses import Loss, Touched
from lab.store.snapshots import WRITERS
from lab.store.tables import LabModel
from lab.store.text import check_texts
from lab.store.text_places import REPLACED, REPORTED, Words
from lab.types import new_id

_READ_AT_ONCE = 500  # rows
_MOST_EXCERPTS = 50
SNAPSHOT_ROW = "snapshot_row"
"""What a deletion counts rows of snapshots as."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where the words stand, and what stands around them."""

    table: str
    column: str
    row_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where words were found. `replaced` counts rows by table; `reported` holds what a deletion leaves as it is.

    `losses` are the snapshots that would lose rows, or hold the words in their name or settings.
    """

    replaced: Mapping[str, int]
    excerpts: tuple[Excerpt, ...]  # the first ones
    reported: tuple[Excerpt, ...]
    losses: tuple[Loss, ...] = ()


def find(store: Store, words: Words) -> Found:
    """Return where the database holds words, before anything is deleted. Raises StoreError."""
    with store.read() as session:
        changes = [change for name in REPLACED for change in _changes(session, name, words)]
        ids: dict[str, list[str]] = {}
        for change in changes:
            ids.setdefault(change.table, []).append(change.row_id)
        losses = snapshot_losses.expected(session, _touched(ids))
        counts = {name: len(some) for name, some in ids.items()} | _rows_of(losses)
        excerpts = [excerpt for change in changes[:_MOST_EXCERPTS] for excerpt in change.excerpts]
        reported = tuple(_reported(session, words))
        return Found(MappingProxyType(counts), tuple(excerpts[:_MOST_EXCERPTS]), reported, losses)


def delete_text(
    store: Store, deletion_id: str, words: Words, *, by: str | None = None, beside: Mapping[str, int] | None = None
) -> Deletion:
    """Replace every value that holds words, in one transaction, and return the record of it.

    A duel whose prompt or answer held them is deleted, so that nobody labels or exports it, and rows of snapshots that
    point there are marked as gone. `beside` counts what was deleted outside of the tables. An id that is there returns
    the first. Raises StoreError; then nothing was changed.
    """
    check_texts([deletion_id, by or ""], "The deletion")
    with store.write() as session:
        exclude_writers(session)
        done = known(session, deletion_id)
        if done is not None:
            return done
        counts = dict(beside or {})
        touched: dict[str, list[str]] = {}
        for name in REPLACED:
            changes = list(_changes(session, name, words))
            _apply(session, name, changes)
            if changes:
                counts[name] = counts.get(name, 0) + len(changes)
                touched[name] = [change.row_id for change in changes]
        counts[DUEL_TAKEN] = gone.mark(
            session,
            conversations=touched.get("conversation", ()),
            responses=touched.get("response", ()),
            duels=touched.get("duel", ()),
        )
        counts[SNAPSHOT_ROW] = snapshot_losses.mark(session, _touched(touched))
        for conversation_id in touched.get("conversation", ()):
            _give_another_id(session, conversation_id)
        return record(session, deletion_id, "text", by, counts)


def records(store: Store) -> list[Deletion]:
    """Return what was deleted on request, the newest first. Raises StoreError."""
    with store.read() as session:
        return [_deletion(row) for row in session.exec(rows_of(DeletionRow).order_by(col(DeletionRow.seq).desc()))]


# -------------------------------------------------------------------------------------- for every kind of deletion


def exclude_writers(session: Session) -> None:
    """Keep out whoever adds people, duels or votes, leases duels, or freezes, until this session ends."""
    for writers in ("deletion", "annotator", "duels", "given votes"):
        exclusive(session, writers)
    exclude_others(session)
    exclusive(session, WRITERS)


def record(
    session: Session,
    deletion_id: str,
    what: Literal["annotator", "text"],
    by: str | None,
    counts: Mapping[str, int],
) -> Deletion:
    """Note a deletion in a session that is open, and return it; what was counted as none is left out."""
    row = DeletionRow(
        id=deletion_id,
        what=what,
        annotator_id=by,
        counts={name: count for name, count in counts.items() if count},
        created_at=datetime.now(UTC),
    )
    session.add(row)
    session.flush()
    return _deletion(row)


def known(session: Session, deletion_id: str) -> Deletion | None:
    """Return the record of this id, or None where it was not done yet."""
    row = session.exec(rows_of(DeletionRow).where(DeletionRow.id == deletion_id)).one_or_none()
    return None if row is None else _deletion(row)


def _deletion(row: DeletionRow) -> Deletion:
    return Deletion(
        id=row.id,
        seq=row.seq,
        what=row.what,  # type: ignore[arg-type]  # only `record` writes it
        by=row.annotator_id,
        counts=MappingProxyType(row.counts),
        created_at=row.created_at,
    )


# ------------------------------------------------------------------------------------------------------ the values


def _touched(ids: Mapping[str, Sequence[str]]) -> Touched:
    """Return what is touched, from the ids of rows by table."""
    return Touched(
        events=ids.get("routing_event", ()),
        conversations=ids.get("conversation", ()),
        responses=ids.get("response", ()),
        duels=ids.get("duel", ()),
        snapshots=ids.get("snapshot", ()),
    )


def _rows_of(losses: Sequence[Loss]) -> dict[str, int]:
    lost = sum(loss.rows for loss in losses)
    return {SNAPSHOT_ROW: lost} if lost else {}


@dataclass(frozen=True, slots=True)
class _Change:
    table: str
    row_id: str
    values: dict[str, Any]  # by column
    excerpts: list[Excerpt] = field(default_factory=list)


def _changes(session: Session, name: str, words: Words) -> Iterator[_Change]:
    kinds = REPLACED[name]
    for row_id, seq, values in _rows(session, name, tuple(kinds)):
        hit = {column: value for column, value in values.items() if value is not None and words.are_in(value)}
        if not hit:
            continue
        changed = {column: words.taken_out(value, kinds[column], seq) for column, value in hit.items()}
        if name == "routing_event" and hit.keys() & {"prompt", "conversation"}:
            changed["matches"] = []  # they point into a prompt that is no longer there
        excerpts = [Excerpt(name, column, row_id, words.excerpt(value)) for column, value in hit.items()]
        yield _Change(name, row_id, changed, excerpts)


def _reported(session: Session, words: Words) -> Iterator[Excerpt]:
    for name, columns in REPORTED.items():
        for row_id, _, values in _rows(session, name, columns):
            for column, value in values.items():
                if value is not None and words.are_in(value):
                    yield Excerpt(name, column, row_id, words.excerpt(value))


def _rows(session: Session, name: str, columns: Sequence[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Read id, seq and columns of a table, a few hundred rows at a time."""
    table = LabModel.metadata.tables[name]
    query = select(table.c.id, table.c.seq, *(table.c[column] for column in columns)).order_by(table.c.seq)
    found = session.connection().execute(query, execution_options={"yield_per": _READ_AT_ONCE})
    for row_id, seq, *values in found:
        yield row_id, seq, dict(zip(columns, values, strict=True))


def _apply(session: Session, name: str, changes: Sequence[_Change]) -> None:
    table = LabModel.metadata.tables[name]
    alike: dict[tuple[str, ...], list[_Change]] = {}
    for change in changes:
        alike.setdefault(tuple(sorted(change.values)), []).append(change)
    for columns, group in alike.items():
        statement = update(table).where(table.c.id == bindparam("at_id"))
        statement = statement.values({column: bindparam(f"to_{column}") for column in columns})
        rows = [{"at_id": one.row_id, **{f"to_{column}": one.values[column] for column in columns}} for one in group]
        session.connection().execute(statement, rows)


def _give_another_id(session: Session, conversation_id: str) -> None:
    """Store a conversation under an id that says nothing of its turns, as the hash of them does.

    So the same turns, when they come again, are a conversation of their own.
    """
    old = session.exec(rows_of(ConversationRow).where(ConversationRow.id == conversation_id)).one()
    fresh = ConversationRow(id=new_id(), messages=old.messages, prompt=old.prompt, created_at=old.created_at)
    session.add(fresh)
    session.flush()
    key = LabModel.metadata.tables["conversation"].c.id
    for table in LabModel.metadata.tables.values():
        for column in (one.parent for one in table.foreign_keys if one.column is key):
            named = column == conversation_id
            session.connection().execute(update(table).where(named).values({column.name: fresh.id}))
    session.connection().execute(delete(ConversationRow).where(col(ConversationRow.id) == conversation_id))
