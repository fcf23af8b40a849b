"""Mine: every vote of the annotator, searched, opened, changed, with its history."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from lab.errors import LabError
from lab.judging import Annotator, Duel, Presentation, Verdict, Vote
from lab.preferences import verdicts
from lab.preferences.tags import TAGS
from lab.preferences.verdicts import Key
from lab.store import ballots, duels, presentations, votes
from lab.types import new_id
from lab.ui import notices, resources, tables, text
from lab.ui.components import fault
from lab.ui.judge import answers, keys, places, state
from lab.ui.judge.afterwards import said

_SEARCH, _VERDICT, _ERROR = "m_search", "m_verdict", "mine_error"
_LISTED = 200
_CHOICES: tuple[Key, ...] = get_args(Key)


def draw(annotator: Annotator) -> None:
    """Draw the annotator's votes, and the one that the address names."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    vote_id = st.query_params.get(places.VOTE)
    if vote_id:
        _opened(annotator, vote_id)
    store = resources.lab().store
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search prompts and notes", key=_SEARCH, bind="query-params", width=320)
        verdict = st.selectbox(
            "Verdict", ["", *get_args(Verdict)], format_func=lambda one: one.replace("_", " ") or "every verdict",
            key=_VERDICT, bind="query-params", width=180,
        )  # fmt: skip
    found = ballots.of_annotator(store, annotator.id, _LISTED, search=search, verdict=verdict or None)
    if not found:
        st.caption("No vote of yours holds that." if search or verdict else "No vote yet. Every one is kept here.")
        return
    shown = [presentations.get(store, vote.presentation_id) for vote, _ in found]
    tables.table(
        {
            "when": [vote.created_at for vote, _ in found],
            "prompt": [text.one_line(duel.conversation[-1].content, 160) for _, duel in found],
            "you said": [said(vote, one) for (vote, _), one in zip(found, shown, strict=True)],
            "by how much": [keys.STRENGTHS.get(vote.strength or 0, "") for vote, _ in found],
            "why": [", ".join(vote.tags) for vote, _ in found],
            "note": [vote.note for vote, _ in found],
            "marks": [_marks(vote, duel) for vote, duel in found],
        },
        key=tables.key_of("mine", (vote.id for vote, _ in found)),
        name="my-votes",
        caption=f"Your last {len(found)} votes, newest first. Click one to read it again, or to change it.",
        config={
            "when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "prompt": st.column_config.TextColumn(width="large"),
        },
        on_pick=lambda place: places.open_vote(found[place][0].id),
        height=520,
    )


def _marks(vote: Vote, duel: Duel) -> str:
    marks = [
        "repeat" if vote.round > 1 else "",
        "not blind" if vote.unblinded else "",
        "your text" if duel.origin == "edit" else "",
        "sample" if duel.origin == "sample" else "",
    ]
    return ", ".join(mark for mark in marks if mark)


def _opened(annotator: Annotator, vote_id: str) -> None:
    store = resources.lab().store
    try:
        vote = votes.get(store, vote_id)
        duel = duels.get(store, vote.duel_id)
        shown = presentations.get(store, vote.presentation_id)
    except LabError as err:
        fault(err)
        st.button("Close", key="close-missing", on_click=_close)
        return
    if vote.annotator_id != annotator.id:
        st.warning("That vote is somebody else's. Under Trust you see it beside the others.")
        st.button("Close", key="close-foreign", on_click=_close)
        return
    answers.conversation(duel)
    answers.both(duel, shown)
    if vote.live:
        _change(annotator, vote, shown)
    else:
        st.info("You took this vote back.")
    _history(vote, shown)
    st.button("Close", key=f"close-{vote.id}", on_click=_close)
    st.divider()


def _close() -> None:
    st.query_params.pop(places.VOTE, None)


def _change(annotator: Annotator, vote: Vote, shown: Presentation) -> None:
    now: Key = vote.verdict if vote.chosen_id is None else "left" if vote.chosen_id == shown.left_id else "right"  # type: ignore[assignment]
    mark = f"{vote.id}-{len(votes.history(resources.lab().store, vote.id))}"
    with st.form(f"change-{mark}", border=False):
        st.segmented_control(
            "Verdict", _CHOICES, default=now, format_func=lambda one: keys.SAID[one], required=True, key=f"is-{mark}"
        )
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            st.segmented_control(
                "By how much", list(keys.STRENGTHS), default=vote.strength, key=f"is-strength-{mark}",
                format_func=lambda one: keys.STRENGTHS[one],
            )  # fmt: skip
            st.pills(
                "Why", TAGS, selection_mode="multi", default=[tag for tag in vote.tags if tag in TAGS],
                key=f"is-tags-{mark}",
            )  # fmt: skip
        st.text_input("Note", value=vote.note, key=f"is-note-{mark}", max_chars=2_000)
        if shown.revealed_at is not None:
            st.caption("You have seen who wrote these, or what others said: a changed verdict counts as unblinded.")
        st.form_submit_button("Save the change", on_click=_save, args=(annotator.id, vote, shown, mark, new_id()))


def _save(annotator_id: str, vote: Vote, shown: Presentation, mark: str, event_id: str) -> None:
    said_now: Key = st.session_state[f"is-{mark}"]
    verdict, chosen_id = verdicts.meaning(said_now, shown)
    try:
        votes.edit(
            resources.lab().store, event_id, vote.id, annotator_id=annotator_id, verdict=verdict, chosen_id=chosen_id,
            strength=st.session_state[f"is-strength-{mark}"], tags=tuple(st.session_state[f"is-tags-{mark}"] or ()),
            note=(st.session_state[f"is-note-{mark}"] or "").strip(), now=state.clock(),
        )  # fmt: skip
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    notices.tell("The change is stored; what you said before is kept in the history.")


def _history(vote: Vote, shown: Presentation) -> None:
    happened = votes.history(resources.lab().store, vote.id)
    with st.expander(f"History, {len(happened)} entr{'y' if len(happened) == 1 else 'ies'}"):
        for event in happened:
            after = "" if event.after is None else f": {_told(dict(event.after), shown)}"
            st.markdown(f"{event.created_at:%Y-%m-%d %H:%M:%S} {event.kind}{after}")


def _told(what: dict[str, object], shown: Presentation) -> str:
    chosen = what.get("chosen_id")
    key = "left" if chosen == shown.left_id else "right" if chosen else what.get("verdict")
    rest = [
        keys.STRENGTHS.get(what.get("strength"), ""),  # type: ignore[call-overload]
        ", ".join(map(str, what.get("tags") or [])),  # type: ignore[call-overload]
        f"“{what['note']}”" if what.get("note") else "",
    ]
    return text.plain("; ".join([keys.SAID.get(key, str(key)), *(part for part in rest if part)]))  # type: ignore[call-overload]
