"""What is open on a page, as the address holds it: the list behind a number, at the place where it was clicked, and a
duel, or an answer with a thumb, in it.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

OPEN, DUEL, ANSWER = "open", "duel", "answer"
_BETWEEN = "|"


def show(place: str, kind: str, *about: str) -> None:
    """Open the list behind a number, at a place of the page; what it is and about; for callbacks."""
    close()
    st.query_params[OPEN] = _BETWEEN.join(quote(one, safe="") for one in (place, kind, *about))


def opened(place: str) -> tuple[str, ...] | None:
    """Return the kind of the list that is open at a place, and what it is about; None where none is."""
    at, *found = (unquote(one) for one in st.query_params.get(OPEN, "").split(_BETWEEN))
    return tuple(found) if at == place and found else None


def any_open() -> bool:
    """Tell whether a list is open anywhere on the page."""
    return bool(st.query_params.get(OPEN))


def close() -> None:
    """Close the list and what is open in it; for callbacks."""
    for name in (OPEN, DUEL, ANSWER):
        st.query_params.pop(name, None)


def duel() -> str:
    """Return the id of the open duel; empty where none is."""
    return st.query_params.get(DUEL, "")


def show_duel(duel_id: str | None) -> None:
    """Open a duel, or none; for callbacks."""
    _show(DUEL, duel_id)


def answer() -> str:
    """Return the id of the open answer; empty where none is."""
    return st.query_params.get(ANSWER, "")


def show_answer(response_id: str | None) -> None:
    """Open an answer, or none; for callbacks."""
    _show(ANSWER, response_id)


def _show(name: str, one: str | None) -> None:
    if one:
        st.query_params[name] = one
    else:
        st.query_params.pop(name, None)
