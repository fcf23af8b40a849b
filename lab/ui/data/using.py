"""What the page works on: the dataset in use, without encoding it, and the routers; and what a first visitor reads."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError, NotFound
from lab.forensics.datasets import load
from lab.types import RouterConfig
from lab.ui import resources, workbench
from lab.ui.components import fault
from lab.ui.data import importing, manage, places
from lab.ui.workbench import Workbench


def opened() -> Workbench:
    """Return the workbench with the dataset in use; its prompts are encoded only where somebody asks for it.

    Where the rows cannot be read, say why, offer what can still be done, and stop the page.
    """
    lab = resources.lab()
    chosen = workbench.dataset()
    try:
        if chosen is None:
            raise NotFound("There is no dataset any more; another tab deleted it. Add one.")
        workbench.in_address(chosen)
        with st.spinner(f"Reading {chosen.rows:,} rows …"):
            rows = load(lab.store, lab.settings.data_dir, chosen.id)
        return Workbench(lab, rows, lab.routers.live(), lab.drafting.current())
    except LabError as err:
        fault(err)
        if chosen is not None:
            manage.draw(chosen, None)
        st.stop()


def routers() -> dict[str, RouterConfig]:
    """Return the live router's configuration and, where there is one, the draft's."""
    lab = resources.lab()
    draft = lab.drafting.current()
    found = {"live": lab.routers.live().version.config}
    return found if draft is None else found | {"draft": draft.config}


def teach() -> None:
    """Say, where there is no dataset, what one is for, and what to do."""
    st.markdown("### There is no dataset yet")
    st.markdown(
        "A dataset is a list of prompts, each with the expert that should get it, or none. The lab searches thresholds "
        "on a part of it, judges them on another, and keeps a quarter for the end."
    )
    importing.built_in()


def welcome() -> None:
    """Say, where there is only what the lab ships, what to do with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "These prompts were written for the lab. Figures that matter come from your own: add a file, or correct "
            "prompts on the Route page.",
            width="stretch",
        )
        st.button(
            "Add your prompts", key="to-add", on_click=places.go, args=(places.ADD,), type="primary",
            icon=":material/add:",
        )  # fmt: skip
