"""Duels: what there is, how many votes each wishes for, and taking one away; the sample workspace as a whole."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.judging import Duel
from lab.preferences import sample
from lab.store import duels
from lab.store.row_words import counted
from lab.ui import notices, resources, tables, text
from lab.ui.components import fault
from lab.ui.judge import places, state

_SEARCH, _ERROR, _PICKED, _GONE = "d_search", "duels_error", "duels_picked", "duels_gone"
_SHARE, _WISHED = "overlap_share", "overlap_wished"
_LISTED = 300


def draw() -> None:
    """Draw the duels, newest first."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    store = resources.lab().store
    search = st.text_input("Search prompts", key=_SEARCH, bind="query-params", width=320)
    found = duels.recent(store, _LISTED, search=search)
    if not found:
        st.caption("No prompt of a duel holds that." if search else "No duels yet.")
        return
    tables.table(
        {
            "prompt": [text.one_line(duel.conversation[-1].content, 160) for duel in found],
            "query type": [duel.query_type or "" for duel in found],
            "from": [duel.origin.replace("_", " ") for duel in found],
            "sampled": [_sampled(duel) for duel in found],
            "votes": [duel.votes for duel in found],
            "wished": [duel.wished for duel in found],
            "when": [duel.created_at for duel in found],
        },
        key=tables.key_of("duels", (duel.id for duel in found)),
        name="duels",
        caption=f"The newest {len(found)} duels. Click one to judge it, to wish for more votes, or to take it away.",
        config={
            "prompt": st.column_config.TextColumn(width="large"),
            "when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_pick=lambda place: st.session_state.update({_PICKED: found[place].id}),
        height=420,
    )
    picked = next((duel for duel in found if duel.id == st.session_state.get(_PICKED)), None)
    if picked is not None:
        _picked(picked)


def _sampled(duel: Duel) -> str:
    if duel.probability is None:
        return duel.rule
    return f"{duel.rule}, p = {duel.probability:.3g}"


def _picked(duel: Duel) -> None:
    with st.container(border=True, key="picked-duel"):
        st.markdown(f"**{text.plain(text.one_line(duel.conversation[-1].content, 200))}**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.button("Judge it", key=f"judge-{duel.id}", type="primary", on_click=_judge, args=(duel.id,))
            key = f"wish-{duel.id}"
            st.number_input("Votes wished for", 1, 50, duel.wished, key=key, width=160)
            st.button("Set", key=f"set-{duel.id}", on_click=_wish, args=(duel.id, key))
            st.button("Take it away", key=f"delete-{duel.id}", on_click=_delete, args=(duel,), type="tertiary")


def _judge(duel_id: str) -> None:
    st.query_params[state.DUEL] = duel_id
    places.go(places.JUDGE)


def _wish(duel_id: str, key: str) -> None:
    try:
        duels.wish(resources.lab().store, [duel_id], int(st.session_state[key]))
    except LabError as err:
        st.session_state[_ERROR] = err


def _delete(duel: Duel) -> None:
    try:
        duels.delete(resources.lab().store, duel.id)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state[_GONE] = duel.id
    notices.tell("The duel is taken away, and its votes count nowhere.")


def bring_back() -> None:
    """Offer to bring back the duel that was taken away last."""
    gone = st.session_state.get(_GONE)
    if gone:
        st.button("Bring the last one back", key=f"back-{gone}", on_click=_bring_back, args=(gone,))


def _bring_back(duel_id: str) -> None:
    try:
        duels.bring_back(resources.lab().store, duel_id)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state.pop(_GONE, None)
    notices.tell("The duel is back, and its votes count again.")


def overlap() -> None:
    """Draw how many votes the duels wish for, all at once."""
    with st.popover("Overlap"):
        st.caption(
            "Agreement can only be told from duels that several people judged. A fifth of them, with two votes "
            "each, is a good beginning."
        )
        st.slider("Share of the duels", 5, 100, 20, 5, format="%d %%", key=_SHARE)
        st.number_input("Votes for each of them", 1, 20, 2, key=_WISHED)
        st.button("Apply", key="overlap", on_click=_overlap)


def _overlap() -> None:
    share, wished = int(st.session_state[_SHARE]), int(st.session_state[_WISHED])
    try:
        changed = duels.wish_share(resources.lab().store, share / 100, wished)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    notices.tell(f"{changed:,} duels wish for {wished} votes now.")


def of_sample() -> None:
    """Offer to take the sample workspace away, or to add it."""
    store = resources.lab().store
    if not sample.present(store):
        st.button("Add the sample workspace", key="sample-add", on_click=_add_sample, type="tertiary")
        return
    with st.popover("Sample workspace"):
        rows = sample.would_remove(store)
        own = rows.votes_of_others + rows.answers_of_others
        st.markdown(
            f"{rows.duels} duels, {rows.annotators} annotators and {rows.votes} votes, written with the lab, so that "
            "every page shows something on a first run."
        )
        if own:
            st.warning(
                f"With them go {counted(rows.votes_of_others, 'vote')} and {counted(rows.answers_of_others, 'answer')} "
                "that people gave on them."
            )
        if rows.frozen:
            st.warning(
                f"{counted(rows.frozen, 'row')} of snapshots come from them. Those snapshots keep the rest and say how "
                "many are gone; what was written of them stays as files."
            )
        st.button("Remove it", key="sample-remove", on_click=_remove_sample)


def _remove_sample() -> None:
    try:
        sample.remove(resources.lab().store)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    state.put_away("")
    notices.tell("The sample workspace is removed.")


def _add_sample() -> None:
    try:
        sample.add(resources.lab().store)
    except LabError as err:
        st.session_state[_ERROR] = err
