"""Duels and people for the tests of judging."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lab.judging import Annotator, Duel, NewDuel, Side
from lab.messages import Message
from lab.store import Store, annotators, duels, queue, votes
from lab.store.presentations import Showing
from lab.types import new_id

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def new_duel(place: int = 0, **changes: object) -> NewDuel:
    """A duel that differs from others by its place."""
    values: dict[str, object] = {
        "conversation": (Message("user", f"Question {place}?"),),
        "system_prompt": "Be brief.",
        "first": Side(f"a{place}", f"A short answer to {place}.", "professor", "mock", "m1"),
        "second": Side(f"b{place}", f"Another answer to {place}, a longer one.", "zoomer", "mock", "m2"),
        "origin": "bulk",
        "rule": "random",
        **changes,
    }
    return NewDuel(**values)  # type: ignore[arg-type]


def add_duels(store: Store, count: int, **changes: object) -> list[Duel]:
    """Store duels and return them."""
    added = duels.add(store, [new_duel(place, **changes) for place in range(count)])
    return [duels.get(store, one.duel_id or "") for one in added]


def person(store: Store, name: str = "Ann") -> Annotator:
    """Store a person without PIN or link."""
    return annotators.add(store, new_id(), name, pin_hash=None, link_hash=None)


def lease(store: Store, annotator: Annotator, now: datetime = NOON, **wanted: object) -> Showing | None:
    """Lease the next duel to an annotator."""
    leased = queue.lease_next(
        store,
        new_id(),
        annotator_id=annotator.id,
        wanted=queue.Wanted(**wanted),
        now=now,
        seed=1,  # type: ignore[arg-type]
    )
    return None if leased is None else leased.showing


def vote(store: Store, showing: Showing, verdict: str = "left", now: datetime = NOON, **more: object) -> votes.Vote:
    """Vote on a showing; "left" and "right" choose that answer."""
    shown = showing.presentation
    chosen = {"left": shown.left_id, "right": shown.right_id}.get(verdict)
    return votes.cast(
        store,
        showing.vote_id,
        presentation_id=shown.id,
        verdict="better" if chosen else verdict,  # type: ignore[arg-type]
        chosen_id=chosen,
        now=now,
        **more,  # type: ignore[arg-type]
    )


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
