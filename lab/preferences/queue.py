"""What an annotator sees next: what is open, a warm-up, a repeat of one's own, or the next duel of the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import randbits

from lab.store import Store, rounds
from lab.store import queue as stored
from lab.store.presentations import Showing
from lab.store.queue import Place, Wanted
from lab.types import new_id

WARM_UP = 6
"""The first showings of a newcomer are of duels that most others have judged."""

REPEATS = 50
"""About so many repeats tell how consistent somebody is; until then they come often."""

REPEAT_AFTER = timedelta(hours=4)
"""A duel is shown again only so long after it was judged: sooner, one remembers."""

OFTEN, SELDOM = 5, 25  # showings between two repeats, before and after REPEATS


@dataclass(frozen=True, slots=True)
class Options:
    """What an annotator chose."""

    wanted: Wanted = field(default_factory=Wanted)
    warm_up: bool = True
    repeats: bool = True


@dataclass(frozen=True, slots=True)
class Next:
    """What is shown next. `place` is where the walk through the queue goes on; None leaves it where it was."""

    showing: Showing
    place: Place | None = None


def next_showing(
    store: Store,
    annotator_id: str,
    options: Options,
    *,
    clock: Callable[[], datetime],
    after: Place | None = None,
    seed: Callable[[], int] = lambda: randbits(32),
) -> Next | None:
    """Return what an annotator sees next, leased to them; None when nothing is left. Raises StoreError."""
    held = stored.held(store, annotator_id, clock())
    if held is not None:
        return Next(held)
    wanted = of_what_is_there(store, options.wanted)
    return (
        (_warm_up(store, annotator_id, wanted, clock(), seed()) if options.warm_up else None)
        or (_repeat(store, annotator_id, clock(), seed()) if options.repeats else None)
        or _from_queue(store, annotator_id, wanted, clock(), seed(), after)
    )


def of_what_is_there(store: Store, wanted: Wanted) -> Wanted:
    """Return what is wanted, of the sample workspace where the store has nothing else."""
    if wanted.origin is None and not stored.any_real(store):
        return replace(wanted, origin=stored.SAMPLE)
    return wanted


def _warm_up(store: Store, annotator_id: str, wanted: Wanted, now: datetime, seed: int) -> Next | None:
    if rounds.begun(store, annotator_id, WARM_UP) >= WARM_UP:
        return None
    duel_id = rounds.shared(store, annotator_id, wanted)
    if duel_id is None:
        return None
    return Next(
        stored.lease(store, new_id(), duel_id=duel_id, annotator_id=annotator_id, seed=seed, purpose="warm_up", now=now)
    )


def _repeat(store: Store, annotator_id: str, now: datetime, seed: int) -> Next | None:
    stands = rounds.repeats(store, annotator_id, SELDOM)
    if stands.since < (OFTEN if stands.shown < REPEATS else SELDOM):
        return None
    duel_id = rounds.repeatable(store, annotator_id, now - REPEAT_AFTER, seed)
    if duel_id is None:
        return None
    return Next(
        stored.lease(
            store, new_id(), duel_id=duel_id, annotator_id=annotator_id, round_=2, seed=seed, purpose="repeat", now=now
        )
    )


def _from_queue(
    store: Store, annotator_id: str, wanted: Wanted, now: datetime, seed: int, after: Place | None
) -> Next | None:
    leased = stored.lease_next(
        store, new_id(), annotator_id=annotator_id, wanted=wanted, now=now, seed=seed, after=after
    )
    return None if leased is None else Next(leased.showing, leased.place)
