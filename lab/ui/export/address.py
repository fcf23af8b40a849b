"""What is open on the page, as the address holds it: a list behind a number, a duel in it, a snapshot."""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

PART, OPEN, DUEL, SNAPSHOT, AGAINST = "part", "open", "duel", "snapshot", "against"
DOCTOR, PLOTS, PREVIEW, FREEZE, SNAPSHOTS = "Doctor", "Plots", "Split and preview", "Freeze", "Snapshots"
PARTS = (DOCTOR, PLOTS, PREVIEW, FREEZE, SNAPSHOTS)
FUNNEL, LOSSES, GRAPHS, SPLIT, DIFFERENCE = "funnel", "losses", "plots", "split", "difference"
_BETWEEN = "|"


def show(place: str, kind: str, *about: str) -> None:
    """Open the list of duels behind a number, at the place where it was clicked; for callbacks.

    Kind and about are as `behind.duels_behind` takes them.
    """
    st.query_params[OPEN] = _BETWEEN.join(quote(one, safe="") for one in (place, kind, *about))
    st.query_params.pop(DUEL, None)


def opened(place: str) -> tuple[str, ...] | None:
    """Return the kind of the list that is open at a place, and what it is about; None where none is."""
    at, *found = (unquote(one) for one in st.query_params.get(OPEN, "").split(_BETWEEN))
    return tuple(found) if at == place and found else None


def any_open() -> bool:
    """Tell whether a list is open anywhere on the page."""
    return bool(st.query_params.get(OPEN))


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
