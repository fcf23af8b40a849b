"""The tabs below the recommendation; only the one that is open is worked out."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.forensics.tuning import Tuning
from lab.ui.components import fault
from lab.ui.tune import tab_calibration, tab_curve, tab_latency, tab_pareto, tab_query_types
from lab.ui.tune.controls import Asked
from lab.ui.workbench import Workbench

_TABS = {
    "Query types": tab_query_types.draw,
    "Pareto front": tab_pareto.draw,
    "Threshold curve": tab_curve.draw,
    "Calibration": tab_calibration.draw,
    "Latency": tab_latency.draw,
}


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw the tabs, and what the open one shows."""
    tabs = st.tabs(list(_TABS), key="tab", bind="query-params", on_change="rerun")
    for tab, one in zip(tabs, _TABS.values(), strict=True):
        if not tab.open:
            continue
        with tab:
            try:
                one(bench, asked, found)
            except LabError as err:
                fault(err)
