"""What is open on the page, as the address holds it: a list behind a number, a duel in it, and one on the desk."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from lab.ui import opened as behind
from lab.ui.opened import any_open as any_open
from lab.ui.opened import close as close
from lab.ui.opened import duel as duel
from lab.ui.opened import opened as opened
from lab.ui.opened import show_duel as show_duel

Place = Literal["numbers", "annotators", "bias", "ratings"]
PART, DESK = "part", "desk"
ANNOTATORS, DISAGREEMENTS, BIAS, RATINGS = "Annotators", "Disagreements", "Bias", "Ratings"
PARTS = (ANNOTATORS, DISAGREEMENTS, BIAS, RATINGS)


def show(place: Place, kind: str, *about: str) -> None:
    """Open the list behind a number, at a place of the page; what it is and about as `ballots_behind` takes it."""
    behind.show(place, kind, *about)
    if place in ("bias", "ratings"):
        st.toast("The votes are listed at the end of this part.")


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
