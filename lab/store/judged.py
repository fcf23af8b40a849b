"""What an export reads: duels with their votes, and answers with a thumb, of one moment, however long the reading.

Rows are handed out a few hundred at a time, with all their texts; nothing is kept of those that were handed out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import String, cast, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from lab.exported import Answered, JudgedDuel, LikedAnswer, Resolved, Ruling
from lab.messages import Message
from lab.store import ballots
from lab.store.engine import Store
from lab.store.judging_tables import (
    AnnotatorRow,
    ConversationRow,
    DuelRow,
    PresentationRow,
    ResolutionRow,
    VoteRow,
)
from lab.store.snapshot_tables import PromptSideRow
from lab.store.tables import EventRow, FeedbackRow, ResponseRow

AT_ONCE = 500
"""Duels that are read in one go."""

_SEQS_AT_ONCE = 10_000
_SECOND = aliased(ResponseRow)


_THERE = col(DuelRow.deleted_at).is_(None)
_VOTED = col(DuelRow.votes) > 0


class State(NamedTuple):
    """Numbers that are the same as long as `Moment` says the same; `judged` is how many duels that is."""

    judged: int
    votes: ballots.State
    resolutions: int
    thumbs: int
    sides: int  # of prompts in splits


class Moment:
    """The database as it was at one moment. Not to be shared between threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _rows(self, query: Any) -> Any:
        return self._session.connection().execute(query)  # bare rows: nothing here is an object of the session

    def votes(self) -> int:
        """Return how many live votes of the first round there are on duels that are not deleted, skips aside."""
        query = (
            select(func.count())
            .select_from(VoteRow)
            .join(DuelRow, col(DuelRow.id) == VoteRow.duel_id)
            .where(
                col(VoteRow.live).is_(True), VoteRow.round == 1, VoteRow.verdict != "skip",
                col(DuelRow.deleted_at).is_(None),
            )
        )  # fmt: skip
        return int(self._session.exec(query).one())

    def judged(self) -> int:
        """Return how many duels `duels` yields."""
        voted = select(func.count()).select_from(DuelRow).where(_THERE, _VOTED)
        resolved = select(func.count()).select_from(_resolved_alone().subquery())
        return sum(int(self._session.exec(query).one()) for query in (voted, resolved))

    def duels(self, at_once: int = AT_ONCE) -> Iterator[list[JudgedDuel]]:
        """Yield the duels that have a vote, skips aside, or that were resolved, in the order in which they came."""
        voted = select(DuelRow.seq).where(_THERE, _VOTED).execution_options(yield_per=_SEQS_AT_ONCE)
        rows = self._session.exec(voted)
        seqs = np.fromiter(rows, dtype=np.int64)  # eight bytes each, of which there may be millions
        alone = np.sort(np.fromiter(self._session.exec(_resolved_alone()), dtype=np.int64))
        seqs = np.concatenate([seqs, alone])
        seqs.sort()
        for start in range(0, len(seqs), at_once):
            few = seqs[start : start + at_once]
            first, last = few[[0, -1]].tolist()
            here = alone[slice(*np.searchsorted(alone, [first, last + 1]))].tolist()
            yield self._duels(col(DuelRow.seq).between(first, last), _VOTED | col(DuelRow.seq).in_(here))

    def by_seq(self, seqs: Sequence[int]) -> list[JudgedDuel]:
        """Return some of these duels, in the order in which they came."""
        found = []
        for start in range(0, len(seqs), AT_ONCE):
            few = [int(seq) for seq in seqs[start : start + AT_ONCE]]
            silent = self._session.exec(select(DuelRow.seq).where(col(DuelRow.seq).in_(few), DuelRow.votes == 0)).all()
            alone = self._session.exec(_resolved_alone(silent)).all() if silent else []
            found += self._duels(col(DuelRow.seq).in_(few), _VOTED | col(DuelRow.seq).in_(alone))
        return found

    def _duels(self, *those: Any) -> list[JudgedDuel]:
        there = [*those, _THERE]
        votes, resolutions = self._votes(there), self._resolutions(there)
        first, second = ResponseRow, _SECOND
        columns: list[Any] = [
            DuelRow.id, DuelRow.seq, DuelRow.conversation_id, ConversationRow.messages, DuelRow.system_prompt,
            *_answer(first, "first"), *_answer(second, "second"), DuelRow.origin, DuelRow.query_type,
            EventRow.router_version_id, EventRow.layer,
        ]  # fmt: skip
        query = (
            select(*columns)
            .select_from(DuelRow)
            .join(ConversationRow, col(ConversationRow.id) == DuelRow.conversation_id)
            .join(first, col(first.id) == DuelRow.first_id)
            .join(second, col(second.id) == DuelRow.second_id)
            .outerjoin(EventRow, col(EventRow.id) == DuelRow.event_id)
            .where(*there)
            .order_by(col(DuelRow.seq))
        )
        return [
            JudgedDuel(
                row[0], row[1], row[2], _turns(row[3]), row[4], Answered(*row[5:14]), Answered(*row[14:23]), row[23],
                row[24], row[25], row[26], tuple(votes.get(row[0], ())), resolutions.get(row[0]),
            )
            for row in self._rows(query)
        ]  # fmt: skip

    def _votes(self, there: list[Any]) -> dict[str, list[Ruling]]:
        columns: list[Any] = [
            VoteRow.duel_id, VoteRow.id, VoteRow.annotator_id, AnnotatorRow.kind, VoteRow.verdict, VoteRow.chosen_id,
            VoteRow.strength, VoteRow.unblinded, PresentationRow.left_id, VoteRow.created_at,
        ]  # fmt: skip
        query = (
            select(*columns)
            .select_from(DuelRow)
            .join(VoteRow, col(VoteRow.duel_id) == DuelRow.id)
            .join(PresentationRow, col(PresentationRow.id) == VoteRow.presentation_id)
            .join(AnnotatorRow, col(AnnotatorRow.id) == VoteRow.annotator_id)
            .where(*there, col(VoteRow.live).is_(True), VoteRow.round == 1)
            .order_by(col(VoteRow.seq))
        )
        found: dict[str, list[Ruling]] = {}
        for duel_id, *values in self._rows(query):
            found.setdefault(duel_id, []).append(Ruling(*values))
        return found

    def _resolutions(self, there: list[Any]) -> dict[str, Resolved]:
        columns: list[Any] = [
            ResolutionRow.duel_id, ResolutionRow.kind, ResolutionRow.verdict, ResolutionRow.chosen_id,
            ResolutionRow.created_at,
        ]  # fmt: skip
        query = (
            select(*columns)
            .select_from(DuelRow)
            .join(ResolutionRow, col(ResolutionRow.duel_id) == DuelRow.id)
            .where(*there)
            .order_by(col(ResolutionRow.seq))
        )
        return {duel_id: Resolved(*values) for duel_id, *values in self._rows(query)}  # the newest comes last

    def likes(self, at_once: int = AT_ONCE) -> Iterator[list[LikedAnswer]]:
        """Yield the answers with a thumb that was not taken back, in the order in which the answers came."""
        after = 0
        while few := self._likes(col(ResponseRow.seq) > after, at_once):
            yield [one for one in few if one.turns]
            after = few[-1].seq

    def likes_by_seq(self, seqs: Sequence[int]) -> list[LikedAnswer]:
        """Return some of these answers, in the order in which they came."""
        found = []
        for start in range(0, len(seqs), AT_ONCE):
            few = [int(seq) for seq in seqs[start : start + AT_ONCE]]
            found += self._likes(col(ResponseRow.seq).in_(few), len(few))
        return [one for one in found if one.turns]

    def _likes(self, those: Any, at_most: int) -> list[LikedAnswer]:
        newest = select(func.max(FeedbackRow.seq)).group_by(col(FeedbackRow.response_id))
        columns: list[Any] = [
            ResponseRow.seq, ConversationRow.messages, EventRow.conversation, ResponseRow.system_prompt,
            *_answer(ResponseRow, "liked"), FeedbackRow.value, EventRow.router_version_id, EventRow.layer,
            FeedbackRow.created_at,
        ]  # fmt: skip
        query = (
            select(*columns)
            .select_from(ResponseRow)
            .join(FeedbackRow, col(FeedbackRow.response_id) == ResponseRow.id)
            .outerjoin(ConversationRow, col(ConversationRow.id) == ResponseRow.conversation_id)
            .outerjoin(EventRow, col(EventRow.id) == ResponseRow.event_id)
            .where(col(FeedbackRow.seq).in_(newest), col(FeedbackRow.value).in_(("up", "down")))
            .where(those)
            .order_by(col(ResponseRow.seq))
            .limit(at_most)
        )
        found = []
        for seq, stored, routed, system_prompt, *rest in self._rows(query):
            value, version, layer, at = rest[9:]
            turns = tuple(turn for turn in _turns(stored or routed or []) if turn.role != "system")
            answer = Answered(*rest[:9])
            found.append(LikedAnswer(seq, turns, system_prompt, answer, value == "up", version, layer, at))
        return found

    def turns_of_likes(self, seqs: Sequence[int]) -> dict[int, tuple[Message, ...]]:
        """Return the conversations of answers with a thumb, by the seq of the answer."""
        found: dict[int, tuple[Message, ...]] = {}
        for start in range(0, len(seqs), AT_ONCE):
            query = (
                select(ResponseRow.seq, ConversationRow.messages, EventRow.conversation)
                .outerjoin(ConversationRow, col(ConversationRow.id) == ResponseRow.conversation_id)
                .outerjoin(EventRow, col(EventRow.id) == ResponseRow.event_id)
                .where(col(ResponseRow.seq).in_([int(seq) for seq in seqs[start : start + AT_ONCE]]))
            )
            for seq, stored, routed in self._rows(query):
                found[seq] = tuple(turn for turn in _turns(stored or routed or []) if turn.role != "system")
        return found

    def turns_of_conversations(self, ids: Sequence[str]) -> dict[str, tuple[Message, ...]]:
        """Return conversations by their id."""
        found: dict[str, tuple[Message, ...]] = {}
        for start in range(0, len(ids), AT_ONCE):
            query = select(ConversationRow.id, ConversationRow.messages).where(
                col(ConversationRow.id).in_(ids[start : start + AT_ONCE])
            )
            found |= {conversation_id: _turns(messages) for conversation_id, messages in self._rows(query)}
        return found

    def turns(self, seqs: Sequence[int]) -> dict[int, tuple[Message, ...]]:
        """Return the conversations of duels, by the seq of the duel."""
        found: dict[int, tuple[Message, ...]] = {}
        for start in range(0, len(seqs), AT_ONCE):
            query = (
                select(DuelRow.seq, ConversationRow.messages)
                .join(ConversationRow, col(ConversationRow.id) == DuelRow.conversation_id)
                .where(col(DuelRow.seq).in_([int(seq) for seq in seqs[start : start + AT_ONCE]]))
            )
            found |= {seq: _turns(messages) for seq, messages in self._rows(query)}
        return found


