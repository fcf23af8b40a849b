"""The key row: five verdicts and undo, each stored at once; and what may go with a verdict."""

from __future__ import annotations

import time

import streamlit as st

from lab.errors import DuelGone, LabError, NotFound
from lab.judging import Annotator, Vote
from lab.preferences import verdicts
from lab.preferences.tags import MEANINGS, TAGS
from lab.preferences.verdicts import Details, Key
from lab.store import presentations, votes
from lab.types import new_id
from lab.ui import notices, resources, text
from lab.ui.judge import state
from lab.ui.judge.state import Session, Shown

ERROR, AGAIN = "judge_error", "judge_again"
STRENGTHS = {1: "slightly", 2: "clearly", 3: "by far"}
_KEYS: tuple[tuple[Key, str, str], ...] = (
    ("left", "Left is better", "1"),
    ("right", "Right is better", "2"),
    ("equally_good", "Equally good", "T"),
    ("both_bad", "Both bad", "B"),
    ("skip", "Skip", "S"),
)
SAID: dict[Key, str] = {
    "left": "left is better",
    "right": "right is better",
    "equally_good": "equally good",
    "both_bad": "both bad",
    "skip": "skipped",
}


def draw(annotator: Annotator, now: Shown, judged: int) -> None:
    """Draw the keys for the duel that is shown, and what may go with the verdict."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="keys"):
        for key, label, shortcut in _KEYS:
            st.button(
                label, key=f"{key}-{now.mark}", shortcut=shortcut, on_click=press, args=(now.mark, key),
                type="primary" if key in ("left", "right") else "secondary",
            )  # fmt: skip
        undo_button(annotator, judged)
    _details(now)


def undo_button(annotator: Annotator, judged: int) -> None:
    """Draw the key that takes the last vote back."""
    st.button(
        "Undo", key=f"undo-{judged}-{_mark()}", shortcut="U", on_click=undo, args=(annotator.id, new_id()),
        type="tertiary", disabled=not judged, help="Takes back your last vote, and the one before it, and so on.",
    )  # fmt: skip


def _mark() -> str:
    now = state.shown()
    return now.mark if now is not None else ""


def _details(now: Shown) -> None:
    mark = now.mark
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(
            "By how much", list(STRENGTHS), format_func=lambda one: STRENGTHS[one], key=f"strength-{mark}"
        )
        st.pills(
            "Why", TAGS, selection_mode="multi", key=f"tags-{mark}",
            help="  \n".join(f"{tag}: {MEANINGS[tag]}" for tag in TAGS),
        )  # fmt: skip
    with st.expander("Note, or a better answer", key=f"words-{mark}"):
        st.text_input("Note", key=f"note-{mark}", max_chars=2_000, placeholder="What decided it")
        st.text_area(
            "A better answer", key=f"better-{mark}", height=140,
            placeholder="It is stored with your verdict, and wins over the better of the two.",
        )  # fmt: skip
    st.caption("All of this is optional, and stored with the verdict. Keys are silent while you type.")


def details(mark: str) -> Details:
    """Return what was given beside the verdict so far."""
    return Details(
        strength=st.session_state.get(f"strength-{mark}"),
        tags=tuple(st.session_state.get(f"tags-{mark}") or ()),
        note=(st.session_state.get(f"note-{mark}") or "").strip(),
        better_answer=st.session_state.get(f"better-{mark}") or "",
    )


def press(mark: str, key: Key) -> None:
    """Store a verdict; where the database refuses it, the duel stays and the page says so."""
    now = state.pressed(mark)
    if now is None:
        return
    shown = now.showing.presentation
    took_ms = min(round((time.monotonic() - now.drawn_at) * 1000), 2**31 - 1)
    st.session_state.pop(ERROR, None)  # of the press before, which this one stands for
    st.session_state.pop(AGAIN, None)
    try:
        given = verdicts.give(
            resources.lab().store, mark, now.duel, shown, key,
            details=details(mark), took_ms=took_ms, now=state.clock(),
        )  # fmt: skip
    except (DuelGone, NotFound) as err:  # deleted, or not in the backup that was restored
        notices.tell(text.sentence(str(err)))
        state.put_away(now.duel.id)
        return
    except LabError as err:
        st.session_state[ERROR], st.session_state[AGAIN] = err, (mark, key)
        return
    session = state.session(shown.annotator_id)
    if given.counted:
        session.batch.append(shown.id)
        if shown.purpose == "warm_up":
            _compare(session, given.vote)
    else:
        notices.tell(_stands(given.vote))
    state.put_away(now.duel.id)


def _compare(session: Session, vote: Vote) -> None:
    """Show the others' verdicts next, once it is stored that what is said from now on is not blind."""
    try:
        presentations.reveal(resources.lab().store, [vote.presentation_id], state.clock())
    except LabError as err:
        st.session_state[ERROR] = err
    else:
        session.compare = vote.id


def _stands(vote: Vote) -> str:
    if not vote.live:
        return "You took your vote on this duel back in another tab. It comes again."
    return "You have judged this duel already, perhaps in another tab. That vote stands; change it under Mine."


def undo(annotator_id: str, undo_id: str) -> None:
    """Take back the newest vote of an annotator, and show its duel again with what was given beside it."""
    store = resources.lab().store
    session = state.session(annotator_id)
    try:
        undone = votes.undo(store, undo_id, annotator_id=annotator_id, now=state.clock())
        session.compare = None
        if undone.showing is None:
            held = f"{text.plain(undone.held_by)} has that duel now." if undone.held_by else "That duel was deleted."
            notices.tell(f"Your last vote is taken back. {held}")
            return
        state.show(undone.showing)
    except LabError as err:
        st.session_state[ERROR] = err
        return
    if undone.vote.presentation_id in session.batch:
        session.batch.remove(undone.vote.presentation_id)
    _fill_in(undone.showing.vote_id, undone.vote)
    if undone.better_answer:
        st.session_state[f"better-{undone.showing.vote_id}"] = undone.better_answer


def _fill_in(mark: str, vote: Vote) -> None:
    st.session_state[f"strength-{mark}"] = vote.strength
    st.session_state[f"tags-{mark}"] = [tag for tag in vote.tags if tag in TAGS]
    st.session_state[f"note-{mark}"] = vote.note
