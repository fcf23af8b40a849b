"""What this session has before it: the duel that is judged, and what was judged since the batch began."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import streamlit as st

from lab.judging import Duel
from lab.preferences.queue import Next, Options
from lab.store import duels
from lab.store.presentations import Showing
from lab.store.queue import Place, Wanted
from lab.ui import resources

DUEL = "duel"
EARLY_S = 0.25
"""A key that comes sooner than this after a duel appeared was meant for the one before it."""

_PLACE_S = 60.0  # then the walk begins at the front again: duels came, leases ended
_SHOWN, _DONE, _SESSION = "judge_shown", "judge_done", "judge_session"


@dataclass(frozen=True, slots=True)
class Shown:
    """A duel before the annotator; `vote_id` is what any key pressed on it is stored under."""

    showing: Showing
    duel: Duel
    drawn_at: float  # monotonic seconds; 0 before it is drawn
    renewed_at: float

    @property
    def mark(self) -> str:
        """The id of the vote that it waits for."""
        return self.showing.vote_id


@dataclass(slots=True)
class Session:
    """What happened since this annotator began here."""

    annotator_id: str
    places: dict[Wanted, tuple[Place, float]] = field(default_factory=dict)  # where the walk goes on, and since when
    batch: list[str] = field(default_factory=list)  # presentations judged since the last reveal
    compare: str | None = None  # the warm-up vote beside which the others' are shown
    revealed: tuple[str, ...] = ()  # presentations of a batch whose authors are shown
    counted: dict[str, tuple[float, object]] = field(default_factory=dict)  # what is counted anew every few seconds


def session(annotator_id: str) -> Session:
    """Return the session of an annotator; another one's is forgotten."""
    found: Session | None = st.session_state.get(_SESSION)
    if found is None or found.annotator_id != annotator_id:
        found = Session(annotator_id)
        st.session_state[_SESSION] = found
        st.session_state.pop(_SHOWN, None)
    return found


def shown() -> Shown | None:
    """Return the duel that is before the annotator."""
    found: Shown | None = st.session_state.get(_SHOWN)
    return found


def show(showing: Showing, duel: Duel | None = None) -> Shown:
    """Put a duel before the annotator, and its id into the address. Raises NotFound."""
    duel = duel or duels.get(resources.lab().store, showing.presentation.duel_id)
    found = Shown(showing, duel, 0.0, time.monotonic())
    st.session_state[_SHOWN] = found
    st.query_params[DUEL] = duel.id
    return found


def put_away(duel_id: str) -> None:
    """Take the duel away from before the annotator. The address names it until the next one, so that Back finds it."""
    st.session_state.pop(_SHOWN, None)
    st.session_state[_DONE] = duel_id


def named() -> str | None:
    """Return the duel that the address asks for; None where it names what is before the annotator, or was just done.

    Back to the duel that was just done looks like a second press that came with the address of before the first: the
    duel that is before the annotator stays, and a sentence says what stands.
    """
    asked = st.query_params.get(DUEL)
    now = shown()
    if now is not None and asked == st.session_state.get(_DONE):
        st.query_params[DUEL] = now.duel.id
        if now.drawn_at and time.monotonic() - now.drawn_at >= EARLY_S:
            st.toast("You have judged the duel before this one; your vote stands. Undo takes it back.")
        return None
    here = st.session_state.get(_DONE) if now is None else now.duel.id
    return asked if asked and asked != here else None


def drawn(now: Shown) -> None:
    """Say that the page with its keys stands: from here the time to the verdict counts."""
    if not now.drawn_at and st.session_state.get(_SHOWN) is now:
        st.session_state[_SHOWN] = replace(now, drawn_at=time.monotonic())


def renewed(now: Shown) -> None:
    """Say that its lease was renewed."""
    st.session_state[_SHOWN] = replace(now, renewed_at=time.monotonic())


def pressed(mark: str) -> Shown | None:
    """Return the duel that a key was pressed on; None for one that is over, or that has only just begun."""
    now = shown()
    if now is None or now.mark != mark or not now.drawn_at or time.monotonic() - now.drawn_at < EARLY_S:
        return None
    return now


def place(annotator_id: str, options: Options) -> Place | None:
    """Return where the walk through the queue goes on; None where what came before it may be worth a look again."""
    kept = session(annotator_id).places.get(options.wanted)
    return kept[0] if kept is not None and time.monotonic() - kept[1] < _PLACE_S else None


def remember(found: Next, annotator_id: str, options: Options) -> None:
    """Keep where the walk through the queue goes on, from the last time that it began at the front."""
    places = session(annotator_id).places
    if found.place is not None:
        since = places[options.wanted][1] if place(annotator_id, options) is not None else time.monotonic()
        places[options.wanted] = (found.place, since)


def clock() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)
