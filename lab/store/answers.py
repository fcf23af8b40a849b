"""Responses, and the thumbs under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from sqlalchemy import exists, func
from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.records import Feedback, Response
from lab.store.engine import Store, insert_once
from lab.store.judging_tables import ConversationRow
from lab.store.serialise import plain
from lab.store.tables import EventRow, FeedbackRow, ResponseRow
from lab.store.text import check_texts, is_storable, repair_text

_CLEARED = "cleared"
_AT_ONCE = 500  # ids in one question
_PLAIN_COLUMNS = (
    "id", "event_id", "conversation_id", "expert", "provider", "model", "system_prompt", "finish_reason",
    "prompt_tokens", "completion_tokens", "load_ms", "first_token_ms", "total_ms", "error_kind", "created_at",
)  # fmt: skip


def record_response(store: Store, response: Response) -> Response:
    """Store an answer and return it as stored; an id that is there already returns the first, unchanged.

    What the expert sent is never refused: its words and counts are repaired where they cannot be stored as they are.
    Raises NotFound for an unknown event or conversation.
    """
    text, repaired = repair_text(response.text)
    response = replace(
        response,
        model=repair_text(response.model)[0],
        finish_reason=None if response.finish_reason is None else repair_text(response.finish_reason)[0],
        prompt_tokens=_count(response.prompt_tokens),
        completion_tokens=_count(response.completion_tokens),
    )
    row = ResponseRow(
        **{name: getattr(response, name) for name in _PLAIN_COLUMNS},
        options=plain(response.options),
        text=text,
        error=None if response.error is None else repair_text(response.error)[0],
        text_repaired=response.text_repaired or repaired,
    )
    check_texts(row.options, "The options of the response")
    check_texts([getattr(row, name) for name in _PLAIN_COLUMNS], "The response")
    with store.write() as session:
        _require_prompt(session, response)
        insert_once(session, row)
        return _response(session.exec(select(ResponseRow).where(ResponseRow.id == response.id)).one())


def _require_prompt(session: Session, response: Response) -> None:
    if (response.event_id is None) == (response.conversation_id is None):
        raise StoreError("A response answers an event or a conversation. Name one of them.")
    if response.event_id is None:
        known = session.exec(select(ConversationRow.seq).where(ConversationRow.id == response.conversation_id))
        if known.first() is None:
            raise NotFound(f"The response answers the conversation {response.conversation_id!r}, which is not stored.")
    elif session.exec(select(EventRow.seq).where(EventRow.id == response.event_id)).first() is None:
        raise NotFound(f"The response belongs to the event {response.event_id!r}, which is not stored.")


def _count(tokens: int | None) -> int | None:
    """A server may send any number; one that no answer can have is none."""
    return tokens if tokens is not None and 0 <= tokens < 1 << 31 else None


def responses(store: Store, event_id: str) -> list[Response]:
    """Return the responses to an event, in the order they were stored; none for an event that is not there."""
    if not is_storable(event_id):
        return []
    query = select(ResponseRow).where(ResponseRow.event_id == event_id).order_by(col(ResponseRow.seq))
    with store.read() as session:
        return [_response(row) for row in session.exec(query)]


def by_ids(store: Store, response_ids: Sequence[str]) -> dict[str, Response]:
    """Return the responses with these ids, by id; one that is not there is left out."""
    wanted = [response_id for response_id in response_ids if is_storable(response_id)]
    found: dict[str, Response] = {}
    with store.read() as session:
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(ResponseRow).where(col(ResponseRow.id).in_(wanted[start : start + _AT_ONCE]))
            found |= {row.id: _response(row) for row in session.exec(query)}
    return found


def times_by_expert(store: Store, limit: int = 2_000) -> dict[str, list[float]]:
    """Return `total_ms` of the last whole answers by expert.

    Left out are the mock's, whose pauses are no speed, and those of bulk work, which asks for several at a time.
    """
    in_bulk = exists().where(col(EventRow.id) == ResponseRow.event_id, col(EventRow.source) == "bulk")
    query = (
        select(ResponseRow.expert, ResponseRow.total_ms)
        .where(col(ResponseRow.error_kind).is_(None), col(ResponseRow.total_ms).is_not(None))
        .where(ResponseRow.provider != "mock", ~in_bulk)
        .order_by(col(ResponseRow.seq).desc())
        .limit(limit)
    )
    found: dict[str, list[float]] = {}
    with store.read() as session:
        for expert, total_ms in session.exec(query):
            found.setdefault(expert, []).append(float(total_ms or 0.0))
    return found


def record_feedback(store: Store, feedback: Feedback) -> None:
    """Store a thumb; from then on it counts for its response. A repeat of its id changes nothing. Raises NotFound."""
    _append(store, feedback.id, feedback.response_id, feedback.value, feedback.created_at)


def clear_feedback(store: Store, feedback_id: str, response_id: str) -> None:
    """Take the thumb of a response back, under an id of its own like a thumb. Raises NotFound."""
    _append(store, feedback_id, response_id, _CLEARED, datetime.now(UTC))


def feedback_of(store: Store, response_ids: Sequence[str]) -> dict[str, Feedback]:
    """Return the thumb that counts, by response id; a response without one is left out."""
    wanted = [response_id for response_id in response_ids if is_storable(response_id)]
    newest = (
        select(func.max(FeedbackRow.seq))
        .where(col(FeedbackRow.response_id).in_(wanted))
        .group_by(col(FeedbackRow.response_id))
    )
    query = select(FeedbackRow).where(col(FeedbackRow.seq).in_(newest), FeedbackRow.value != _CLEARED)
    with store.read() as session:
        return {row.response_id: _feedback(row) for row in session.exec(query)}


def _append(store: Store, feedback_id: str, response_id: str, value: str, created_at: datetime) -> None:
    check_texts([feedback_id, response_id], "The feedback")
    row = FeedbackRow(id=feedback_id, response_id=response_id, value=value, created_at=created_at)
    with store.write() as session:
        _require_response(session, response_id)
        insert_once(session, row)


def _require_response(session: Session, response_id: str) -> None:
    if session.exec(select(ResponseRow.seq).where(ResponseRow.id == response_id)).first() is None:
        raise NotFound(f"The feedback belongs to the response {response_id!r}, which is not stored.")


def _response(row: ResponseRow) -> Response:
    return Response(
        **{name: getattr(row, name) for name in _PLAIN_COLUMNS},
        options=MappingProxyType(row.options),
        text=row.text,
        error=row.error,
        text_repaired=row.text_repaired,
    )


def _feedback(row: FeedbackRow) -> Feedback:
    return Feedback(
        id=row.id,
        response_id=row.response_id,
        value=row.value,  # type: ignore[arg-type]  # "cleared" was filtered out, and only this module writes it
        created_at=row.created_at,
    )
