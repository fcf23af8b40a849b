"""Keeps a folder named `pages` from putting Streamlit into its old multipage mode."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def one_app() -> None:
    """First statement of a page. Where Streamlit ran the page without app.py, start again with it.

    Until `st.navigation` has run once in a process, the first visitor of a deep link such as /label gets the page file
    alone. The class is not public; a browser test opens a deep link first.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
