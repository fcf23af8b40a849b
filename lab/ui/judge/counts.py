"""How far the labelling is: one's own votes exactly, those of all as they were a moment ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from lab.store import Store, ballots, duels
from lab.store import queue as stored
from lab.ui import resources
from lab.ui.judge.state import Session

_FRESH_S = 5.0
_SELDOM_S = 60.0  # for what hardly ever changes
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Counted:
    """Votes of one annotator, and duels that have as many votes as they wish for; `sample`: of the sample workspace."""

    mine: int
    judged: int
    duels: int
    sample: bool


def progress(session: Session) -> Counted:
    """Return how far it is. Raises StoreError."""
    store = resources.lab().store
    sample, all_of_it = _lately(session, "all", lambda: _all(store))
    return Counted(ballots.mine(store, session.annotator_id), all_of_it.judged, all_of_it.duels, sample)


def _all(store: Store) -> tuple[bool, ballots.Progress]:
    sample = not stored.any_real(store)
    return sample, ballots.progress(store, sample=sample)


def query_types(session: Session) -> list[str]:
    """Return the query types of the duels. Raises StoreError."""
    return _lately(session, "query types", lambda: duels.query_types(resources.lab().store), _SELDOM_S)


def _lately(session: Session, name: str, count: Callable[[], _Value], fresh_s: float = _FRESH_S) -> _Value:
    """Return what was counted a moment ago: over 100,000 duels that takes longer than a vote."""
    kept = session.counted.get(name)
    if kept is None or time.monotonic() - kept[0] > fresh_s:
        kept = (time.monotonic(), count())
        session.counted[name] = kept
    return cast(_Value, kept[1])
