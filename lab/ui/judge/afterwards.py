"""After the verdict: what others said in the warm-up, who wrote what in a batch, and when nothing is left."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.judging import HUMAN, Annotator, Duel, Presentation, Vote
from lab.preferences import queue
from lab.preferences.queue import Options
from lab.store import annotators, ballots, duels, presentations, votes
from lab.store import queue as stored
from lab.ui import resources, tables, text
from lab.ui.judge import answers, keys, places, state


def said(vote: Vote, shown: Presentation) -> str:
    """Return a verdict as it looks from where the answers stood for somebody."""
    if vote.chosen_id is None:
        return keys.SAID[vote.verdict]  # type: ignore[index]  # without a chosen answer it is one of the other three
    return keys.SAID["left" if vote.chosen_id == shown.left_id else "right"]


def compare(annotator: Annotator, vote_id: str) -> None:
    """Draw the verdicts of others beside one's own; a change of it does not count as blind from now on."""
    store = resources.lab().store
    mine = votes.get(store, vote_id)
    shown = presentations.get(store, mine.presentation_id)
    duel = duels.get(store, mine.duel_id)
    names = {one.id: one.name for one in annotators.listed(store)}
    others = [
        vote
        for vote in ballots.of_duels(store, [mine.duel_id]).get(mine.duel_id, [])
        if vote.annotator_id != annotator.id and vote.round == 1
    ]
    with st.container(border=True, key="compare"):
        st.markdown(f"**Warm-up.** You said: {said(mine, shown)}.")
        for vote in others:
            note = f" “{text.plain(vote.note)}”" if vote.note else ""
            tags = f" ({text.plain(', '.join(vote.tags))})" if vote.tags else ""
            st.markdown(f"{text.plain(names[vote.annotator_id])}: {said(vote, shown)}{tags}.{note}")
        st.caption("Their answers stood in an order of their own; it is told as you saw it.")
        st.button(
            "Next duel", key=f"next-{vote_id}", type="primary", shortcut="N", on_click=_go_on, args=(annotator.id,)
        )
    answers.conversation(duel)
    answers.both(duel, shown)


def _go_on(annotator_id: str) -> None:
    state.session(annotator_id).compare = None


def reveal(annotator: Annotator) -> None:
    """Draw the end of a batch: on request, who wrote what."""
    session = state.session(annotator.id)
    st.markdown(f"#### {len(session.batch)} duels judged")
    if not session.revealed:
        st.markdown(
            "You can see now who wrote which answer. A verdict on these duels that you change afterwards is kept, but "
            "counts as unblinded."
        )
    else:
        _authors(annotator, session.revealed)
    with st.container(horizontal=True):
        st.button("Go on", key="batch-on", type="primary", shortcut="N", on_click=_next_batch, args=(annotator.id,))
        if not session.revealed:
            st.button("Show who wrote what", key="batch-show", on_click=_reveal, args=(annotator.id,))


def _authors(annotator: Annotator, presentation_ids: tuple[str, ...]) -> None:
    store = resources.lab().store
    found = [
        (vote, duel)
        for vote, duel in ballots.of_annotator(store, annotator.id, 200)
        if vote.presentation_id in presentation_ids
    ]
    shown = [presentations.get(store, vote.presentation_id) for vote, _ in found]
    tables.table(
        {
            "prompt": [text.one_line(duel.conversation[-1].content, 120) for _, duel in found],
            "you said": [said(vote, one) for (vote, _), one in zip(found, shown, strict=True)],
            "left": [author(duel, one.left_id) for (_, duel), one in zip(found, shown, strict=True)],
            "right": [author(duel, one.right_id) for (_, duel), one in zip(found, shown, strict=True)],
        },
        key="batch-authors",
        name="batch",
        caption="Click a row to open your vote.",
        config={"prompt": st.column_config.TextColumn(width="large")},
        on_pick=lambda place: places.open_vote(found[place][0].id),
    )


def author(duel: Duel, response_id: str) -> str:
    """Return who wrote an answer."""
    side = duel.side(response_id)
    if side.provider == HUMAN:
        return "a person"
    return " · ".join(part for part in (side.expert, side.model or side.provider) if part)


def _reveal(annotator_id: str) -> None:
    session = state.session(annotator_id)
    try:
        presentations.reveal(resources.lab().store, session.batch, state.clock())
    except LabError as err:
        st.session_state[keys.ERROR] = err
        return
    session.revealed = tuple(session.batch)


def _next_batch(annotator_id: str) -> None:
    session = state.session(annotator_id)
    session.batch, session.revealed = [], ()


def nothing_left(annotator: Annotator, judged: int, chosen: Options) -> None:
    """Draw the state without a next duel: why, and what to do."""
    store = resources.lab().store
    wanted = queue.of_what_is_there(store, chosen.wanted)
    if wanted.origin == stored.SAMPLE and not stored.any_of_sample(store):
        st.markdown("### There is nothing to judge yet")
        st.markdown(
            "A duel is two answers to one prompt. Let two experts answer your prompts, import a preference file, or "
            "send a prompt to labelling from the Route page."
        )
        st.button("Make duels", key="make-duels", type="primary", on_click=places.go, args=(places.DUELS,))
        return
    st.markdown("### Nothing is left for you")
    filtered = wanted.query_type or chosen.wanted.origin or wanted.batch_id
    st.markdown(
        "Every duel that this choice of the queue leaves has its votes, or is before somebody else. Widen the choice."
        if filtered
        else "Every duel has the votes it wishes for, or is before somebody else for ten minutes at most. Overlap, "
        "under Duels, lets duels wish for more votes."
    )
    with st.container(horizontal=True):
        st.button("Look again", key="look-again", type="primary")
        st.button("Make more duels", key="make-duels", on_click=places.go, args=(places.DUELS,))
        keys.undo_button(annotator, judged)
