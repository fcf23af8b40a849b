"""What is open on a page, as the address holds it: the list behind a number, at the place where it was clicked, and a
duel in it.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

OPEN, DUEL = "open", "duel"
_BETWEEN = "|"


def show(place: str, kind: str, *about: str) -> None:
    """Open the list behind a number, at a place of the page; what it is and about; for callbacks."""
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
