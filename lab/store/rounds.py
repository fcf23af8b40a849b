"""What an annotator sees beside the queue: repeats of own duels, and the warm-up on those that others judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func
from sqlmodel import Session, col, select

from lab.store.engine import Store
from lab.store.judging_tables import DuelRow, PresentationRow, VoteRow
from lab.store.queue import EDIT, Wanted, judged, those

_LOOKED_AT = 200  # votes of an annotator among which a duel for a repeat is looked for at once


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many repeats an annotator was shown, and how many first showings came since the last one."""

    shown: int
    since: int


def repeats(store: Store, annotator_id: str, most: int) -> Repeats:
    """Return how an annotator stands with repeats; `since` is counted up to `most`."""
    of = [PresentationRow.annotator_id == annotator_id]
    with store.read() as session:
        shown, last = session.exec(
            select(func.count(), func.max(PresentationRow.seq)).where(*of, PresentationRow.round == 2)
        ).one()
        since = (
            select(PresentationRow.seq)
            .where(*of, PresentationRow.round == 1, col(PresentationRow.seq) > (last or 0))
            .limit(most)
        )
        return Repeats(shown, int(session.exec(select(func.count()).select_from(since.subquery())).one()))


def repeatable(store: Store, annotator_id: str, before: datetime, seed: int = 0) -> str | None:
    """Return a duel that an annotator judged before a moment and was not shown again, by chance; None without any.

    Who has learnt who wrote the answers, or what others said of them, would repeat that: such a duel is none to repeat.
    It is looked for among a few hundred votes, from one that `seed` decides, then from the oldest: of somebody who gave
    more there can be one that is not found this time.
    """
    theirs = (col(VoteRow.annotator_id) == annotator_id) & col(VoteRow.live).is_(True)
    with store.read() as session:
        oldest = session.exec(select(func.min(VoteRow.seq)).where(theirs)).one()
        newest = session.exec(select(func.max(VoteRow.seq)).where(theirs)).one()
        if oldest is None or newest is None:
            return None
        for start in (oldest + seed % (newest - oldest + 1), oldest):
            found = _repeatable_from(session, annotator_id, before, start)
            if found is not None:
                return found
    return None


def _repeatable_from(session: Session, annotator_id: str, before: datetime, start: int) -> str | None:
    few = (
        select(VoteRow)
        .where(VoteRow.annotator_id == annotator_id, col(VoteRow.live).is_(True), VoteRow.seq >= start)
        .order_by(col(VoteRow.seq))
        .limit(_LOOKED_AT)
        .subquery()
    )
    again = exists().where(
        col(PresentationRow.duel_id) == few.c.duel_id,
        col(PresentationRow.annotator_id) == annotator_id,
        (col(PresentationRow.round) == 2) | col(PresentationRow.revealed_at).is_not(None),
    )
    query = (
        select(DuelRow.id)
        .join(few, few.c.duel_id == DuelRow.id)
        .where(few.c.round == 1, few.c.verdict != "skip", few.c.created_at < before)
        .where(col(DuelRow.deleted_at).is_(None), ~again)
        .order_by(col(DuelRow.shuffle))
        .limit(1)
    )
    return session.exec(query).first()


def shared(store: Store, annotator_id: str, wanted: Wanted) -> str | None:
    """Return the duel that most others have judged and this annotator has not; None without any.

    A verdict that came from a file, or with a better answer that somebody wrote, is no judgement to learn from.
    """
    query: Select[Any] = (
        select(DuelRow.id)
        .where(*those(wanted), col(DuelRow.votes) > 0, ~judged(annotator_id))
        .where(col(DuelRow.origin).not_in(("import", EDIT)))
        .order_by(col(DuelRow.votes).desc(), col(DuelRow.shuffle).desc())
        .limit(1)
    )
    with store.read() as session:
        return session.exec(query).first()  # type: ignore[call-overload, no-any-return]


def begun(store: Store, annotator_id: str, most: int) -> int:
    """Return how many duels an annotator was shown, counted up to `most`."""
    shown = (
        select(PresentationRow.seq)
        .where(PresentationRow.annotator_id == annotator_id, PresentationRow.round == 1)
        .limit(most)
    )
    with store.read() as session:
        return int(session.exec(select(func.count()).select_from(shown.subquery())).one())
