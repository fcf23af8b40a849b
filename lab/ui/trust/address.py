"""What is open on the page, as the address holds it: a list behind a number, a duel in it, and one on the desk."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, unquote

import streamlit as st

Place = Literal["numbers", "annotators", "bias", "ratings"]
PART, OPEN, DUEL, DESK = "part", "open", "duel", "desk"
ANNOTATORS, DISAGREEMENTS, BIAS, RATINGS = "Annotators", "Disagreements", "Bias", "Ratings"
PARTS = (ANNOTATORS, DISAGREEMENTS, BIAS, RATINGS)
_BETWEEN = "|"


def show(place: Place, kind: str, *about: str) -> None:
    """Open the list behind a number, at a place of the page; what it is and about as `ballots_behind` takes it."""
    st.query_params[OPEN] = _BETWEEN.join(quote(one, safe="") for one in (place, kind, *about))
    st.query_params.pop(DUEL, None)
    if place in ("bias", "ratings"):
        st.toast("The votes are listed at the end of this part.")


def opened(place: Place) -> tuple[str, ...] | None:
    """Return the kind of the list that is open at a place, and what it is about; None where none is."""
    at, *rest = (unquote(one) for one in st.query_params.get(OPEN, "").split(_BETWEEN))
    return tuple(rest) if at == place and rest else None


def any_open() -> bool:
    """Tell whether a list is open anywhere."""
    return bool(st.query_params.get(OPEN))


def close() -> None:
    """Close the list and the duel."""
    st.query_params.pop(OPEN, None)
    st.query_params.pop(DUEL, None)


def duel() -> str:
    """Return the id of the open duel; empty where none is."""
    return st.query_params.get(DUEL, "")


def show_duel(duel_id: str | None) -> None:
    """Open a duel, or none."""
    if duel_id:
        st.query_params[DUEL] = duel_id
    else:
        st.query_params.pop(DUEL, None)


def on_desk() -> str:
    """Return the id of the duel on the desk; empty where the address names none."""
    return st.query_params.get(DESK, "")


def put_on_desk(duel_id: str | None) -> None:
    """Put a duel on the desk, or leave what lies there to the page."""
    if duel_id:
        st.query_params[DESK] = duel_id
    else:
        st.query_params.pop(DESK, None)


def to_part(part: str) -> None:
    """Turn to a part of the page; for callbacks."""
    st.session_state[PART] = part
    close()
