"""Votes as they are read in numbers: all of them flat, one annotator's with their duels, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import case, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from lab.judging import Ballot, Duel, Verdict, Vote
from lab.store import duels, queue, vote_rows
from lab.store.engine import Store
from lab.store.judging_tables import (
    AnnotatorRow,
    ConversationRow,
    DuelRow,
    PresentationRow,
    ResolutionRow,
    VoteEventRow,
    VoteRow,
)
from lab.store.tables import ResponseRow
from lab.store.text import is_storable

State = tuple[int, int, int, int]
_FEW = 300  # changed votes that are read one by one


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the labelling is: duels with as many votes as they wish for, of how many."""

    judged: int
    duels: int


def listed(store: Store) -> list[Ballot]:
    """Return the live votes on duels that are not deleted, oldest first.

    A better answer that somebody wrote over one of the sample workspace has its origin: what it is preferred to was
    written with the lab.
    """
    with store.read() as session:
        return [Ballot(*row) for row in session.exec(_live())]


def refreshed(store: Store, known: Sequence[Ballot], since: State) -> list[Ballot] | None:
    """Return what `listed` returns now, from what it returned when `state` was `since` or a moment later.

    Only the votes that something happened to are read: a person who judges and looks at figures in turn does not wait
    for a hundred thousand others. None where that is not enough: many changed, some are gone, or a duel was deleted.
    """
    now = state(store)
    with store.read() as session:
        happened = session.exec(
            select(VoteEventRow.vote_id, VoteEventRow.kind).where(col(VoteEventRow.seq) > since[0]).limit(_FEW + 1)
        ).all()
        cast = sum(kind == "cast" for _, kind in happened)
        as_told = (since[1] + len(happened), since[2] + cast, since[3])
        if len(happened) > _FEW or now[1:] != as_told or any(kind == "removed" for _, kind in happened):
            return None
        changed = {vote_id for vote_id, _ in happened}
        read = [Ballot(*row) for row in session.exec(_live().where(col(VoteRow.id).in_(changed)))]
    return sorted([*(one for one in known if one.vote_id not in changed), *read], key=attrgetter("seq"))


def _live() -> Any:
    """The query of the live votes on duels that are not deleted, oldest first, as the columns of a ballot."""
    first, second = aliased(ResponseRow), aliased(ResponseRow)
    columns: list[Any] = [
        VoteRow.id, VoteRow.seq, VoteRow.duel_id, DuelRow.conversation_id, DuelRow.query_type, _origin(first, second),
        DuelRow.rule, VoteRow.annotator_id, AnnotatorRow.kind, VoteRow.round, VoteRow.verdict, VoteRow.chosen_id,
        PresentationRow.left_id, DuelRow.first_id, DuelRow.second_id, _name(first), _name(second),
        func.length(first.text), func.length(second.text), VoteRow.strength, VoteRow.unblinded, VoteRow.took_ms,
        VoteRow.created_at, DuelRow.probability,
    ]  # fmt: skip
    return (
        select(*columns)
        .select_from(VoteRow)
        .join(DuelRow, col(DuelRow.id) == VoteRow.duel_id)
        .join(PresentationRow, col(PresentationRow.id) == VoteRow.presentation_id)
        .join(AnnotatorRow, col(AnnotatorRow.id) == VoteRow.annotator_id)
        .join(first, first.id == DuelRow.first_id)
        .join(second, second.id == DuelRow.second_id)
        .where(col(VoteRow.live).is_(True), col(DuelRow.deleted_at).is_(None))
        .order_by(col(VoteRow.seq))
    )


def _name(side: Any) -> Any:
    """What a rating calls the author of an answer: the expert, else the model, else the provider."""
    return func.coalesce(func.nullif(side.expert, ""), func.nullif(side.model, ""), side.provider)


def _origin(first: Any, second: Any) -> Any:
    over_sample = queue.IS_EDIT & ((first.provider == queue.SAMPLE) | (second.provider == queue.SAMPLE))
    return case((over_sample, queue.SAMPLE), else_=DuelRow.origin)


def newest(store: Store) -> tuple[int, int]:
    """Return the greatest seq of what happens to votes and of resolutions: both unchanged, nothing changed."""
    with store.read() as session:
        event = session.exec(select(func.max(VoteEventRow.seq))).one()
        resolution = session.exec(select(func.max(ResolutionRow.seq))).one()
        return event or 0, resolution or 0


