"""Votes as rows: what a vote may say, and what is written beside it in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal_column, or_, update
from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.judging import HUMAN, EventKind, NewVote, Verdict, Vote, VoteEvent, written_by
from lab.store.judging_tables import AnnotatorRow, DuelRow, PresentationRow, VoteEventRow, VoteRow
from lab.store.tables import ResponseRow
from lab.store.text import check_texts, in_short, is_storable

MOST_NOTE_CHARS = 10_000

LIVE: ColumnElement[bool] = literal_column("vote.live")  # of no type, or SQLAlchemy would compare it with 1
"""That a vote is live, in the very words of the indexes over live votes: SQLite finds them by no others."""


def check(verdict: Verdict, chosen_id: str | None, strength: int | None, tags: Sequence[str], note: str) -> None:
    """Raise StoreError or Unstorable for what no vote can say."""
    check_texts([chosen_id or "", *tags, note], "The vote")
    if (verdict == "better") != (chosen_id is not None):
        raise StoreError("Only the verdict `better` names an answer, and it must. Vote again.")
    if verdict not in ("better", "equally_good", "both_bad", "skip"):
        raise StoreError(f"The verdict {verdict!r} is none. Say which is better, both good, both bad, or skip.")
    if strength is not None and strength not in (1, 2, 3):
        raise StoreError(f"The strength {strength} is none. Choose 1, 2 or 3.")
    if len(note) > MOST_NOTE_CHARS:
        raise StoreError(f"The note has {len(note):,} characters; {MOST_NOTE_CHARS:,} are kept. Shorten it.")


def locked(session: Session, presentation_id: str) -> PresentationRow:
    """Return the showing, its row locked until the session ends: two votes for it come one after the other."""
    row = None
    if is_storable(presentation_id):
        query = select(PresentationRow).where(PresentationRow.id == presentation_id).with_for_update()
        row = session.exec(query).one_or_none()
    if row is None:
        raise NotFound(f"No showing has the id {in_short(presentation_id)}. Reload the Label page.")
    return row


def require_side(shown: PresentationRow, chosen_id: str | None) -> None:
    """Raise StoreError for an answer that was not shown."""
    if chosen_id is not None and chosen_id not in (shown.left_id, shown.right_id):
        raise StoreError("The better answer must be one of the two that were shown. Vote again.")


def require_present(session: Session, annotator_id: str) -> None:
    """Raise StoreError for an annotator who was removed: nothing is written under that number any more."""
    query = select(AnnotatorRow.removed_at).where(AnnotatorRow.id == annotator_id)
    if session.exec(query).one_or_none() is not None:
        raise StoreError("You were removed from this lab meanwhile, so nothing was stored. Sign in again.")


def find(session: Session, vote_id: str) -> VoteRow | None:
    """Return the row of a vote, or None."""
    if not is_storable(vote_id):
        return None
    return session.exec(select(VoteRow).where(VoteRow.id == vote_id)).one_or_none()


def live(session: Session, presentation_id: str) -> VoteRow | None:
    """Return the live vote of a presentation, or None."""
    query = select(VoteRow).where(VoteRow.presentation_id == presentation_id, LIVE)
    return session.exec(query).one_or_none()


def newest_live(session: Session, annotator_id: str) -> VoteRow | None:
    """Return the live vote that an annotator gave last, or None; one for an own answer belongs to its verdict."""
    query = (
        select(VoteRow)
        .join(DuelRow, col(DuelRow.id) == VoteRow.duel_id)
        .where(VoteRow.annotator_id == annotator_id, col(VoteRow.live).is_(True), ~wrote(annotator_id))
    )
    return session.exec(query.order_by(col(VoteRow.seq).desc()).limit(1)).first()


def wrote(annotator_id: str) -> ColumnElement[bool]:
    """Return the condition that a duel has an answer which an annotator wrote."""
    author = exists().where(
        col(ResponseRow.id).in_((col(DuelRow.first_id), col(DuelRow.second_id))),
        col(ResponseRow.expert) == written_by(annotator_id),
        col(ResponseRow.provider) == HUMAN,
    )
    return (col(DuelRow.origin) == "edit") & author


def for_better_answers(session: Session, of: VoteRow) -> list[VoteRow]:
    """Return the live votes of the same annotator for answers that were written with this vote.

    Those are over one of its answers. One of them may stand in other duels as well: what was written with a vote on
    such a duel is parted from this vote by that one.
    """
    duel = session.exec(select(DuelRow).where(DuelRow.id == of.duel_id)).one()
    answers = (duel.first_id, duel.second_id)
    touching = or_(col(DuelRow.first_id).in_(answers), col(DuelRow.second_id).in_(answers))
    origins = dict(session.exec(select(DuelRow.id, DuelRow.origin).where(touching, DuelRow.id != of.duel_id)).all())
    edits = [duel_id for duel_id, origin in origins.items() if origin == "edit"]
    if not edits:
        return []
    theirs = (col(VoteRow.annotator_id) == of.annotator_id) & (col(VoteRow.round) == 1)
    written = session.exec(select(VoteRow).where(col(VoteRow.duel_id).in_(edits), theirs, LIVE)).all()
    rest = col(VoteRow.duel_id).in_(origins.keys() - set(edits))
    others = session.exec(select(VoteRow.seq).where(rest, theirs)).all()
    return [one for one in written if not any(min(one.seq, of.seq) < seq < max(one.seq, of.seq) for seq in others)]


def counts(row: VoteRow) -> int:
    """Return 1 for a vote that counts at its duel: one of the first round that is no skip."""
    return int(row.round == 1 and row.verdict != "skip")


def count(session: Session, row: VoteRow, by: int) -> None:
    """Count votes at the duel of one; after the votes were written, for all who lock both do it in this order."""
    if by:
        statement = update(DuelRow).where(col(DuelRow.id) == row.duel_id).values(votes=col(DuelRow.votes) + by)
        session.connection().execute(statement)


def count_again(session: Session, duel_ids: Sequence[str]) -> None:
    """Count the live first-round votes of duels that are no skip."""
    votes = (
        select(func.count())
        .select_from(VoteRow)
        .where(VoteRow.duel_id == DuelRow.id, LIVE, VoteRow.round == 1, VoteRow.verdict != "skip")
        .correlate(DuelRow)
        .scalar_subquery()
    )
    session.connection().execute(update(DuelRow).where(col(DuelRow.id).in_(duel_ids)).values(votes=votes))


def said(row: VoteRow | NewVote) -> dict[str, Any]:
    """Return what a vote says, as its history keeps it."""
    return {
        "verdict": row.verdict,
        "chosen_id": row.chosen_id,
        "strength": row.strength,
        "tags": list(row.tags),
        "note": row.note,
    }


def add_event(
    session: Session,
    event_id: str,
    row: VoteRow,
    kind: EventKind,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    """Add to the history of a vote."""
    session.add(
        VoteEventRow(
            id=event_id, vote_id=row.id, annotator_id=row.annotator_id, kind=kind,
            before=None if before is None else dict(before), after=None if after is None else dict(after),
            created_at=now,
        )
    )  # fmt: skip
    session.flush()


def vote(row: VoteRow) -> Vote:
    """Return a row as the rest of the lab sees it."""
    values: dict[str, Any] = {name: getattr(row, name) for name in Vote.__dataclass_fields__ if name != "tags"}
    return Vote(**values, tags=tuple(row.tags))


def vote_event(row: VoteEventRow) -> VoteEvent:
    """Return a row as the rest of the lab sees it."""
    values: dict[str, Any] = {name: getattr(row, name) for name in VoteEvent.__dataclass_fields__}
    return VoteEvent(**values)
