"""Which duels come, and in which order: kept in the address."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from lab.preferences.queue import WARM_UP, Options
from lab.store.queue import Order, Wanted

BATCH = 20
"""Judged duels after which the annotator may learn who wrote what."""

_LABELS = {"random": "at random", "hardest": "hardest first"}
_ORIGINS = {
    "": "every origin",
    "bulk": "generated",
    "route": "sent from Route",
    "thumbs_down": "thumbs down",
    "import": "imported",
    "sample": "sample workspace",
}
ORDER, ORIGIN, TYPE, WARM, REPEATS, REVEAL = "l_order", "l_origin", "l_type", "l_warm_up", "l_repeats", "l_reveal"


def draw(query_types: list[str]) -> tuple[Options, bool]:
    """Draw the choices, folded, and return them, and whether authors are shown at the end of a batch."""
    with st.popover("Queue", icon=":material/tune:"):
        order = st.segmented_control(
            "Order", get_args(Order), default="random", format_func=lambda one: _LABELS[one], required=True, key=ORDER,
            bind="query-params",
            help="Hardest first teaches most, but ratings and agreement need duels that chance picked.",
        )  # fmt: skip
        origin = st.selectbox(
            "Duels", list(_ORIGINS), format_func=lambda one: _ORIGINS[one], key=ORIGIN, bind="query-params"
        )
        query_type = st.selectbox(
            "Query type", ["", *query_types], format_func=lambda one: one or "every query type", key=TYPE,
            bind="query-params",
        )  # fmt: skip
        warm_up = st.toggle(
            "Warm-up", value=True, key=WARM, bind="query-params",
            help=f"Your first {WARM_UP} duels are ones that others have judged; after your verdict you see theirs.",
        )  # fmt: skip
        repeats = st.toggle(
            "Repeats", value=True, key=REPEATS, bind="query-params",
            help="Now and then a duel of yours comes again, hours later and with its sides swapped: it tells how "
            "consistent you are.",
        )  # fmt: skip
        reveal = st.toggle(
            f"Who wrote what, after every {BATCH}", value=False, key=REVEAL, bind="query-params",
            help="A verdict that you change after that counts as unblinded and is left out of agreement.",
        )  # fmt: skip
    wanted = Wanted(order=order or "random", query_type=query_type or None, origin=origin or None)
    return Options(wanted, warm_up=warm_up, repeats=repeats), reveal
