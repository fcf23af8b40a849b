"""Duels: two answers to one conversation under one system prompt, stored once whoever brings them."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.judging import AddedDuel, Duel, NewDuel, Side
from lab.messages import Message
from lab.store import conversations, gone
from lab.store.engine import Store, exclusive, insert_all_once
from lab.store.judging_tables import ConversationRow, DuelRow
from lab.store.serialise import messages_from_json
from lab.store.tables import ResponseRow
from lab.store.text import DELETED, check_text, check_texts, in_short, is_storable

UNRANKED = 1e300
"""The rank of a duel whose hardness nothing tells: it comes after all others."""

SHUFFLED = 16**15
"""Every `shuffle` is below this."""


def same_answer(one: str, other: str) -> bool:
    """Tell whether two answers say the same, letter by letter but for case, white space and Unicode form."""
    return folded(one) == folded(other)


def folded(text: str) -> str:
    """Return what an answer says: equal for two that `same_answer` takes for the same."""
    small = unicodedata.normalize("NFC", text).casefold()  # which takes some letters apart
    return " ".join(unicodedata.normalize("NFC", small).split())


def add(store: Store, duels: Sequence[NewDuel]) -> list[AddedDuel]:
    """Store duels in one transaction and return what became of each, in their order.

    The same conversation, system prompt and two answers, whichever way round, are the same duel: it keeps what it had.
    Raises StoreError for an empty answer or a conversation without a prompt, Unstorable for NUL or half a surrogate
    pair; then nothing was stored.
    """
    for duel in duels:
        check_text(duel.system_prompt, "The system prompt")
        for side in (duel.first, duel.second):
            check_text(side.text, "An answer")
            check_texts([side.response_id, side.expert, side.provider, side.model], "What wrote the answer")
            if not side.text.strip():
                raise StoreError("An answer of this duel is empty, so there is nothing to compare.")
    keyed = [(duel, _key(duel)) for duel in duels]
    with store.write() as session:
        exclusive(session, "duels")
        known = _known(session, [key for _, key in keyed if key])
        fresh = {key: duel for duel, key in reversed(keyed) if key and key not in known}
        _insert(session, fresh)
        gone.keep_deleted(session, {side.response_id for duel in fresh.values() for side in (duel.first, duel.second)})
    rows = known | {key: _ids(key, duel) for key, duel in fresh.items()}
    return [_added(duel, key, rows, fresh) for duel, key in keyed]


@dataclass(frozen=True, slots=True)
class _Ids:
    """A stored duel: its id, and those of its responses in the order of what they say, or said before a deletion."""

    duel_id: str
    responses: tuple[str, str]


def _added(duel: NewDuel, key: str, rows: dict[str, _Ids], fresh: dict[str, NewDuel]) -> AddedDuel:
    if not key:
        return AddedDuel(None, False, duel.first.response_id, duel.second.response_id)
    stored = dict(zip((_says(side.text) for side in _ordered(duel)), rows[key].responses, strict=True))
    first, second = (stored[_says(side.text)] for side in (duel.first, duel.second))
    return AddedDuel(rows[key].duel_id, fresh.get(key) is duel, first, second)


def _ids(key: str, duel: NewDuel) -> _Ids:
    first, second = _ordered(duel)
    return _Ids(_id(key), (first.response_id, second.response_id))


def _known(session: Session, keys: Sequence[str]) -> dict[str, _Ids]:
    """Return the duels that are stored, by content key."""
    rows = session.exec(select(DuelRow).where(col(DuelRow.content_key).in_(keys))).all()
    return {row.content_key: _Ids(row.id, (row.first_id, row.second_id)) for row in rows}


def _insert(session: Session, fresh: dict[str, NewDuel]) -> None:
    """Insert duels with their conversations, and the responses that are not stored yet."""
    ids = {side.response_id for duel in fresh.values() for side in (duel.first, duel.second)}
    texts = dict(session.exec(select(ResponseRow.id, ResponseRow.text).where(col(ResponseRow.id).in_(ids))).all())
    missing = ids - texts.keys()
    conversation_rows, response_rows, duel_rows = [], [], []
    for key, duel in fresh.items():
        conversation = conversations.row_for(duel.conversation)
        conversation_rows.append(conversation)
        for side in (duel.first, duel.second):
            if texts.setdefault(side.response_id, side.text) not in (side.text, DELETED):
                raise StoreError(f"The response {side.response_id!r} is stored with another text. Give it its own id.")
            if side.response_id in missing:
                missing.discard(side.response_id)
                response_rows.append(response_row(side, duel.system_prompt, conversation["id"]))
        duel_rows.append(_row(key, duel, conversation["id"]))
    insert_all_once(session, ConversationRow, conversation_rows)
    insert_all_once(session, ResponseRow, response_rows)
    insert_all_once(session, DuelRow, duel_rows)


def _ordered(duel: NewDuel) -> tuple[Side, Side]:
    """Return the sides by the digest of their texts: an order that says nothing of who wrote them, or is better."""
    first, second = sorted((duel.first, duel.second), key=lambda side: _says(side.text))
    return first, second


def _row(key: str, duel: NewDuel, conversation_id: str) -> dict[str, Any]:
    first, second = _ordered(duel)
    return {
        "id": _id(key),
        "content_key": key,
        "conversation_id": conversation_id,
        "system_prompt": duel.system_prompt,
        "first_id": first.response_id,
        "second_id": second.response_id,
        "origin": duel.origin,
        "rule": duel.rule,
        "probability": duel.probability,
        "hardness": duel.hardness,
        "rank": UNRANKED if duel.hardness is None else -duel.hardness,
        "shuffle": int(key[32:47], 16),
        "query_type": duel.query_type,
        "event_id": duel.event_id,
        "batch_id": duel.batch_id,
        "wished": duel.wished,
        "votes": 0,
        "created_at": datetime.now(UTC),
        "deleted_at": None,
    }


def response_row(side: Side, system_prompt: str, conversation_id: str) -> dict[str, Any]:
    """Return the row, by column, of an answer that came with its conversation, not stored."""
    return {
        "id": side.response_id, "event_id": None, "conversation_id": conversation_id, "expert": side.expert,
        "provider": side.provider, "model": side.model, "system_prompt": system_prompt, "options": {},
        "text": side.text, "finish_reason": None, "prompt_tokens": None, "completion_tokens": None, "load_ms": None,
        "first_token_ms": None, "total_ms": None, "error_kind": None, "error": None, "text_repaired": False,
        "created_at": datetime.now(UTC),
    }  # fmt: skip


def id_of(duel: NewDuel) -> str | None:
    """Return the id that a duel has, or would have, once it is stored; None where the answers are equal."""
    key = _key(duel)
    return _id(key) if key else None


def _id(key: str) -> str:
    return f"duel-{key[:32]}"


def _key(duel: NewDuel) -> str:
    """Return what makes a duel the same; empty where the answers are equal."""
    answers = sorted(_says(side.text) for side in (duel.first, duel.second))
    if answers[0] == answers[1]:
        return ""
    return _digest("\n".join((conversations.conversation_id(duel.conversation), _digest(duel.system_prompt), *answers)))


def _says(text: str) -> str:
    return _digest(folded(text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --------------------------------------------------------------------------------------------------------- reading


def get(store: Store, duel_id: str) -> Duel:
    """Return the duel with this id, deleted or not. Raises NotFound."""
    with store.read() as session:
        return whole(session, [row_of(session, duel_id)])[0]


def by_ids(store: Store, duel_ids: Sequence[str]) -> dict[str, Duel]:
    """Return duels by their id; ids that nothing has are left out."""
    found: dict[str, Duel] = {}
    with store.read() as session:
        for start in range(0, len(duel_ids), 500):
            query = select(DuelRow).where(col(DuelRow.id).in_(duel_ids[start : start + 500]))
            found |= {duel.id: duel for duel in whole(session, session.exec(query).all())}
    return found


def recent(
    store: Store, limit: int = 50, *, batch_id: str | None = None, event_id: str | None = None, search: str = ""
) -> list[Duel]:
    """Return at most `limit` duels that are not deleted, the newest first; `search` is looked for in the prompts."""
    query = select(DuelRow).where(col(DuelRow.deleted_at).is_(None)).order_by(col(DuelRow.seq).desc()).limit(limit)
    if batch_id is not None:
        query = query.where(DuelRow.batch_id == batch_id)
    if event_id is not None:
        query = query.where(DuelRow.event_id == event_id)
    if search:
        if not is_storable(search):
            return []
        prompt = col(ConversationRow.prompt).icontains(search, autoescape=True)
        query = query.where(col(DuelRow.conversation_id).in_(select(ConversationRow.id).where(prompt)))
    with store.read() as session:
        return whole(session, session.exec(query).all())


def delete(store: Store, duel_id: str) -> None:
    """Mark a duel as deleted: nobody is asked about it any more, and its votes count nowhere. Raises NotFound."""
    _mark(store, duel_id, datetime.now(UTC))


def bring_back(store: Store, duel_id: str) -> None:
    """Take a deletion back. Raises NotFound, StoreError where text of the duel was deleted on request."""
    gone.refuse_return(get(store, duel_id))
    _mark(store, duel_id, None)


def _mark(store: Store, duel_id: str, at: datetime | None) -> None:
    with store.write() as session:
        row_of(session, duel_id)
        session.connection().execute(update(DuelRow).where(col(DuelRow.id) == duel_id).values(deleted_at=at))


def query_types(store: Store) -> list[str]:
    """Return the query types of the duels that are not deleted, in alphabetical order."""
    there = [col(DuelRow.deleted_at).is_(None), col(DuelRow.query_type).is_not(None)]
    query = select(DuelRow.query_type).where(*there).distinct()
    with store.read() as session:
        return sorted(one for one in session.exec(query) if one)


def wish(store: Store, duel_ids: Iterable[str], wished: int) -> None:
    """Set how many votes duels shall get. Raises StoreError for fewer than one."""
    if wished < 1:
        raise StoreError(f"A duel needs at least one vote; {wished} was asked for. Delete the duel to take it away.")
    with store.write() as session:
        exclusive(session, "given votes", "queue")  # who else changes several: two would wait for each other
        statement = update(DuelRow).where(col(DuelRow.id).in_(list(duel_ids))).values(wished=wished)
        session.connection().execute(statement)


def row_of(session: Session, duel_id: str) -> DuelRow:
    """Return the row of a duel. Raises NotFound."""
    row = None
    if is_storable(duel_id):
        row = session.exec(select(DuelRow).where(DuelRow.id == duel_id)).one_or_none()
    if row is None:
        raise NotFound(
            f"No duel has the id {in_short(duel_id)}. It may be in another database; go on with the next one."
        )
    return row


def whole(session: Session, rows: Sequence[DuelRow]) -> list[Duel]:
    """Return rows as duels with their turns and answers, in their order."""
    ids = {row.conversation_id for row in rows}
    conversation_rows = session.exec(select(ConversationRow).where(col(ConversationRow.id).in_(ids)))
    turns = {one.id: messages_from_json(one.messages) for one in conversation_rows}
    responses = {response_id for row in rows for response_id in (row.first_id, row.second_id)}
    sides = {
        one.id: Side(one.id, one.text, one.expert, one.provider, one.model)
        for one in session.exec(select(ResponseRow).where(col(ResponseRow.id).in_(responses)))
    }
    return [_duel(row, turns[row.conversation_id], sides) for row in rows]


def _duel(row: DuelRow, turns: tuple[Message, ...], sides: dict[str, Side]) -> Duel:
    names = Duel.__dataclass_fields__.keys() - {"conversation", "first", "second"}
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    return Duel(**values, conversation=turns, first=sides[row.first_id], second=sides[row.second_id])


def wish_share(store: Store, share: float, wished: int) -> int:
    """Set how many votes a random share of the duels shall get, and return how many duels that are.

    Which ones is decided by their place in the random order, so a second call with a greater share adds to them. Raises
    StoreError for a share outside 0 to 1 or fewer than one vote.
    """
    if not 0 <= share <= 1 or wished < 1:
        raise StoreError(
            f"{share:.0%} of the duels with {wished} votes each cannot be. Choose 0 to 100 % and 1 or more."
        )
    those = (col(DuelRow.shuffle) < int(share * SHUFFLED)) & col(DuelRow.deleted_at).is_(None)
    with store.write() as session:
        exclusive(session, "given votes", "queue")
        return session.connection().execute(update(DuelRow).where(those).values(wished=wished)).rowcount
