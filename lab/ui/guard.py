"""Keeps a folder named `pages` from putting Streamlit into its old multipage mode."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

_LET_IN = "let_in_by_the_frame"


def one_app() -> None:
    """First statement of a page. Where Streamlit ran the page without app.py, start again with it.

    Until `st.navigation` has run once in a process, the first visitor of a deep link such as /label gets the page file
    alone. The class is not public; a browser test opens a deep link first. A page also goes nowhere before app.py has
    let this visitor in once, whatever the other visitors' runs have set meanwhile.
    """
    if PagesManager.uses_pages_directory or not st.session_state.get(_LET_IN):
        PagesManager.uses_pages_directory = False
        st.rerun()


def let_in() -> None:
    """Say, at the end of the frame, that this visitor may see pages."""
    st.session_state[_LET_IN] = True
