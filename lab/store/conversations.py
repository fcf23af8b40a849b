"""The turns that duels and imported answers belong to, stored once however often they come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lab.errors import StoreError
from lab.messages import Message
from lab.store.engine import Store, insert_all_once
from lab.store.judging_tables import ConversationRow
from lab.store.serialise import dumps, messages_to_json
from lab.store.text import check_texts


def turns_of(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return the turns without system messages. Raises StoreError where the last one is not the user's."""
    turns = tuple(message for message in messages if message.role != "system")
    if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
        raise StoreError("This conversation does not end with a prompt of the user, so nobody can judge its answers.")
    return turns


def conversation_id(messages: Sequence[Message]) -> str:
    """Return the id of a conversation: the hash of its turns, whatever the system prompt."""
    turns = dumps(messages_to_json([message for message in messages if message.role != "system"]))
    return hashlib.sha256(turns.encode()).hexdigest()[:32]


def put_many(store: Store, conversations: Sequence[Sequence[Message]]) -> list[str]:
    """Store conversations in one transaction and return their ids, in their order. Raises StoreError, Unstorable."""
    rows = [row_for(messages) for messages in conversations]
    with store.write() as session:
        insert_all_once(session, ConversationRow, rows)
    return [str(row["id"]) for row in rows]


def row_for(messages: Sequence[Message]) -> dict[str, Any]:
    """Return the row of a conversation by column, not stored. Raises StoreError, Unstorable."""
    turns = turns_of(messages)
    messages_json = messages_to_json(turns)
    check_texts(messages_json, "The conversation")
    return {
        "id": conversation_id(turns),
        "messages": messages_json,
        "prompt": turns[-1].content,
        "created_at": datetime.now(UTC),
    }
