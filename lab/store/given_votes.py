"""Votes that come with their showing, many at once: from a file, or from the sample workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from lab.errors import NotFound, StoreError
from lab.judging import NewVote
from lab.store import vote_rows
from lab.store.engine import Store, exclusive, insert_all_once
from lab.store.judging_tables import DuelRow, PresentationRow, VoteEventRow, VoteRow

_Shown = tuple[str, str, int]  # duel, annotator, round


def record_many(store: Store, given: Sequence[NewVote]) -> int:
    """Store votes with their showings, in one transaction, and return how many were not there before.

    What an annotator has been shown in a round stands: a second vote for it changes nothing. Raises NotFound,
    StoreError for an answer that is not of the duel, Unstorable; then nothing was stored.
    """
    for vote in given:
        vote_rows.check(vote.verdict, vote.chosen_id, vote.strength, vote.tags, vote.note)
    with store.write() as session:
        exclusive(session, "given votes")
        sides = _sides(session, {vote.duel_id for vote in given})
        known = _known(session, {vote.duel_id for vote in given}, {vote.annotator_id for vote in given})
        fresh: dict[_Shown, NewVote] = {}
        for vote in given:
            place = (vote.duel_id, vote.annotator_id, vote.round)
            if place not in known:
                fresh.setdefault(place, vote)
        shown = [_showing(vote, sides) for vote in fresh.values()]
        insert_all_once(session, PresentationRow, shown)
        insert_all_once(session, VoteRow, [_row(vote) for vote in fresh.values()])
        insert_all_once(session, VoteEventRow, [_event(vote) for vote in fresh.values()])
        _count(session, Counter(vote.duel_id for vote in fresh.values() if vote.round == 1 and vote.verdict != "skip"))
    return len(fresh)


def _sides(session: Session, duel_ids: set[str]) -> dict[str, set[str]]:
    query = select(DuelRow.id, DuelRow.first_id, DuelRow.second_id).where(col(DuelRow.id).in_(duel_ids))
    found = {duel: {first, second} for duel, first, second in session.exec(query)}
    missing = duel_ids - found.keys()
    if missing:
        raise NotFound(f"No duel has the id {min(missing)!r}. Store the duels before their votes.")
    return found


def _known(session: Session, duel_ids: set[str], annotator_ids: set[str]) -> set[_Shown]:
    query = select(PresentationRow.duel_id, PresentationRow.annotator_id, PresentationRow.round).where(
        col(PresentationRow.duel_id).in_(duel_ids), col(PresentationRow.annotator_id).in_(annotator_ids)
    )
    return {(duel, annotator, number) for duel, annotator, number in session.exec(query)}


def _showing(vote: NewVote, sides: dict[str, set[str]]) -> dict[str, Any]:
    both = sides[vote.duel_id]
    if vote.left_id not in both or vote.chosen_id not in {None, *both}:
        raise StoreError(f"The vote {vote.id!r} names an answer that is not one of its duel's two.")
    return {
        "id": _shown_id(vote), "duel_id": vote.duel_id, "annotator_id": vote.annotator_id, "round": vote.round,
        "seed": 0, "left_id": vote.left_id, "right_id": next(iter(both - {vote.left_id})),
        "purpose": "queue" if vote.round == 1 else "repeat", "shown_at": vote.created_at, "leased_until": None,
        "revealed_at": None,
    }  # fmt: skip


def _shown_id(vote: NewVote) -> str:
    return f"{vote.id}:shown"


def _row(vote: NewVote) -> dict[str, Any]:
    return {
        "id": vote.id, "presentation_id": _shown_id(vote), "duel_id": vote.duel_id, "annotator_id": vote.annotator_id,
        "round": vote.round, "verdict": vote.verdict, "chosen_id": vote.chosen_id, "strength": vote.strength,
        "tags": list(vote.tags), "note": vote.note, "guideline_version": None, "live": True, "unblinded": False,
        "took_ms": vote.took_ms, "created_at": vote.created_at,
    }  # fmt: skip


def _event(vote: NewVote) -> dict[str, Any]:
    return {
        "id": f"{vote.id}:cast", "vote_id": vote.id, "annotator_id": vote.annotator_id, "kind": "cast", "before": None,
        "after": vote_rows.said(vote), "created_at": vote.created_at,
    }  # fmt: skip


def _count(session: Session, more: Counter[str]) -> None:
    if more:
        duel = DuelRow.__table__  # type: ignore[attr-defined]
        statement = update(duel).where(duel.c.id == bindparam("duel_id")).values(votes=duel.c.votes + bindparam("more"))
        rows = [{"duel_id": duel_id, "more": many} for duel_id, many in more.items()]
        session.connection().execute(statement, rows)
