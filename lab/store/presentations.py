"""Showings of duels, and the leases on them: while one is open, nobody else gets its place in the queue.

A lease ends at a wall-clock time, for several processes must agree on it. Their clocks differ, and one may look at its
own a while before it gets to write: so a lease that would end one lease's time too late still holds. One that would
last longer than that was made before the clock was set back, and holds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from lab.errors import DuelGone, NotFound
from lab.judging import Presentation, Purpose
from lab.store import duels, vote_rows
from lab.store.engine import Store, exclusive
from lab.store.judging_tables import AnnotatorRow, PresentationRow, VoteRow
from lab.store.text import in_short, is_storable

LEASE = timedelta(minutes=10)
"""How long a duel is kept for whom it was shown to, from the last sign of life."""

QUEUE = "queue"
"""What writers name that give places in the queue away: they exclude each other."""

DELETION = "deletion"
"""What a deletion on request names, so that nobody votes meanwhile.

Who locks more than this keeps an order, so that no two wait for each other: this name, then `QUEUE`, then the rows of
showings, of votes, of duels.
"""


@dataclass(frozen=True, slots=True)
class Showing:
    """A presentation that waits for its vote, and the id which that vote will have."""

    presentation: Presentation
    vote_id: str


def show(
    session: Session,
    presentation_id: str,
    *,
    duel_id: str,
    annotator_id: str,
    round_: int,
    left_id: str,
    right_id: str,
    seed: int,
    purpose: Purpose,
    now: datetime,
) -> Showing:
    """Lease a duel to an annotator in a session that is open; a round that was shown before keeps its sides.

    Where it was judged meanwhile, in another tab, nothing is leased: a lease ends with a vote, and that was given.
    """
    known = session.exec(
        select(PresentationRow)
        .where(
            PresentationRow.duel_id == duel_id,
            PresentationRow.annotator_id == annotator_id,
            PresentationRow.round == round_,
        )
        .with_for_update()
    ).one_or_none()
    if known is not None and vote_rows.live(session, known.id) is not None:
        return showing(session, known)
    row = known or PresentationRow(
        id=presentation_id, duel_id=duel_id, annotator_id=annotator_id, round=round_, seed=seed, left_id=left_id,
        right_id=right_id, purpose=purpose, shown_at=now, leased_until=None, revealed_at=None,
    )  # fmt: skip
    row.leased_until = now + LEASE
    session.add(row)
    session.flush()
    return showing(session, row)


def showing(session: Session, row: PresentationRow) -> Showing:
    """Return a row with the id of its next vote: it counts those that were taken back."""
    of = (col(VoteRow.duel_id) == row.duel_id) & (col(VoteRow.presentation_id) == row.id)  # by the index over duels
    before = session.exec(select(func.count()).where(of)).one()
    return Showing(presentation(row), f"{row.id}.{before + 1}")


def open_ones(session: Session, annotator_id: str) -> list[PresentationRow]:
    """Return the showings of an annotator that wait for a vote, the one leased last first; locked, as for a vote."""
    query = select(PresentationRow).where(
        PresentationRow.annotator_id == annotator_id, col(PresentationRow.leased_until).is_not(None)
    )
    return list(session.exec(query.order_by(col(PresentationRow.leased_until).desc()).with_for_update()).all())


def renew(store: Store, presentation_id: str, now: datetime) -> None:
    """Make the lease last ten minutes from `now`; nothing where it is not open any more. Raises StoreError."""
    statement = (
        update(PresentationRow)
        .where(col(PresentationRow.id) == presentation_id, col(PresentationRow.leased_until).is_not(None))
        .values(leased_until=now + LEASE)
    )
    with store.write() as session:
        session.connection().execute(statement)


def let_go(store: Store, annotator_id: str) -> None:
    """Give back what an annotator holds, as on signing out."""
    with store.write() as session:
        session.connection().execute(
            update(PresentationRow)
            .where(col(PresentationRow.annotator_id) == annotator_id, col(PresentationRow.leased_until).is_not(None))
            .values(leased_until=None)
        )


def get(store: Store, presentation_id: str) -> Presentation:
    """Return the presentation with this id. Raises NotFound."""
    with store.read() as session:
        return presentation(row_of(session, presentation_id))


def reveal(store: Store, presentation_ids: Iterable[str], now: datetime) -> None:
    """Say that the annotator learnt who wrote what: a vote that is given or changed later is not blind any more."""
    statement = (
        update(PresentationRow)
        .where(col(PresentationRow.id).in_(list(presentation_ids)), col(PresentationRow.revealed_at).is_(None))
        .values(revealed_at=now)
    )
    with store.write() as session:
        session.connection().execute(statement)


def learnt(store: Store, presentation_id: str, *, duel_id: str, annotator_id: str, seed: int, now: datetime) -> None:
    """Say that an annotator learnt who wrote a duel's answers, or what others said: their vote on it is not blind.

    `presentation_id` and `seed` are for a duel that they were not shown yet; it is not leased to them. Raises NotFound.
    """
    with store.write() as session:
        exclude_others(session)
        duel = duels.row_of(session, duel_id)
        of = [PresentationRow.duel_id == duel.id, PresentationRow.annotator_id == annotator_id]
        rows = list(session.exec(select(PresentationRow).where(*of)).all())
        if not rows:
            left, right = (duel.first_id, duel.second_id) if seed % 2 else (duel.second_id, duel.first_id)
            made = show(
                session, presentation_id, duel_id=duel.id, annotator_id=annotator_id, round_=1, left_id=left,
                right_id=right, seed=seed, purpose="queue", now=now,
            )  # fmt: skip
            rows = [row_of(session, made.presentation.id)]
            rows[0].leased_until = None
        for row in rows:
            row.revealed_at = row.revealed_at or now
            session.add(row)


def may_keep(session: Session, row: PresentationRow, now: datetime) -> bool:
    """Tell whether an annotator may go on with a duel that is open, though its lease may have run out. Raises NotFound.

    Not when it was deleted, or has its vote; nor when others have taken its last place since.
    """
    duel = duels.row_of(session, row.duel_id)
    if duel.deleted_at is not None or vote_rows.live(session, row.id) is not None:
        return False
    if row.round > 1:
        return True
    runs = row.leased_until is not None and now < row.leased_until <= now + 2 * LEASE
    if not runs and duel.votes >= duel.wished:
        return False
    return held_by(session, row.duel_id, row.annotator_id, now) is None


def held_by(session: Session, duel_id: str, annotator_id: str, now: datetime) -> str | None:
    """Return the name of another one who has the last place of a duel; None where there is a place for `annotator_id`.

    Raises NotFound.
    """
    duel = duels.row_of(session, duel_id)
    query = (
        select(AnnotatorRow.name)
        .join(PresentationRow, col(PresentationRow.annotator_id) == AnnotatorRow.id)
        .where(PresentationRow.duel_id == duel_id, PresentationRow.annotator_id != annotator_id, *leased(now))
    )
    names = session.exec(query).all()
    return names[0] if names and duel.votes + len(names) >= duel.wished else None


def leased(now: datetime) -> tuple[Any, Any]:
    """Return the conditions under which a showing of the first round holds a place at `now`."""
    return (
        (col(PresentationRow.leased_until) > now) & (col(PresentationRow.leased_until) <= now + 2 * LEASE),
        col(PresentationRow.round) == 1,
    )


def exclude_others(session: Session) -> None:
    """Keep other givers of places out until this session ends."""
    exclusive(session, QUEUE)


def row_of(session: Session, presentation_id: str) -> PresentationRow:
    """Return the row of a presentation. Raises NotFound."""
    row = None
    if is_storable(presentation_id):
        row = session.exec(select(PresentationRow).where(PresentationRow.id == presentation_id)).one_or_none()
    if row is None:
        raise NotFound(f"No showing has the id {in_short(presentation_id)}. Reload the Label page.")
    return row


def require_open(duel_deleted: datetime | None) -> None:
    """Raise DuelGone for a duel that was deleted."""
    if duel_deleted is not None:
        raise DuelGone("This duel was deleted, so nothing was stored. Go on with the next one.")


def presentation(row: PresentationRow) -> Presentation:
    """Return a row as the rest of the lab sees it."""
    values: dict[str, Any] = {name: getattr(row, name) for name in Presentation.__dataclass_fields__}
    return Presentation(**values)
