"""The rows of the sample workspace: how many there are, and how all of them go at once.

To it belong its duels and everything on them, whoever did it: showings, votes, resolutions, and better answers that
people wrote to its prompts, with the duels made of those. Everything else that an annotator of the sample did goes too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, update
from sqlmodel import Session, col, select

from lab.store.engine import Store, exclusive
from lab.store.json_values import stored_json
from lab.store.judging_tables import (
    AnnotatorRow,
    BatchRow,
    ConversationRow,
    DeletionRow,
    DuelRow,
    GuidelineRow,
    PresentationRow,
    ResolutionRow,
    VoteEventRow,
    VoteRow,
)
from lab.store.presentations import exclude_others
from lab.store.snapshot_losses import add_gone
from lab.store.snapshot_tables import PromptSideRow, SnapshotItemRow
from lab.store.snapshots import WRITERS
from lab.store.tables import FeedbackRow, ResponseRow
from lab.store.vote_rows import count_again

KIND = "sample"
"""What marks the sample: the kind of its batch and annotators, the origin of its duels, the provider of its answers."""

_BATCHES = select(BatchRow.id).where(BatchRow.kind == KIND)


@dataclass(frozen=True, slots=True)
class SampleRows:
    """How much a removal takes. The last three are the work of people, which they may want to know before."""

    duels: int
    annotators: int
    votes: int  # live ones of the sample's own annotators
    votes_of_others: int  # live ones of people, and of imported files, on its duels
    answers_of_others: int  # written by people, to its prompts
    frozen: int = 0  # rows of snapshots: these snapshots keep the rest, and say how many are gone


@dataclass(frozen=True, slots=True)
class _Extent:
    duels: list[str]
    responses: list[str]
    written: int  # how many of the responses people wrote
    conversations: list[str]
    annotators: list[str]


def is_there(store: Store) -> bool:
    """Tell whether any of the sample is in the store."""
    with store.read() as session:
        someone = session.exec(select(AnnotatorRow.seq).where(AnnotatorRow.kind == KIND).limit(1)).first()
        duel = session.exec(select(DuelRow.seq).where(col(DuelRow.batch_id).in_(_BATCHES)).limit(1)).first()
        return someone is not None or duel is not None


def no_duel(store: Store) -> bool:
    """Tell whether the store holds no duel at all, deleted ones counted as well."""
    with store.read() as session:
        return session.exec(select(DuelRow.seq).limit(1)).first() is None


def counts(store: Store) -> SampleRows:
    """Return what `remove` would take. Raises StoreError."""
    with store.read() as session:
        return _count(session, _extent(session))


def remove(store: Store, report: Mapping[str, Any]) -> SampleRows:
    """Delete all rows of the sample in one transaction, and return how many they were.

    Its batch stays, with `report` as what came of it. A person who has one of its duels open finds it gone. Raises
    StoreError; then nothing was deleted.
    """
    with store.write() as session:
        for writers in ("annotator", "duels", "given votes"):
            exclusive(session, writers)
        exclude_others(session)
        exclusive(session, WRITERS)
        extent = _extent(session)
        _lock(session, extent)
        taken = _count(session, extent)
        recount = _voted_elsewhere(session, extent)
        _delete_frozen(session, extent)
        _delete_judging(session, extent)
        _delete_answers(session, extent)
        count_again(session, recount)
        said = update(BatchRow).where(col(BatchRow.kind) == KIND).values(report=stored_json(report, "report"))
        session.connection().execute(said)
        return taken


# ---------------------------------------------------------------------------------------------------- what belongs


def _extent(session: Session) -> _Extent:
    in_batch = session.exec(select(DuelRow).where(col(DuelRow.batch_id).in_(_BATCHES)))
    found = {row.id: row for row in in_batch}
    responses: dict[str, str] = {}  # provider by id
    while True:  # a better answer makes a duel, on which somebody may have written a better one still
        sides = {side for row in found.values() for side in (row.first_id, row.second_id)}
        responses |= _made_for_judging(session, sides - responses.keys())
        touching = col(DuelRow.first_id).in_(responses) | col(DuelRow.second_id).in_(responses)
        more = {row.id: row for row in session.exec(select(DuelRow).where(touching)) if row.id not in found}
        if not more:
            break
        found |= more
    return _Extent(
        duels=sorted(found),
        responses=sorted(responses),
        written=sum(provider != KIND for provider in responses.values()),
        conversations=sorted({row.conversation_id for row in found.values()}),
        annotators=sorted(session.exec(select(AnnotatorRow.id).where(AnnotatorRow.kind == KIND))),
    )


def _made_for_judging(session: Session, response_ids: set[str]) -> dict[str, str]:
    """Return the provider, by id, of those of the responses that answer no routed event."""
    query = select(ResponseRow.id, ResponseRow.provider)
    query = query.where(col(ResponseRow.id).in_(response_ids), col(ResponseRow.event_id).is_(None))
    return dict(session.exec(query).all())


def _count(session: Session, extent: _Extent) -> SampleRows:
    own = col(VoteRow.annotator_id).in_(extent.annotators)
    live = select(func.count()).select_from(VoteRow).where(col(VoteRow.live).is_(True))
    return SampleRows(
        duels=len(extent.duels),
        annotators=len(extent.annotators),
        votes=session.exec(live.where(own)).one(),
        votes_of_others=session.exec(live.where(col(VoteRow.duel_id).in_(extent.duels), ~own)).one(),
        answers_of_others=extent.written,
        frozen=session.exec(select(func.count()).select_from(SnapshotItemRow).where(_frozen(extent))).one(),
    )


def _lock(session: Session, extent: _Extent) -> None:
    """Make those who show or judge one of these duels wait; SQLite's write sessions wait anyway.

    Showings before duels, as a vote does, so that nobody waits for each other.
    """
    session.exec(select(PresentationRow.seq).where(_on(PresentationRow, extent)).with_for_update()).all()
    session.exec(select(DuelRow.seq).where(col(DuelRow.id).in_(extent.duels)).with_for_update()).all()


def _on(table: Any, extent: _Extent) -> Any:
    """Return the condition that a row with a duel and an annotator belongs to the sample."""
    return col(table.duel_id).in_(extent.duels) | col(table.annotator_id).in_(extent.annotators)


def _frozen(extent: _Extent) -> Any:
    """Return the condition that a row of a snapshot points to the sample."""
    sides = [col(side).in_(extent.responses) for side in (SnapshotItemRow.chosen_id, SnapshotItemRow.rejected_id)]
    return or_(col(SnapshotItemRow.duel_id).in_(extent.duels), *sides)


# --------------------------------------------------------------------------------------------------------- deleting


def _delete_frozen(session: Session, extent: _Extent) -> None:
    """Delete the rows of snapshots: the snapshots stay, and count them as gone."""
    theirs = _frozen(extent)
    fresh = select(SnapshotItemRow.snapshot_id, func.count()).where(theirs, ~col(SnapshotItemRow.gone))
    add_gone(session, dict(session.exec(fresh.group_by(col(SnapshotItemRow.snapshot_id))).all()))
    session.connection().execute(delete(SnapshotItemRow).where(theirs))


def _delete_judging(session: Session, extent: _Extent) -> None:
    votes = select(VoteRow.id).where(_on(VoteRow, extent))
    by_annotator = col(VoteEventRow.annotator_id).in_(extent.annotators)
    statements: list[Any] = [
        delete(VoteEventRow).where(col(VoteEventRow.vote_id).in_(votes) | by_annotator),
        delete(VoteRow).where(_on(VoteRow, extent)),
        delete(PresentationRow).where(_on(PresentationRow, extent)),
        delete(ResolutionRow).where(_on(ResolutionRow, extent)),
        delete(DuelRow).where(col(DuelRow.id).in_(extent.duels)),
    ]
    for table in (GuidelineRow, DeletionRow):
        named = col(table.annotator_id).in_(extent.annotators)
        statements.append(update(table).where(named).values(annotator_id=None))
    statements.append(delete(AnnotatorRow).where(col(AnnotatorRow.id).in_(extent.annotators)))
    for statement in statements:
        session.connection().execute(statement)


def _delete_answers(session: Session, extent: _Extent) -> None:
    needed = select(DuelRow.conversation_id).union(
        select(ResponseRow.conversation_id).where(col(ResponseRow.conversation_id).is_not(None))
    )
    statements: list[Any] = [
        delete(FeedbackRow).where(col(FeedbackRow.response_id).in_(extent.responses)),
        delete(ResponseRow).where(col(ResponseRow.id).in_(extent.responses)),
        delete(PromptSideRow).where(
            col(PromptSideRow.conversation_id).in_(extent.conversations),
            col(PromptSideRow.conversation_id).not_in(needed),
        ),
        delete(ConversationRow).where(
            col(ConversationRow.id).in_(extent.conversations), col(ConversationRow.id).not_in(needed)
        ),
    ]
    for statement in statements:
        session.connection().execute(statement)


def _voted_elsewhere(session: Session, extent: _Extent) -> list[str]:
    """Return the duels that stay and lose a vote: the sample's annotators voted on them as well."""
    query = select(VoteRow.duel_id).where(
        col(VoteRow.annotator_id).in_(extent.annotators), col(VoteRow.duel_id).not_in(extent.duels)
    )
    return sorted(set(session.exec(query)))
