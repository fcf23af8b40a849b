"""Routed prompts: every one is an event, stored once however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from lab.errors import NotFound
from lab.messages import Message
from lab.records import Event
from lab.store.engine import Store, insert_once
from lab.store.serialise import (
    matches_from_json,
    matches_to_json,
    messages_from_json,
    messages_to_json,
    timings_from_json,
    timings_to_json,
)
from lab.store.tables import EventRow, RouterVersionRow
from lab.store.text import check_text, check_texts, is_storable
from lab.types import Decision, Layer, Source


def record(
    store: Store,
    event_id: str,
    *,
    source: Source,
    conversation: Sequence[Message],
    decision: Decision,
    router_version_id: str,
    encoder_fingerprint: str,
    created_at: datetime | None = None,
) -> Event:
    """Store a routed conversation and return it as stored; an id that is there already returns the first, unchanged.

    `created_at` defaults to now. Raises NotFound for an unknown router version, and StoreError, naming the position,
    for text with NUL or half a surrogate pair.
    """
    check_text(decision.prompt, "The prompt")
    check_texts([event_id, router_version_id, encoder_fingerprint, decision.expert], "The event")
    check_texts(messages_to_json(conversation), "The conversation")
    check_texts(matches_to_json(decision.matches), "A match")
    row = EventRow(
        id=event_id,
        created_at=created_at or datetime.now(UTC),
        source=source,
        conversation=messages_to_json(conversation),
        prompt=decision.prompt,
        expert=decision.expert,
        layer=decision.layer.value,
        score=decision.score,
        margin=decision.margin,
        confidence=decision.confidence,
        matches=matches_to_json(decision.matches),
        timings=timings_to_json(decision.timings),
        router_version_id=router_version_id,
        encoder_fingerprint=encoder_fingerprint,
    )
    with store.write() as session:
        known = session.exec(select(RouterVersionRow.seq).where(RouterVersionRow.id == router_version_id)).first()
        if known is None:
            raise NotFound(f"The event names the router version {router_version_id!r}, which is not stored.")
        insert_once(session, row)
        return _event(_row(session, event_id))


def get(store: Store, event_id: str) -> Event:
    """Return the event with this id. Raises NotFound."""
    with store.read() as session:
        return _event(_row(session, event_id))


def recent(
    store: Store,
    limit: int = 50,
    *,
    before_seq: int | None = None,
    search: str | None = None,
    expert: str | None = None,
    layer: Layer | None = None,
    without: Sequence[Source] = (),
) -> list[Event]:
    """Return at most `limit` events, the newest first, from before `before_seq` where that is given.

    `search` is looked for in the prompts, whatever the case; `expert` and `layer` are what the decision must say;
    events of the sources in `without` are left out.
    """
    query = select(EventRow).order_by(col(EventRow.seq).desc()).limit(limit)
    if before_seq is not None:
        query = query.where(EventRow.seq < before_seq)
    if search:
        if not is_storable(search):
            return []  # no stored prompt holds it
        query = query.where(col(EventRow.prompt).icontains(search, autoescape=True))
    if expert is not None:
        query = query.where(EventRow.expert == expert)
    if layer is not None:
        query = query.where(EventRow.layer == layer.value)
    if without:
        query = query.where(col(EventRow.source).not_in(without))
    with store.read() as session:
        return [_event(row) for row in session.exec(query)]


def _row(session: Session, event_id: str) -> EventRow:
    row = None
    if is_storable(event_id):
        row = session.exec(select(EventRow).where(EventRow.id == event_id)).one_or_none()
    if row is None:
        raise NotFound(f"No event has the id {event_id!r}. It may be in another database; open one from the history.")
    return row


def _event(row: EventRow) -> Event:
    return Event(
        id=row.id,
        seq=row.seq,
        created_at=row.created_at,
        source=row.source,  # type: ignore[arg-type]  # only `record` writes it
        conversation=messages_from_json(row.conversation),
        decision=Decision(
            prompt=row.prompt,
            expert=row.expert,
            layer=Layer(row.layer),
            score=row.score,
            margin=row.margin,
            matches=matches_from_json(row.matches),
            timings=timings_from_json(row.timings),
            confidence=row.confidence,
        ),
        router_version_id=row.router_version_id,
        encoder_fingerprint=row.encoder_fingerprint,
    )
