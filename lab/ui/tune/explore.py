"""The heatmap with the cell that is open and its prompts: a click on a cell runs this part of the page alone."""

from __future__ import annotations

import streamlit as st

from lab.forensics.tuning import Tuning
from lab.ui import notices
from lab.ui.tune import cell, heatmap
from lab.ui.tune.controls import Asked
from lab.ui.workbench import Workbench


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw the grid and what lies behind the open cell."""
    notices.apart(_draw)(bench, asked, found)


def _draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    left, right = st.columns([7, 5], gap="large")
    with left:
        heatmap.draw(bench, asked, found)
    with right:
        cell.draw(bench, asked, found)
    cell.prompts(bench, found)
