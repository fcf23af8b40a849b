"""Judging: one duel after the other, a key press each."""

from __future__ import annotations

import time
from secrets import randbits

import streamlit as st

from lab.errors import LabError
from lab.judging import Annotator
from lab.preferences import queue
from lab.preferences.queue import Options
from lab.preferences.verdicts import Key
from lab.store import ballots, presentations
from lab.store import queue as stored
from lab.types import new_id
from lab.ui import notices, people, resources
from lab.ui.components import fault
from lab.ui.judge import afterwards, answers, counts, guide, keys, options, places, state
from lab.ui.judge.state import Shown

_RENEW_S = 60.0


def draw(annotator: Annotator) -> None:
    """Draw what this annotator judges next. A key runs this part alone, not the whole page."""
    notices.apart(_draw)(annotator)


def _draw(annotator: Annotator) -> None:
    try:
        here = people.current()  # this part runs alone: somebody removed, or with another PIN, is not to go on in it
        if here is None or here.id != annotator.id:
            st.rerun()
        _judge(annotator)
    except LabError as err:
        fault(err)
        st.button("Try again", key="judge-again", type="primary")


def _judge(annotator: Annotator) -> None:
    session = state.session(annotator.id)
    with st.container(horizontal=True, vertical_alignment="center", key="judge-bar"):
        judged = _progress(annotator)
        about = st.container(horizontal=True, width="content", gap="xsmall")
        shows_guide = guide.toggle()
        chosen, reveal = options.draw(counts.query_types(session))
    if shows_guide:
        guide.draw()
    _error()
    if session.compare is not None:
        afterwards.compare(annotator, session.compare)
        keys.undo_button(annotator, judged)
        return
    if reveal and len(session.batch) >= options.BATCH:
        afterwards.reveal(annotator)
        return
    now = _now(annotator, chosen, judged)
    if now is None:
        return
    with about:
        answers.marks(now.duel)
    if people.has_seen_authors(now.duel.id):
        _not_blind(now)
    answers.conversation(now.duel)
    answers.both(now.duel, now.showing.presentation)
    keys.draw(annotator, now, judged)
    state.drawn(now)


def _progress(annotator: Annotator) -> int:
    """Draw how far it is, thinly, and return how many votes of this annotator there are."""
    counted = counts.progress(state.session(annotator.id))
    share = counted.judged / counted.duels if counted.duels else 0.0
    kind = "sample duels" if counted.sample else "duels"
    st.progress(min(1.0, share), f"You: {counted.mine:,} · all: {counted.judged:,} of {counted.duels:,} {kind}")
    return counted.mine


def _error() -> None:
    """Say that a vote was not stored, and offer to store it again."""
    err = st.session_state.get(keys.ERROR)
    if err is None:
        return
    again = st.session_state.get(keys.AGAIN)
    fault(err, title="Not stored" if again else None)
    with st.container(horizontal=True):
        if again:
            st.button("Store it now", key=f"again-{again[0]}", type="primary", on_click=_again, args=again)
        st.button("Leave it", key="judge-leave", on_click=_leave)


def _again(mark: str, key: Key) -> None:
    _leave()
    keys.press(mark, key)


def _leave() -> None:
    st.session_state.pop(keys.ERROR, None)
    st.session_state.pop(keys.AGAIN, None)


def _now(annotator: Annotator, chosen: Options, judged: int) -> Shown | None:
    """Return the duel to judge: the one that the address names, the one that is shown, or the next; None said why."""
    store = resources.lab().store
    now = state.shown()
    named = state.named()
    if named is not None:
        return _named(annotator, named)
    if now is not None:
        _keep(now)
        return now
    found = queue.next_showing(store, annotator.id, chosen, clock=state.clock, after=state.place(annotator.id, chosen))
    if found is None:
        st.query_params.pop(state.DUEL, None)
        afterwards.nothing_left(annotator, judged, chosen)
        return None
    state.remember(found, annotator.id, chosen)
    return state.show(found.showing)


def _not_blind(now: Shown) -> None:
    """Say and store, before any verdict, that who sits here has seen the authors on the Route page."""
    presentations.reveal(resources.lab().store, [now.showing.presentation.id], state.clock())
    st.caption("You have seen on the Route page who wrote these: your verdict counts as not blind.")


def _keep(now: Shown) -> None:
    """Renew the lease of whoever is still there, once a minute."""
    if time.monotonic() - now.renewed_at > _RENEW_S:
        try:
            presentations.renew(resources.lab().store, now.showing.presentation.id, state.clock())
        except LabError as err:  # the duel stays, with what was written beside it
            fault(err)
        state.renewed(now)


def _named(annotator: Annotator, duel_id: str) -> Shown | None:
    """Lease the duel that the address names; where it was judged, or cannot be, say so and offer the way on."""
    store = resources.lab().store
    state.put_away(duel_id)
    votes = ballots.of_duels(store, [duel_id]).get(duel_id, [])
    mine = next((vote for vote in votes if vote.annotator_id == annotator.id and vote.round == 1), None)
    if mine is None:
        try:
            showing = stored.lease(
                store, new_id(), duel_id=duel_id, annotator_id=annotator.id, seed=randbits(32), now=state.clock()
            )
            return state.show(showing)
        except LabError as err:
            fault(err)
    else:
        st.info("You have judged this duel; your vote stands.")
    with st.container(horizontal=True):
        st.button("Go on", key=f"on-{duel_id}", type="primary")
        if mine is not None:
            st.button("Look at it", key=f"mine-{duel_id}", on_click=places.open_vote, args=(mine.id,))
    return None
