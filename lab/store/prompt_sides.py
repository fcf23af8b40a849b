"""The sides of prompts in a family of splits: given when a snapshot is frozen, and kept for good."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from lab.errors import ExportError
from lab.exported import ExportSplit, KnownPrompt
from lab.store.engine import Store
from lab.store.judging_tables import ConversationRow
from lab.store.parts import in_parts
from lab.store.serialise import messages_from_json
from lab.store.snapshot_tables import PromptSideRow
from lab.store.text import is_storable
from lab.types import new_id

_AT_ONCE = 5_000  # ids in one statement


def sides(store: Store, family: str, conversation_ids: Collection[str]) -> dict[str, ExportSplit]:
    """Return the stored sides of conversations in a family, by conversation id; those without one are left out."""
    with store.read() as session:
        return _sides(session, family, conversation_ids)


def count(store: Store, family: str) -> int:
    """Return how many conversations have a side in a family."""
    if not is_storable(family):
        return 0
    query = select(func.count()).select_from(PromptSideRow).where(PromptSideRow.family == family.strip())
    with store.read() as session:
        return int(session.exec(query).one())


def known_prompts(store: Store, family: str, after_seq: int = 0, limit: int = 2_000) -> list[KnownPrompt]:
    """Return a page of the conversations that have a side in a family, in the order in which they got it.

    The next page begins after the `seq` of the last one; a page with fewer than `limit` is the last.
    """
    if not is_storable(family):
        return []
    query = (
        select(PromptSideRow.seq, PromptSideRow.conversation_id, ConversationRow.messages, PromptSideRow.side)
        .join(ConversationRow, col(ConversationRow.id) == PromptSideRow.conversation_id)
        .where(PromptSideRow.family == family.strip(), PromptSideRow.seq > after_seq)
        .order_by(col(PromptSideRow.seq))
        .limit(limit)
    )
    with store.read() as session:
        return [
            KnownPrompt(seq, conversation_id, messages_from_json(messages), side)  # type: ignore[arg-type]  # as kept
            for seq, conversation_id, messages, side in session.exec(query)
        ]


def keep(
    session: Session, family: str, snapshot_id: str, given: Mapping[str, ExportSplit], seen: int | None = None
) -> None:
    """Store the sides of conversations that have none in a family, in a session that is open.

    `seen` is the seq of the newest side that these were dealt out next to; None: whatever came since is like none of
    them. Raises ExportError where one of them has another side, and where prompts that they were not held against got
    sides since; then the session must not commit.
    """
    known = _sides(session, family, given)
    newer = () if seen is None else _newer(session, family, seen)
    others = sum(conversation_id not in given for conversation_id in newer)
    if others:
        raise ExportError(
            f"Another export of the family {family!r} was frozen meanwhile, with prompts that these were not held "
            f"against: {others:,}. Nothing was frozen. Freeze it again."
        )
    moved = sum(given[conversation_id] != side for conversation_id, side in known.items())
    if moved:
        raise ExportError(
            f"Another export of the family {family!r} was frozen meanwhile and put {moved:,} of these prompts on "
            "another side. Nothing was frozen. Build it again: they keep the side that is stored."
        )
    now = datetime.now(UTC)
    rows = [
        {
            "id": new_id(),  # says nothing of the turns, as the hash of them in the conversation's id would
            "family": family, "conversation_id": conversation_id, "side": side, "snapshot_id": snapshot_id,
            "created_at": now,
        }
        for conversation_id, side in given.items()
        if conversation_id not in known
    ]  # fmt: skip
    if rows:
        session.connection().execute(insert(PromptSideRow), rows)


def _newer(session: Session, family: str, seen: int) -> Sequence[str]:
    """Return the conversations that got a side in a family after the one with the seq `seen`."""
    query = select(PromptSideRow.conversation_id).where(
        PromptSideRow.family == family.strip(), PromptSideRow.seq > seen
    )
    return session.exec(query).all()


def _sides(session: Session, family: str, conversation_ids: Collection[str]) -> dict[str, ExportSplit]:
    found: dict[str, ExportSplit] = {}
    if is_storable(family):
        for some in in_parts([one for one in conversation_ids if is_storable(one)], _AT_ONCE):
            query = select(PromptSideRow.conversation_id, PromptSideRow.side).where(
                PromptSideRow.family == family.strip(), col(PromptSideRow.conversation_id).in_(some)
            )
            found |= dict(session.exec(query).all())  # type: ignore[arg-type]  # only `keep` writes it
    return found
