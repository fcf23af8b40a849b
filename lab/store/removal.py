"""Removing a person: the name and the words go, the verdicts stay under a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from lab.errors import KeepingError
from lab.judging import HUMAN, Deletion, written_by
from lab.store import annotators, gone, snapshot_losses, vote_rows
from lab.store.deletion import SNAPSHOT_ROW, exclude_writers, known, record
from lab.store.engine import Store
from lab.store.judging_tables import (
    AnnotatorRow,
    GuidelineRow,
    PresentationRow,
    ResolutionRow,
    VoteEventRow,
    VoteRow,
)
from lab.store.row_words import DUEL_TAKEN, VOTE_TAKEN
from lab.store.snapshot_losses import Loss, Touched
from lab.store.tables import ResponseRow
from lab.store.text import DELETED, check_texts


def remove_annotator(
    store: Store, deletion_id: str, annotator_id: str, *, by: str | None = None, votes: bool = False
) -> Deletion:
    """Take a person out of the database, in one transaction, and return the record of it.

    Name, PIN and link go, and so do notes and reasons, also from the history; answers that the person wrote are
    emptied, their duels deleted and rows of snapshots with them marked as gone; guidelines lose their author. The
    verdicts stay under a number, unless `votes` are to go too: then they count nowhere, and the history says that they
    were removed. An id that is there returns the first. Raises NotFound, KeepingError for an annotator of the sample
    workspace.
    """
    check_texts([deletion_id, by or ""], "The deletion")
    now = datetime.now(UTC)
    with store.write() as session:
        exclude_writers(session)
        done = known(session, deletion_id)
        if done is not None:
            return done
        row = annotators.row_of(session, annotator_id)
        if row.kind == "sample":
            raise KeepingError(f"{row.name!r} belongs to the sample workspace. Remove that as a whole.")
        counts = {
            "annotator": 1,
            "vote": _notes(session, annotator_id),
            "vote_event": _history(session, annotator_id),
            **_answers(session, annotator_id),
            **_elsewhere(session, annotator_id),
        }
        if votes:
            counts[VOTE_TAKEN] = _votes(session, annotator_id, deletion_id, now)
        _forget(session, row, now)
        return record(session, deletion_id, "annotator", by, counts)


def losses(store: Store, annotator_id: str) -> tuple[Loss, ...]:
    """Return the snapshots that lose rows when a person is removed: with answers that the person wrote."""
    with store.read() as session:
        ids = session.exec(select(ResponseRow.id).where(*_written(annotator_id))).all()
        return snapshot_losses.expected(session, Touched(responses=ids))


def _forget(session: Session, row: AnnotatorRow, now: datetime) -> None:
    row.name = f"removed annotator {row.seq}"
    row.name_key = f"\n{row.id}"  # no name has this key, as names are one line: the number is nobody's to take
    row.pin_hash = row.link_hash = row.locked_until = None
    row.failures, row.removed_at = 0, row.removed_at or now
    session.add(row)
    session.flush()


def _notes(session: Session, annotator_id: str) -> int:
    found = select(VoteRow).where(VoteRow.annotator_id == annotator_id)
    rows = [row for row in session.exec(found) if row.note or row.tags]
    for row in rows:
        row.note, row.tags = "", []
        session.add(row)
    session.flush()
    return len(rows)


def _history(session: Session, annotator_id: str) -> int:
    votes = select(VoteRow.id).where(VoteRow.annotator_id == annotator_id)
    theirs = col(VoteEventRow.vote_id).in_(votes) | (col(VoteEventRow.annotator_id) == annotator_id)
    changed = 0
    for row in session.exec(select(VoteEventRow).where(theirs)):
        before, after = _without_words(row.before), _without_words(row.after)
        if (before, after) != (row.before, row.after):
            row.before, row.after = before, after
            session.add(row)
            changed += 1
    session.flush()
    return changed


def _without_words(said: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if said is None else {**said, "note": "", "tags": []}


def _answers(session: Session, annotator_id: str) -> dict[str, int]:
    """Empty the answers that the person wrote; nobody is asked about them any more."""
    rows = session.exec(select(ResponseRow).where(*_written(annotator_id))).all()
    for row in rows:
        row.text, row.error, row.options = DELETED, None, {}
        session.add(row)
    session.flush()
    ids = [row.id for row in rows]
    lost = snapshot_losses.mark(session, Touched(responses=ids))
    return {"response": len(rows), DUEL_TAKEN: gone.mark(session, responses=ids), SNAPSHOT_ROW: lost}


def _written(annotator_id: str) -> tuple[Any, ...]:
    return (col(ResponseRow.provider) == HUMAN, col(ResponseRow.expert) == written_by(annotator_id))


def _elsewhere(session: Session, annotator_id: str) -> dict[str, int]:
    """Clear the authorship of guidelines and the notes of resolutions, and give back what is leased."""
    open_ones = (col(PresentationRow.annotator_id) == annotator_id) & col(PresentationRow.leased_until).is_not(None)
    _run(session, update(PresentationRow).where(open_ones).values(leased_until=None))
    noted = (col(ResolutionRow.annotator_id) == annotator_id) & (col(ResolutionRow.note) != "")
    authored = col(GuidelineRow.annotator_id) == annotator_id
    return {
        "resolution": _run(session, update(ResolutionRow).where(noted).values(note="")),
        "guideline": _run(session, update(GuidelineRow).where(authored).values(annotator_id=None)),
    }


def _votes(session: Session, annotator_id: str, deletion_id: str, now: datetime) -> int:
    rows: Sequence[VoteRow] = session.exec(
        select(VoteRow).where(VoteRow.annotator_id == annotator_id, col(VoteRow.live).is_(True))
    ).all()
    for row in rows:
        before = vote_rows.said(row)
        row.live = False
        session.add(row)
        vote_rows.add_event(session, f"{deletion_id}:{row.id}", row, "removed", before, None, now)
    vote_rows.count_again(session, sorted({row.duel_id for row in rows}))
    return len(rows)


def _run(session: Session, statement: Any) -> int:
    done = session.connection().execute(statement)
    assert isinstance(done, CursorResult)
    return int(done.rowcount)
