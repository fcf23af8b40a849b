"""Small parts that every page uses."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.ui.text import sentence


def fault(err: LabError, *, title: str | None = None) -> None:
    """Show an error of the lab: its message is the sentence for the person."""
    st.error(sentence(str(err)), title=title)
