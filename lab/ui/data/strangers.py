"""Rows whose label is no expert of the router: how many they are, and the two ways out, mapping and making experts."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from lab.forensics.datasets import Rows, Sifted
from lab.forensics.datasets.report import foreign_labels, foreign_sentence
from lab.types import RouterConfig
from lab.ui import text
from lab.ui.data import meanings, places
from lab.ui.data.pending import KEEP, Pending


def on_the_way_in(pending: Pending, sifted: Sifted, routers: Mapping[str, RouterConfig]) -> None:
    """Say how many rows would come in with a label that is no expert of the live router."""
    if pending.meaning != KEEP:
        return
    said = _said(sifted.labels, routers["live"], "live")
    if said:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"{said} They come in as they are; make experts from the labels then, or say now which expert each "
                "label stands for.",
                width="stretch",
            )
            if pending.mapping.label is not None:
                st.button(
                    "Map them to its experts", key=f"map-{pending.id}", on_click=meanings.choose,
                    args=(pending, "live", routers),
                )  # fmt: skip


def of_rows(rows: Rows, config: RouterConfig, called: str) -> None:
    """Say how many rows of the dataset in use are labelled with no expert of the router, which is `called` so."""
    said = _said(rows.labels, config, called)
    if said:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{said} No threshold can make them right: make experts from the labels.", width="stretch")
            st.button(
                "Make experts", key="to-experts", on_click=places.go, args=(places.EXPERTS,),
                icon=":material/group_add:",
            )  # fmt: skip


def _said(labels: tuple[str | None, ...], config: RouterConfig, called: str) -> str:
    foreign = foreign_labels(labels, [expert.name for expert in config.experts])
    return text.plain(foreign_sentence(foreign, f"the {called} router")) if foreign else ""
