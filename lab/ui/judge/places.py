"""The views of the Label page, and how one leads to another. The address keeps which is open."""

from __future__ import annotations

import streamlit as st

VIEW = "label_view"
JUDGE, MINE, DUELS, PEOPLE, KEEP = "Judge", "Mine", "Duels", "People and guidelines", "Keep"
VIEWS = (JUDGE, MINE, DUELS, PEOPLE, KEEP)
VOTE = "vote"


def go(view: str) -> None:
    """Open a view; for callbacks."""
    st.session_state[VIEW] = view


def open_vote(vote_id: str) -> None:
    """Open a vote of one's own; for callbacks."""
    st.query_params[VOTE] = vote_id
    go(MINE)
