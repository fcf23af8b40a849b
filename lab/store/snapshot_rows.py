"""The rows of snapshots: added while one is built, and read back with the texts that they point to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlmodel import Session

from lab.errors import ExportError
from lab.exported import ExportSplit, FrozenRow, NewFrozenRow
from lab.judging import Side
from lab.messages import Message
from lab.store.engine import Store, beside, insert_all_once
from lab.store.parts import in_parts
from lab.store.serialise import messages_from_json
from lab.store.snapshot_tables import SnapshotItemRow
from lab.store.snapshots import WRITERS, row_of
from lab.store.tables import LabModel
from lab.store.text import DELETED, check_texts, is_storable

THUMB = "thumb"
"""The origin of a liked row."""


class Key(NamedTuple):
    """What a row of a snapshot says: the better answer, or whether the thumb was up, where it lies, and its words."""

    winner: str | None
    split: ExportSplit
    row_hash: str


def add(store: Store, snapshot_id: str, rows: Sequence[NewFrozenRow]) -> None:
    """Add rows to a snapshot that is being built, in one transaction: a few thousand keep nobody waiting.

    A place that is taken keeps its row, so adding again changes nothing. Raises NotFound, ExportError for a snapshot
    that is frozen or a row that is neither a pair nor a liked answer, StoreError for one that points to what is not
    there; then none of them was stored.
    """
    stored = [_values(snapshot_id, row) for row in rows]
    with store.write() as session:
        beside(session, WRITERS)
        if row_of(session, snapshot_id).state != "building":
            raise ExportError("This snapshot is frozen, so its rows stay as they are. Build another one.")
        insert_all_once(session, SnapshotItemRow, stored)


def rows(store: Store, snapshot_id: str, after_place: int = -1, limit: int = 2_000) -> list[FrozenRow]:
    """Return a page of the rows of a snapshot with their texts, by place; the next begins after the last one's.

    A page with fewer than `limit` rows is the last. Places whose rows went with the sample workspace are left out.
    """
    if not is_storable(snapshot_id):
        return []
    with store.read() as session:
        page = session.connection().execute(_page(snapshot_id, after_place, limit)).all()
        routed = {one.event_id for one in page if one.messages is None}
        turns = _routed(session, [event_id for event_id in routed if event_id is not None])
    return [_row(one, messages_from_json(one.messages) if one.messages else turns[one.event_id]) for one in page]


def keys(store: Store, snapshot_id: str) -> dict[str, Key]:
    """Return which rows a snapshot has, without their texts, by the id of the duel or of the answer with a thumb."""
    table = _table("snapshot_row")
    columns = (table.c.duel_id, table.c.chosen_id, table.c.rejected_id, table.c.split, table.c.row_hash)
    query = select(*columns).where(table.c.snapshot_id == snapshot_id).order_by(table.c.place)
    with store.read() as session:
        return {
            duel or chosen or rejected: Key(chosen if duel else chosen and "up", split, row_hash)
            for duel, chosen, rejected, split, row_hash in session.connection().execute(query)
        }


def _values(snapshot_id: str, row: NewFrozenRow) -> dict[str, Any]:
    sides = (row.chosen_id is not None) + (row.rejected_id is not None)
    if sides != (1 if row.duel_id is None else 2):
        raise ExportError(f"Row {row.place:,} of the snapshot is neither a pair nor a liked answer. Build it again.")
    check_texts([row.duel_id or "", row.chosen_id or "", row.rejected_id or "", row.row_hash], "A row of the snapshot")
    return {
        "id": f"{snapshot_id}:{row.place}", "snapshot_id": snapshot_id, "place": row.place, "duel_id": row.duel_id,
        "chosen_id": row.chosen_id, "rejected_id": row.rejected_id, "split": row.split, "emits": row.emits,
        "votes": row.votes, "agreeing": row.agreeing, "strength": row.strength, "adjudicated": row.adjudicated,
        "vote_ids": list(row.vote_ids), "row_hash": row.row_hash, "gone": False,
    }  # fmt: skip


def _page(snapshot_id: str, after_place: int, limit: int) -> Any:
    """Return the query of a page: its rows first, so that the texts are looked up for them alone."""
    item = _table("snapshot_row")
    mine = (item.c.snapshot_id == snapshot_id) & (item.c.place > after_place)
    page = select(item).where(mine).order_by(item.c.place).limit(limit).subquery("page")
    duel, conversation, event = _table("duel"), _table("conversation"), _table("routing_event")
    chosen, rejected = _table("response").alias("chosen"), _table("response").alias("rejected")
    liked = page.c.duel_id.is_(None)

    def of(column: str) -> Any:
        """What the duel says, or else the answer that was liked."""
        return case((liked, func.coalesce(chosen.c[column], rejected.c[column])), else_=duel.c[column])

    joined = (
        page.outerjoin(duel, duel.c.id == page.c.duel_id)
        .outerjoin(chosen, chosen.c.id == page.c.chosen_id)
        .outerjoin(rejected, rejected.c.id == page.c.rejected_id)
        .outerjoin(conversation, conversation.c.id == of("conversation_id"))
        .outerjoin(event, event.c.id == of("event_id"))
    )
    sides = [
        side.c[name].label(f"{side.name}_{name}")
        for side in (chosen, rejected)
        for name in ("text", "expert", "provider", "model")
    ]
    prompt = [of(name).label(name) for name in ("conversation_id", "event_id", "system_prompt")]
    columns = [page, *sides, *prompt, duel.c.query_type, duel.c.origin, conversation.c.messages]
    query = select(*columns, event.c.router_version_id, event.c.layer)
    return query.select_from(joined).order_by(page.c.place)


def _row(one: Any, turns: Sequence[Message]) -> FrozenRow:
    chosen = rejected = None
    if one.chosen_id is not None:
        chosen = Side(one.chosen_id, one.chosen_text, one.chosen_expert, one.chosen_provider, one.chosen_model)
    if one.rejected_id is not None:
        rejected = Side(
            one.rejected_id, one.rejected_text, one.rejected_expert, one.rejected_provider, one.rejected_model
        )  # fmt: skip
    said = (one.system_prompt, one.chosen_text, one.rejected_text)
    return FrozenRow(
        place=one.place, duel_id=one.duel_id, chosen=chosen, rejected=rejected, split=one.split, row_hash=one.row_hash,
        emits=one.emits, votes=one.votes, agreeing=one.agreeing, strength=one.strength, adjudicated=one.adjudicated,
        vote_ids=tuple(one.vote_ids), conversation_id=one.conversation_id, turns=tuple(turns),
        system_prompt=one.system_prompt, query_type=one.query_type, origin=one.origin or THUMB, event_id=one.event_id,
        router_version_id=one.router_version_id, layer=one.layer,
        gone=one.gone or DELETED in said or any(turn.content == DELETED for turn in turns),
    )  # fmt: skip


def _routed(session: Session, event_ids: Sequence[str]) -> dict[str, list[Message]]:
    """Return the turns of routed prompts, by event id, for answers that belong to no stored conversation."""
    event, found = _table("routing_event"), {}
    for some in in_parts(event_ids):
        query = select(event.c.id, event.c.conversation).where(event.c.id.in_(some))
        for event_id, messages in session.connection().execute(query):
            found[event_id] = [turn for turn in messages_from_json(messages) if turn.role != "system"]
    return found


def _table(name: str) -> Any:
    return LabModel.metadata.tables[name]
