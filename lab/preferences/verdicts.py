"""Giving a verdict: the vote, and the better answer that the annotator wrote, if any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from lab.errors import StoreError
from lab.judging import HUMAN, Duel, NewDuel, Presentation, Side, Verdict, Vote, written_by
from lab.store import Store, duels, guidelines, queue, votes
from lab.types import new_id

Key = Literal["left", "right", "equally_good", "both_bad", "skip"]
_HUMAN = UUID("5b0f2d0a-7a0a-5c1e-9d51-6a7de5a0c9f3")  # any: what the ids of written answers are derived in


@dataclass(frozen=True, slots=True)
class Details:
    """What may go with a verdict."""

    strength: int | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    better_answer: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a key press. `counted` is False where another verdict on the same showing stands."""

    vote: Vote
    counted: bool


def meaning(key: Key, shown: Presentation) -> tuple[Verdict, str | None]:
    """Return what a key says: the verdict, and the better response's id."""
    if key == "left":
        return "better", shown.left_id
    if key == "right":
        return "better", shown.right_id
    return key, None


def give(
    store: Store,
    vote_id: str,
    duel: Duel,
    shown: Presentation,
    key: Key,
    *,
    details: Details,
    took_ms: int | None,
    now: datetime,
) -> Given:
    """Store a verdict with its details under the guidelines that hold, and return what counts.

    A better answer wins over the one that the verdict prefers, over both where it prefers none; it is stored first, so
    that nothing that was written is lost once the vote is acknowledged.
    An undo of the vote takes that back as well. Raises StoreError, Unstorable.
    """
    verdict, chosen_id = meaning(key, shown)
    if details.better_answer.strip():
        _store_better(store, duel, shown.annotator_id, verdict, chosen_id, details.better_answer, now)
    held = guidelines.current(store)
    vote = votes.cast(
        store, vote_id, presentation_id=shown.id, verdict=verdict, chosen_id=chosen_id, strength=details.strength,
        tags=details.tags, note=details.note, guideline_version=None if held is None else held.version,
        took_ms=took_ms, now=now,
    )  # fmt: skip
    same = (vote.id, vote.verdict, vote.chosen_id) == (vote_id, verdict, chosen_id)
    return Given(vote, counted=same and vote.live)


def _store_better(
    store: Store, duel: Duel, annotator_id: str, verdict: Verdict, chosen_id: str | None, text: str, now: datetime
) -> None:
    if verdict == "skip":
        raise StoreError("You wrote a better answer and skipped. Judge the two first, or empty the box.")
    written = Side(
        str(uuid5(_HUMAN, f"{annotator_id}\n{duel.conversation_id}\n{text}")),
        text,
        written_by(annotator_id),
        HUMAN,
        "",
    )
    beaten = [duel.side(chosen_id)] if chosen_id else [duel.first, duel.second]
    added = duels.add(
        store,
        [
            NewDuel(
                duel.conversation, duel.system_prompt, written, loser, "edit", "picked",
                query_type=duel.query_type, event_id=duel.event_id, batch_id=duel.batch_id,
            )
            for loser in beaten
        ],
    )  # fmt: skip
    if all(one.duel_id is None for one in added):
        raise StoreError("The better answer says the same as one of the two. Change it, or empty the box.")
    for one in added:
        if one.duel_id is not None:
            showing = queue.lease(store, new_id(), duel_id=one.duel_id, annotator_id=annotator_id, seed=0, now=now)
            votes.cast(
                store, showing.vote_id, presentation_id=showing.presentation.id, verdict="better",
                chosen_id=one.first_id, now=now,
            )  # fmt: skip
