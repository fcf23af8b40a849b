"""Columns that nobody took yet: what the file holds in them, and those that could be the label."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from lab.forensics.datasets.mapping import label_candidates
from lab.forensics.datasets.table import showable
from lab.ui import text
from lab.ui.data.pending import Pending

_PREVIEWED = 6
_OFFERED = 6


def draw(pending: Pending) -> None:
    """Say that no label is chosen, where that is so, and draw the file's own columns."""
    table, mapping = pending.table, pending.mapping
    if mapping.label is None and mapping.constant_label is None:
        _no_label(pending)
    with st.expander(
        f"The file's own columns: {len(table.columns):,}", key=f"raw-{pending.id}", on_change="rerun"
    ) as raw:
        if raw.open:
            st.dataframe(
                {
                    name: [None if value is None else showable(value) for value in islice(values, _PREVIEWED)]
                    for name, values in table.columns.items()
                },
                hide_index=True,
                key=f"raw-rows-{pending.id}",
            )


def _no_label(pending: Pending) -> None:
    """Warn, and offer the columns whose values come again and again."""
    could = list(label_candidates(pending.table, pending.mapping).items())[:_OFFERED]
    with st.container(horizontal=True, vertical_alignment="center"):
        which = "One of these columns may hold it." if could else "They are labelled by hand then, on this page."
        st.warning(f"No label is chosen: the rows come in unlabelled. {which}")
        for name, count in could:
            st.button(
                f"{text.plain(text.one_line(name, 40))}: {count:,} value{'s' * (count != 1)}",
                key=f"take-label-{pending.id}-{name}", on_click=_take, args=(pending, name),
            )  # fmt: skip


def _take(pending: Pending, name: str) -> None:
    pending.remap(label=name)
