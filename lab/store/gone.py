"""Duels of which text was deleted on request: they are neither labelled nor exported, and stay so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from lab.errors import StoreError
from lab.judging import Duel
from lab.store.judging_tables import DuelRow, PresentationRow
from lab.store.parts import in_parts
from lab.store.tables import ResponseRow
from lab.store.text import DELETED


def mark(
    session: Session,
    *,
    conversations: Collection[str] = (),
    responses: Collection[str] = (),
    duels: Collection[str] = (),
) -> int:
    """Mark duels as deleted, by their id, that of their conversation or of an answer; return how many were not yet.

    Who has one open finds it gone.
    """
    marked = 0
    named = [
        (DuelRow.conversation_id, conversations), (DuelRow.first_id, responses), (DuelRow.second_id, responses),
        (DuelRow.id, duels),
    ]  # fmt: skip
    for column, ids in named:
        for some in in_parts(ids):
            open_ones = select(DuelRow.id).where(col(column).in_(some), col(DuelRow.deleted_at).is_(None))
            for found in in_parts(session.exec(open_ones).all()):
                theirs = update(DuelRow).where(col(DuelRow.id).in_(found)).values(deleted_at=datetime.now(UTC))
                held = update(PresentationRow).where(col(PresentationRow.duel_id).in_(found)).values(leased_until=None)
                session.connection().execute(held)  # showings before duels, as everybody who locks both
                session.connection().execute(theirs)
                marked += len(found)
    return marked


def keep_deleted(session: Session, response_ids: Collection[str]) -> None:
    """Mark the duels of those of these answers that were deleted on request: adding a file again brings none back."""
    for some in in_parts(response_ids):
        query = select(ResponseRow.id).where(col(ResponseRow.id).in_(some), ResponseRow.text == DELETED)
        mark(session, responses=session.exec(query).all())


def refuse_return(duel: Duel) -> None:
    """Raise StoreError for a duel of which text was deleted on request."""
    texts = (duel.first.text, duel.second.text, duel.system_prompt, *(turn.content for turn in duel.conversation))
    if DELETED in texts:
        raise StoreError("Text of this duel was deleted on request, so it stays deleted. Go on with another one.")