def state(store: Store) -> State:
    """Return four numbers that are the same as long as `listed` returns the same: whoever keeps it compares them.

    The greatest seq of what happens to votes, how much happened (of two who write at once the later number may be
    there first), how many votes there are, and how many duels are deleted.
    """
    deleted = select(func.count()).select_from(DuelRow).where(col(DuelRow.deleted_at).is_not(None))
    with store.read() as session:
        event, events = session.exec(select(func.max(VoteEventRow.seq), func.count(col(VoteEventRow.seq)))).one()
        votes = session.exec(select(func.count()).select_from(VoteRow)).one()
        return event or 0, int(events), int(votes), int(session.exec(deleted).one())


def of_annotator(
    store: Store,
    annotator_id: str,
    limit: int = 50,
    *,
    before_seq: int | None = None,
    search: str = "",
    verdict: Verdict | None = None,
) -> list[tuple[Vote, Duel]]:
    """Return live votes of an annotator with their duels, the newest first; `search` looks in prompts and notes."""
    query = select(VoteRow).where(VoteRow.annotator_id == annotator_id, col(VoteRow.live).is_(True))
    if before_seq is not None:
        query = query.where(VoteRow.seq < before_seq)
    if verdict is not None:
        query = query.where(VoteRow.verdict == verdict)
    if search:
        if not is_storable(search):
            return []
        prompts = (
            select(DuelRow.id)
            .join(ConversationRow, col(ConversationRow.id) == DuelRow.conversation_id)
            .where(col(ConversationRow.prompt).icontains(search, autoescape=True))
        )
        noted = col(VoteRow.note).icontains(search, autoescape=True)
        query = query.where(noted | col(VoteRow.duel_id).in_(prompts))
    with store.read() as session:
        rows = session.exec(query.order_by(col(VoteRow.seq).desc()).limit(limit)).all()
        wanted = session.exec(select(DuelRow).where(col(DuelRow.id).in_([row.duel_id for row in rows]))).all()
        by_id = {duel.id: duel for duel in duels.whole(session, wanted)}
        return [(vote_rows.vote(row), by_id[row.duel_id]) for row in rows]


def of_duels(store: Store, duel_ids: Sequence[str]) -> dict[str, list[Vote]]:
    """Return the live votes of duels, oldest first, by duel id."""
    found: dict[str, list[Vote]] = {}
    with store.read() as session:
        for start in range(0, len(duel_ids), 500):
            few = [duel_id for duel_id in duel_ids[start : start + 500] if is_storable(duel_id)]
            query = select(VoteRow).where(col(VoteRow.duel_id).in_(few), col(VoteRow.live).is_(True))
            for row in session.exec(query.order_by(col(VoteRow.seq))):
                found.setdefault(row.duel_id, []).append(vote_rows.vote(row))
    return found


def mine(store: Store, annotator_id: str) -> int:
    """Return how many live votes an annotator has given: skips, repeats and those for better answers too."""
    query = (
        select(func.count())
        .select_from(VoteRow)
        .where(VoteRow.annotator_id == annotator_id, col(VoteRow.live).is_(True))
    )
    with store.read() as session:
        return int(session.exec(query).one())


def progress(store: Store, *, sample: bool) -> Progress:
    """Return how far all together are; on the sample workspace, or on all but it.

    An answer that somebody wrote and took back waits for nobody, and one that was written over an answer of the sample
    workspace is none of one's own, so neither is counted.
    """
    there = [col(DuelRow.deleted_at).is_(None)]
    waits = [*there, col(DuelRow.votes) < col(DuelRow.wished), col(DuelRow.votes) >= 0]  # the last names the index
    with store.read() as session:
        total, waiting = (_how_many(session, of, sample) for of in (there, waits))
        return Progress(total - waiting, total)


def _how_many(session: Session, of: list[Any], sample: bool) -> int:
    """Count duels of the sample, or all others as the rest: each is read off an index alone, 100,000 in a moment."""
    count = select(func.count()).select_from(DuelRow).where(*of)
    those = int(session.exec(count.where(queue.IS_SAMPLE)).one())
    if sample:
        return those
    written_over = exists().where(
        col(ResponseRow.id).in_((DuelRow.first_id, DuelRow.second_id)), col(ResponseRow.provider) == queue.SAMPLE
    )
    not_own = int(session.exec(count.where(queue.IS_EDIT, (col(DuelRow.votes) == 0) | written_over)).one())
    return int(session.exec(count).one()) - those - not_own
