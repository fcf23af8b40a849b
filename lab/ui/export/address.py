"""What is open on the page, as the address holds it: a list behind a number, a duel in it, a snapshot."""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

PART, OPEN, DUEL, SNAPSHOT, AGAINST = "part", "open", "duel", "snapshot", "against"
DOCTOR, PLOTS, PREVIEW, FREEZE, SNAPSHOTS = "Doctor", "Plots", "Split and preview", "Freeze", "Snapshots"
PARTS = (DOCTOR, PLOTS, PREVIEW, FREEZE, SNAPSHOTS)
_BETWEEN = "|"


def show(kind: str, *about: str) -> None:
    """Open the list of duels behind a number, as `behind.duels_behind` takes it; for callbacks."""
    st.query_params[OPEN] = _BETWEEN.join(quote(one, safe="") for one in (kind, *about))
    st.query_params.pop(DUEL, None)


def opened() -> tuple[str, ...] | None:
    """Return the kind of the list that is open, and what it is about; None where none is."""
    found = tuple(unquote(one) for one in st.query_params.get(OPEN, "").split(_BETWEEN))
    return found if found[0] else None


def close() -> None:
    """Close the list and the duel; for callbacks."""
    st.query_params.pop(OPEN, None)
    st.query_params.pop(DUEL, None)


def duel() -> str:
    """Return the id of the open duel; empty where none is."""
    return st.query_params.get(DUEL, "")


def show_duel(duel_id: str | None) -> None:
    """Open a duel, or none; for callbacks."""
    if duel_id:
        st.query_params[DUEL] = duel_id
    else:
        st.query_params.pop(DUEL, None)


def snapshot() -> str:
    """Return the id of the snapshot that is open; empty where none is."""
    return st.query_params.get(SNAPSHOT, "")


def show_snapshot(snapshot_id: str | None) -> None:
    """Open a snapshot, or none; for callbacks."""
    st.query_params.pop(AGAINST, None)
    if snapshot_id:
        st.query_params[SNAPSHOT] = snapshot_id
        st.session_state[PART] = SNAPSHOTS
    else:
        st.query_params.pop(SNAPSHOT, None)
