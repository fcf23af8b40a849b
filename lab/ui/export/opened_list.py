"""A list behind a number: how many there are, the first of them as a table, all of them as a file, and a way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from lab.forensics.datasets.csv_out import to_csv
from lab.ui import tables, text
from lab.ui.export import address
from lab.ui.trust import words

MOST = 500
"""Rows that are read and shown at once; the file holds all of them."""

Columns = Mapping[str, Sequence[Any]]


def heading(title: str, many: int, what: str) -> None:
    """Draw what the list is of, how many there are, and the button that closes it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text.plain(title)}**: {words.count(many, what)}", width="content")
        st.button("Close", key="close-list", type="tertiary", icon=":material/close:", on_click=address.close)


def table(
    columns: Columns, ids: Sequence[str], *, many: int, name: str, all_of_them: Callable[[], Columns],
    on_pick: Callable[[int], None], config: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Draw the first rows, which have these ids, of `many`; `all_of_them` returns the columns of the whole list."""

    def whole() -> None:
        if many > MOST:
            st.download_button(
                f"CSV of all {many:,}", lambda: to_csv(all_of_them()), f"{name}-all.csv", "text/csv", key=f"{name}-all",
                on_click="ignore", type="tertiary", icon=":material/download:",
            )  # fmt: skip

    tables.table(
        columns,
        key=tables.key_of(name, ids),
        name=name,
        caption="Click one to read it." + (f" The first {MOST:,} are shown." if many > MOST else ""),
        config={"prompt": st.column_config.TextColumn(width="large"), **(config or {})},
        on_pick=on_pick,
        height=300,
        beside=whole,
    )
