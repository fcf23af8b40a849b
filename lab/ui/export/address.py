"""What is open on the page, as the address holds it: a list behind a number, a duel in it, a snapshot."""

from __future__ import annotations

import streamlit as st

from lab.ui.opened import answer as answer
from lab.ui.opened import any_open as any_open
from lab.ui.opened import close as close
from lab.ui.opened import duel as duel
from lab.ui.opened import opened as opened
from lab.ui.opened import show as show
from lab.ui.opened import show_answer as show_answer
from lab.ui.opened import show_duel as show_duel

PART, SNAPSHOT, AGAINST = "part", "snapshot", "against"
DOCTOR, PLOTS, PREVIEW, FREEZE, SNAPSHOTS = "Doctor", "Plots", "Split and preview", "Freeze", "Snapshots"
PARTS = (DOCTOR, PLOTS, PREVIEW, FREEZE, SNAPSHOTS)
FUNNEL, LOSSES, GRAPHS, SPLIT, DIFFERENCE = "funnel", "losses", "plots", "split", "difference"
LOST_THUMBS = "lost-thumbs"


def show_alone(duel_id: str | None) -> None:
    """Open a duel of a comparison, which stands in no list behind a number, or none; for callbacks."""
    close()
    if duel_id:
        show(DIFFERENCE, "duel")
        show_duel(duel_id)


def to_part(part: str) -> None:
    """Turn to a part of the page; for callbacks."""
    st.session_state[PART] = part


def snapshot() -> str:
    """Return the id of the snapshot that is open; empty where none is."""
    return st.query_params.get(SNAPSHOT, "")


def show_snapshot(snapshot_id: str | None) -> None:
    """Open a snapshot, or none; for callbacks."""
    st.query_params.pop(AGAINST, None)
    if snapshot_id:
        st.query_params[SNAPSHOT] = snapshot_id
        to_part(SNAPSHOTS)
    else:
        st.query_params.pop(SNAPSHOT, None)
