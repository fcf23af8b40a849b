"""Thumbs that come with the answer they are for, many at once: from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from lab.errors import StoreError
from lab.judging import NewThumb
from lab.store import conversations
from lab.store.duels import response_row
from lab.store.engine import Store, exclusive, insert_all_once
from lab.store.judging_tables import ConversationRow
from lab.store.tables import FeedbackRow, ResponseRow
from lab.store.text import DELETED, check_text, check_texts


def record_many(store: Store, given: Sequence[NewThumb]) -> int:
    """Store thumbs with their answers and conversations, in one transaction, and return how many are new.

    An id that is there changes nothing. Raises StoreError for an empty answer or a conversation without a prompt,
    Unstorable; then nothing was stored.
    """
    for thumb in given:
        check_text(thumb.system_prompt, "The system prompt")
        check_text(thumb.answer.text, "An answer")
        names = (thumb.answer.response_id, thumb.answer.expert, thumb.answer.provider, thumb.answer.model)
        check_texts([thumb.id, *names], "What wrote the answer")
        if not thumb.answer.text.strip():
            raise StoreError("An answer with a thumb is empty, so there is nothing to like or to dislike.")
    turns = [conversations.row_for(thumb.conversation) for thumb in given]
    answers = [
        response_row(thumb.answer, thumb.system_prompt, turn["id"]) for thumb, turn in zip(given, turns, strict=True)
    ]
    with store.write() as session:
        exclusive(session, "given thumbs")
        _refuse_other_text(session, answers)
        before = set(session.exec(select(FeedbackRow.id).where(col(FeedbackRow.id).in_([one.id for one in given]))))
        insert_all_once(session, ConversationRow, turns)
        insert_all_once(session, ResponseRow, answers)
        insert_all_once(session, FeedbackRow, [_feedback(thumb) for thumb in given])
    return len({thumb.id for thumb in given} - before)


def _refuse_other_text(session: Session, answers: Sequence[Mapping[str, Any]]) -> None:
    query = select(ResponseRow.id, ResponseRow.text).where(col(ResponseRow.id).in_([one["id"] for one in answers]))
    texts = dict(session.exec(query).all())
    for answer in answers:
        if texts.setdefault(answer["id"], answer["text"]) not in (answer["text"], DELETED):
            raise StoreError(f"The response {answer['id']!r} is stored with another text. Give it its own id.")


def _feedback(thumb: NewThumb) -> dict[str, Any]:
    return {
        "id": thumb.id,
        "response_id": thumb.answer.response_id,
        "value": thumb.value,
        "created_at": thumb.created_at,
    }
