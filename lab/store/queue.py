"""Which duel comes next, and its lease, in one transaction: two annotators never get the last place of a duel twice.

The order is by votes, fewest first, then by chance (`shuffle`) or by hardness. Both walk an index over the duels that
still wish for votes, and stop at the first that is for this annotator. Where one begins is a `Place`: what stands
before it was looked at a moment ago, so that an annotator who has judged thousands does not walk past them every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, func, literal_column, tuple_
from sqlmodel import Session, col, select

from lab.judging import Purpose
from lab.store import duels, presentations, vote_rows
from lab.store.engine import Store
from lab.store.judging_tables import DuelRow, PresentationRow, VoteRow
from lab.store.presentations import Showing

Order = Literal["hardest", "random"]
Place = tuple[float, ...]
SAMPLE, EDIT = "sample", "edit"
IS_SAMPLE: ColumnElement[bool] = col(DuelRow.origin) == literal_column("'sample'")
IS_EDIT: ColumnElement[bool] = col(DuelRow.origin) == literal_column("'edit'")
"""In the very words of the indexes over the sample, and over answers that people wrote."""
_OPEN = col(DuelRow.votes) < col(DuelRow.wished)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duels an annotator wants, and in which order; None leaves a choice open."""

    order: Order = "random"
    query_type: str | None = None
    origin: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """A duel that was given to an annotator; `place` is where it stood in the order, None for a repeat or a warm-up."""

    showing: Showing
    place: Place | None


def held(store: Store, annotator_id: str, now: datetime) -> Showing | None:
    """Return what an annotator has open and may keep, its lease renewed; None where nothing is open.

    What ran out meanwhile and was given to somebody else, or judged by them, or was deleted, is let go.
    """
    with store.write() as session:
        presentations.exclude_others(session)
        kept = None
        for row in presentations.open_ones(session, annotator_id):
            if not presentations.may_keep(session, row, now):
                row.leased_until = None
                session.add(row)
            elif kept is None:
                row.leased_until = now + presentations.LEASE
                session.add(row)
                kept = presentations.showing(session, row)
        return kept


def lease_next(
    store: Store,
    presentation_id: str,
    *,
    annotator_id: str,
    wanted: Wanted,
    now: datetime,
    seed: int,
    after: Place | None = None,
) -> Leased | None:
    """Lease the next duel to an annotator; None when nothing is left for them. `seed` decides who stands left.

    With `after` the walk begins behind that place, and goes over all where nothing is behind it.
    """
    with store.write() as session:
        presentations.exclude_others(session)
        row = None
        for start in (after, None) if after is not None else (None,):
            row = session.exec(_next(annotator_id, wanted, now, start)).first()
            if row is not None:
                break
        if row is None:
            return None
        showing = _show(session, presentation_id, row, annotator_id, 1, seed, "queue", now)
        return Leased(showing, place_of(row, wanted.order))


def lease(
    store: Store,
    presentation_id: str,
    *,
    duel_id: str,
    annotator_id: str,
    round_: int = 1,
    seed: int,
    purpose: Purpose = "queue",
    now: datetime,
) -> Showing:
    """Lease one duel to an annotator, whoever else has it: for a link, a repeat and the warm-up.

    In a later round the sides are those of the first one, swapped. Raises NotFound, DuelGone.
    """
    with store.write() as session:
        presentations.exclude_others(session)
        row = duels.row_of(session, duel_id)
        presentations.require_open(row.deleted_at)
        return _show(session, presentation_id, row, annotator_id, round_, seed, purpose, now)


def _show(
    session: Session,
    presentation_id: str,
    row: DuelRow,
    annotator_id: str,
    round_: int,
    seed: int,
    purpose: Purpose,
    now: datetime,
) -> Showing:
    left, right = (row.first_id, row.second_id) if seed % 2 else (row.second_id, row.first_id)
    if round_ > 1:
        first = session.exec(
            select(PresentationRow).where(
                PresentationRow.duel_id == row.id,
                PresentationRow.annotator_id == annotator_id,
                PresentationRow.round == round_ - 1,
            )
        ).one()
        left, right = first.right_id, first.left_id
    return presentations.show(
        session, presentation_id, duel_id=row.id, annotator_id=annotator_id, round_=round_, left_id=left,
        right_id=right, seed=seed, purpose=purpose, now=now,
    )  # fmt: skip


def place_of(row: DuelRow, order: Order) -> Place:
    """Return where a duel stands in an order."""
    return (row.votes, row.rank, row.shuffle) if order == "hardest" else (row.votes, row.shuffle)


def _next(annotator_id: str, wanted: Wanted, now: datetime, after: Place | None) -> Any:
    others = (
        select(col(PresentationRow.duel_id).label("duel_id"), func.count().label("many"))
        .where(PresentationRow.annotator_id != annotator_id, *presentations.leased(now))
        .group_by(col(PresentationRow.duel_id))
        .subquery()
    )
    taken = func.coalesce(others.c.many, 0)
    query: Any = (
        select(DuelRow)
        .outerjoin(others, others.c.duel_id == DuelRow.id)
        .where(*those(wanted), _OPEN, ~judged(annotator_id), col(DuelRow.votes) + taken < col(DuelRow.wished))
        .where(~vote_rows.wrote(annotator_id))
        .limit(1)
    )
    columns = [col(DuelRow.votes), *([col(DuelRow.rank)] if wanted.order == "hardest" else []), col(DuelRow.shuffle)]
    if after is not None:
        query = query.where(tuple_(*columns) > after)
    return query.order_by(*columns)


def those(wanted: Wanted) -> list[Any]:
    """Return the conditions of the duels that are wanted; those of the sample workspace only where they are named.

    An answer that somebody wrote and took back, with the vote for it, waits for nobody.
    """
    found: list[Any] = [col(DuelRow.deleted_at).is_(None), (col(DuelRow.origin) != EDIT) | (col(DuelRow.votes) > 0)]
    if wanted.query_type is not None:
        found.append(DuelRow.query_type == wanted.query_type)
    if wanted.origin is not None:
        found.append(DuelRow.origin == wanted.origin)
    else:
        found.append(DuelRow.origin != SAMPLE)
    if wanted.batch_id is not None:
        found.append(DuelRow.batch_id == wanted.batch_id)
    return found


def judged(annotator_id: str) -> Any:
    """Return the condition that an annotator has a live vote on a duel in the first round."""
    return exists().where(
        col(VoteRow.duel_id) == col(DuelRow.id),
        col(VoteRow.annotator_id) == annotator_id,
        col(VoteRow.round) == 1,
        vote_rows.LIVE,
    )


def any_real(store: Store) -> bool:
    """Tell whether there is a duel beside the sample workspace, other than those of answers written over another's."""
    return _any(store, col(DuelRow.origin).not_in((SAMPLE, EDIT)))


def any_of_sample(store: Store) -> bool:
    """Tell whether there is a duel of the sample workspace."""
    return _any(store, IS_SAMPLE)


def _any(store: Store, condition: Any) -> bool:
    query = select(DuelRow.seq).where(condition, col(DuelRow.deleted_at).is_(None)).limit(1)
    with store.read() as session:
        return session.exec(query).first() is not None