def _resolved_alone(among: Sequence[int] | None = None) -> Any:
    """Return the query of the seqs of duels without a vote, skips aside, that somebody resolved all the same.

    One that was reopened is not resolved. `among` are seqs of duels, of which no other is looked at.
    """
    newest = select(func.max(ResolutionRow.seq)).group_by(col(ResolutionRow.duel_id))
    query = (
        select(DuelRow.seq)
        .join(ResolutionRow, col(ResolutionRow.duel_id) == DuelRow.id)
        .where(_THERE, DuelRow.votes == 0, col(ResolutionRow.kind) != "reopened")
    )
    if among is not None:
        few = select(DuelRow.id).where(col(DuelRow.seq).in_(among))
        newest, query = newest.where(col(ResolutionRow.duel_id).in_(few)), query.where(col(DuelRow.seq).in_(among))
    return query.where(col(ResolutionRow.seq).in_(newest))


@contextmanager
def moment(store: Store) -> Iterator[Moment]:
    """Give the database as it is now, for as long as the block lasts. Raises StoreError."""
    with store.read() as session:
        if session.get_bind().dialect.name == "postgresql":  # where each statement sees a moment of its own otherwise
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield Moment(session)


def state(store: Store) -> State:
    """Return what has to be the same for votes to come to the same. Raises StoreError."""
    at = ballots.state(store)
    with store.read() as session:
        newest = [
            int(session.exec(select(func.max(table.seq))).one() or 0)
            for table in (ResolutionRow, FeedbackRow, PromptSideRow)
        ]
        return State(Moment(session).judged(), at, *newest)


def _answer(response: Any, name: str) -> tuple[Any, ...]:
    """Return the columns of an answer. Its options stay text: of two that are the same nobody has to read either."""
    return (
        response.id, response.text, response.expert, response.provider, response.model,
        cast(response.options, String).label(f"{name}_options"), response.finish_reason, response.error_kind,
        response.event_id,
    )  # fmt: skip


def _turns(messages: Sequence[dict[str, Any]]) -> tuple[Message, ...]:
    return tuple(Message(one["role"], one["content"]) for one in messages)
