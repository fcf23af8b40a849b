"""Votes: one live vote a presentation, every change in the append-only `vote_event` of the same transaction.

A vote's id is made where the duel is shown, so a press that is sent twice is one vote; and a second vote for the same
showing, from another tab, returns the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.judging import Verdict, Vote, VoteEvent
from lab.store import duels, presentations, vote_rows
from lab.store.engine import Store, beside
from lab.store.judging_tables import VoteEventRow, VoteRow
from lab.store.presentations import DELETION, LEASE, Showing
from lab.store.tables import ResponseRow
from lab.store.text import check_texts, in_short


@dataclass(frozen=True, slots=True)
class Undone:
    """A vote that was taken back. `showing` is None where the duel could not be leased again: `held_by` has it.

    `held_by` None as well: the duel was deleted meanwhile.
    """

    vote: Vote
    showing: Showing | None
    held_by: str | None
    better_answer: str = ""  # what was written over its answers, and went with it


def cast(
    store: Store,
    vote_id: str,
    *,
    presentation_id: str,
    verdict: Verdict,
    chosen_id: str | None = None,
    strength: int | None = None,
    tags: Sequence[str] = (),
    note: str = "",
    guideline_version: int | None = None,
    took_ms: int | None = None,
    now: datetime,
) -> Vote:
    """Store a verdict and return the vote that stands for its presentation.

    An id that is there returns the first, and so does a presentation that has a live vote: compare the ids to learn
    whether this one counts. Raises NotFound, DuelGone, StoreError for a verdict that does not fit, or an annotator who
    was removed, Unstorable.
    """
    vote_rows.check(verdict, chosen_id, strength, tags, note)
    with store.write() as session:
        beside(session, DELETION)
        shown = vote_rows.locked(session, presentation_id)
        standing = vote_rows.find(session, vote_id) or vote_rows.live(session, presentation_id)
        if standing is not None:
            return vote_rows.vote(standing)
        vote_rows.require_present(session, shown.annotator_id)
        duel = duels.row_of(session, shown.duel_id)
        presentations.require_open(duel.deleted_at)
        vote_rows.require_side(shown, chosen_id)
        row = VoteRow(
            id=vote_id, presentation_id=shown.id, duel_id=shown.duel_id, annotator_id=shown.annotator_id,
            round=shown.round, verdict=verdict, chosen_id=chosen_id, strength=strength, tags=list(tags), note=note,
            guideline_version=guideline_version, live=True, unblinded=shown.revealed_at is not None,
            took_ms=took_ms, created_at=now,
        )  # fmt: skip
        session.add(row)
        shown.leased_until = None
        session.add(shown)
        session.flush()
        vote_rows.add_event(session, f"{vote_id}:cast", row, "cast", None, vote_rows.said(row), now)
        vote_rows.count(session, row, vote_rows.counts(row))
        return vote_rows.vote(row)


def undo(store: Store, undo_id: str, *, annotator_id: str, now: datetime) -> Undone:
    """Take back the newest live vote of an annotator, and lease its duel to them again, in one transaction.

    What they wrote over its answers goes with it. A vote on a written answer is never the newest by itself.

    An id that is there returns what it did. Raises StoreError where no vote is left.
    """
    check_texts([undo_id, annotator_id], "The undo")
    with store.write() as session:
        beside(session, DELETION)
        presentations.exclude_others(session)
        known = session.exec(select(VoteEventRow).where(VoteEventRow.id == undo_id)).one_or_none()
        row = (
            vote_rows.find(session, known.vote_id)
            if known is not None
            else vote_rows.newest_live(session, annotator_id)
        )
        if row is None:
            raise StoreError("There is no vote of yours left to take back.")
        better_answer = ""
        if known is None:
            with_it = vote_rows.for_better_answers(session, row)
            _wait_for_edits(session, [row, *with_it])
            for number, better in enumerate(with_it):
                _take_back(session, f"{undo_id}:{number}", better, now)
            _take_back(session, undo_id, row, now)
            better_answer = _written(session, with_it)
        return replace(_lease_again(session, row, now), better_answer=better_answer)


def _written(session: Session, votes: Sequence[VoteRow]) -> str:
    """Return the answer that votes on written answers chose; empty where there are none."""
    chosen = [row.chosen_id for row in votes if row.chosen_id is not None]
    texts = session.exec(select(ResponseRow.text).where(col(ResponseRow.id).in_(chosen))).all()
    return texts[0] if texts else ""


def _wait_for_edits(session: Session, rows: Sequence[VoteRow]) -> None:
    """Lock the showings of votes, as an edit does, and read again what an edit may have changed until then.

    Whoever else takes votes back waits already.
    """
    for row in rows:
        vote_rows.locked(session, row.presentation_id)
        session.refresh(row)


def _take_back(session: Session, event_id: str, row: VoteRow, now: datetime) -> None:
    before = vote_rows.said(row)
    row.live = False
    session.add(row)
    session.flush()
    vote_rows.add_event(session, event_id, row, "undone", before, None, now)
    vote_rows.count(session, row, -vote_rows.counts(row))


def edit(
    store: Store,
    event_id: str,
    vote_id: str,
    *,
    annotator_id: str,
    verdict: Verdict,
    chosen_id: str | None,
    strength: int | None,
    tags: Sequence[str],
    note: str,
    now: datetime,
) -> Vote:
    """Change a live vote of an annotator and return it; an id that is there changes nothing.

    A verdict that changes after the reveal is marked unblinded. Raises NotFound, StoreError for a vote that was taken
    back or is somebody else's, Unstorable.
    """
    vote_rows.check(verdict, chosen_id, strength, tags, note)
    with store.write() as session:
        beside(session, DELETION)
        row = vote_rows.find(session, vote_id)
        if row is None or row.annotator_id != annotator_id:
            raise NotFound(f"No vote of yours has the id {in_short(vote_id)}. Open one from the list.")
        shown = vote_rows.locked(session, row.presentation_id)
        session.refresh(row)
        if session.exec(select(VoteEventRow.seq).where(VoteEventRow.id == event_id)).first() is not None:
            return vote_rows.vote(row)
        if not row.live:
            raise StoreError("This vote was taken back meanwhile, perhaps in another tab. Judge the duel again.")
        vote_rows.require_present(session, annotator_id)
        vote_rows.require_side(shown, chosen_id)
        before, counted = vote_rows.said(row), vote_rows.counts(row)
        changed = (row.verdict, row.chosen_id) != (verdict, chosen_id)
        row.verdict, row.chosen_id, row.strength = verdict, chosen_id, strength
        row.tags, row.note = list(tags), note
        row.unblinded = row.unblinded or (changed and shown.revealed_at is not None)
        session.add(row)
        session.flush()
        vote_rows.add_event(session, event_id, row, "edited", before, vote_rows.said(row), now)
        vote_rows.count(session, row, vote_rows.counts(row) - counted)
        return vote_rows.vote(row)


# --------------------------------------------------------------------------------------------------------- reading


def get(store: Store, vote_id: str) -> Vote:
    """Return the vote with this id. Raises NotFound."""
    with store.read() as session:
        row = vote_rows.find(session, vote_id)
        if row is None:
            raise NotFound(f"No vote has the id {in_short(vote_id)}. Open one from the list.")
        return vote_rows.vote(row)


def history(store: Store, vote_id: str) -> list[VoteEvent]:
    """Return what happened to a vote, and to those that were given for the same showing, oldest first."""
    with store.read() as session:
        row = vote_rows.find(session, vote_id)
        if row is None:
            return []
        ids = select(VoteRow.id).where(VoteRow.duel_id == row.duel_id, VoteRow.presentation_id == row.presentation_id)
        query = select(VoteEventRow).where(col(VoteEventRow.vote_id).in_(ids)).order_by(col(VoteEventRow.seq))
        return [vote_rows.vote_event(one) for one in session.exec(query)]


def _lease_again(session: Session, row: VoteRow, now: datetime) -> Undone:
    shown = presentations.row_of(session, row.presentation_id)
    duel = duels.row_of(session, row.duel_id)
    holder = presentations.held_by(session, row.duel_id, row.annotator_id, now) if row.round == 1 else None
    if duel.deleted_at is not None or holder is not None or vote_rows.live(session, row.presentation_id) is not None:
        return Undone(vote_rows.vote(row), None, holder)
    shown.leased_until = now + LEASE
    session.add(shown)
    session.flush()
    return Undone(vote_rows.vote(row), presentations.showing(session, shown), None)
