"""The rows of snapshots: added while one is built, and read back with the texts that they point to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from lab.errors import ExportError
from lab.exported import ExportSplit, FrozenRow, NewFrozenRow
from lab.judging import Side
from lab.messages import Message
from lab.store.engine import Store, beside, insert_all_once
from lab.store.serialise import messages_from_json
from lab.store.snapshot_tables import SnapshotItemRow
from lab.store.snapshots import WRITERS, row_of
from lab.store.tables import LabModel
from lab.store.text import DELETED, check_texts, is_storable

THUMB = "thumb"
"""The origin of a liked row."""

_AT_ONCE = 5_000  # ids in one statement

Values = Mapping[str, Any]


class Key(NamedTuple):
    """What a row of a snapshot says: the better answer, or whether the thumb was up, and where it lies."""

    winner: str | None
    split: ExportSplit


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
    table = _table("snapshot_row")
    mine = (table.c.snapshot_id == snapshot_id) & (table.c.place > after_place)
    with store.read() as session:
        connection = session.connection()
        page = connection.execute(select(table).where(mine).order_by(table.c.place).limit(limit)).mappings()
        return list(_Texts(session, [dict(one) for one in page]).rows())


def keys(store: Store, snapshot_id: str) -> dict[str, Key]:
    """Return which rows a snapshot has, without their texts, by the id of the duel or of the answer with a thumb."""
    table = _table("snapshot_row")
    columns = (table.c.duel_id, table.c.chosen_id, table.c.rejected_id, table.c.split)
    query = select(*columns).where(table.c.snapshot_id == snapshot_id).order_by(table.c.place)
    with store.read() as session:
        return {
            duel or chosen or rejected: Key(chosen if duel else chosen and "up", split)
            for duel, chosen, rejected, split in session.connection().execute(query)
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


class _Texts:
    """What the rows of a page point to, read by id: a few statements for the page, whatever the database plans."""

    def __init__(self, session: Session, page: Sequence[Values]) -> None:
        self._session, self._page = session, page
        self._duels = self._of(
            "duel", (one["duel_id"] for one in page),
            ("conversation_id", "system_prompt", "query_type", "origin", "event_id"),
        )  # fmt: skip
        self._responses = self._of(
            "response", (one[side] for one in page for side in ("chosen_id", "rejected_id")),
            ("text", "expert", "provider", "model", "system_prompt", "conversation_id", "event_id"),
        )  # fmt: skip
        self._sides = {
            one: Side(one, row["text"], row["expert"], row["provider"], row["model"])
            for one, row in self._responses.items()
        }
        liked = [self._liked(one) for one in page if one["duel_id"] is None]
        prompts = [*self._duels.values(), *liked]
        self._turns = self._messages("conversation", "messages", (one["conversation_id"] for one in prompts))
        routed = (one["event_id"] for one in liked if one["conversation_id"] is None)
        self._routed = self._messages("routing_event", "conversation", routed)
        self._events = self._of(
            "routing_event", (one["event_id"] for one in prompts), ("router_version_id", "layer")
        )  # fmt: skip

    def rows(self) -> Iterable[FrozenRow]:
        """Yield the rows in the order of the page."""
        for one in self._page:
            of = self._duels[one["duel_id"]] if one["duel_id"] is not None else self._liked(one)
            by_conversation = of["conversation_id"] is not None
            turns = self._turns[of["conversation_id"]] if by_conversation else self._routed[of["event_id"]]
            event = self._events.get(of["event_id"], {})
            chosen, rejected = self._sides.get(one["chosen_id"]), self._sides.get(one["rejected_id"])
            yield FrozenRow(
                place=one["place"], duel_id=one["duel_id"], chosen=chosen, rejected=rejected, split=one["split"],
                row_hash=one["row_hash"], emits=one["emits"], votes=one["votes"], agreeing=one["agreeing"],
                strength=one["strength"], adjudicated=one["adjudicated"], vote_ids=tuple(one["vote_ids"]),
                conversation_id=of["conversation_id"], turns=turns, system_prompt=of["system_prompt"],
                query_type=of.get("query_type"), origin=of.get("origin", THUMB), event_id=of["event_id"],
                router_version_id=event.get("router_version_id"), layer=event.get("layer"),
                gone=one["gone"] or _deleted(turns, of["system_prompt"], chosen, rejected),
            )  # fmt: skip

    def _liked(self, one: Values) -> Values:
        """Return the answer of a liked row: it names the prompt that it answers."""
        return self._responses[one["chosen_id"] or one["rejected_id"]]

    def _of(self, name: str, ids: Iterable[str | None], columns: Sequence[str]) -> dict[str, Values]:
        table, connection = _table(name), self._session.connection()
        wanted = list({one for one in ids if one is not None})
        found: dict[str, Values] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(table.c.id, *(table.c[column] for column in columns))
            some = connection.execute(query.where(table.c.id.in_(wanted[start : start + _AT_ONCE])))
            found |= {key: dict(zip(columns, values, strict=True)) for key, *values in some}
        return found

    def _messages(self, name: str, column: str, ids: Iterable[str | None]) -> dict[str | None, tuple[Message, ...]]:
        return {
            key: tuple(turn for turn in messages_from_json(row[column]) if turn.role != "system")
            for key, row in self._of(name, ids, (column,)).items()
        }


def _deleted(turns: Sequence[Message], system_prompt: str, *sides: Side | None) -> bool:
    return DELETED in (system_prompt, *(turn.content for turn in turns), *(side.text for side in sides if side))


def _table(name: str) -> Any:
    return LabModel.metadata.tables[name]
