"""Tables: every one can be downloaded, and a row that is clicked opens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from lab.forensics.datasets.csv_out import to_csv

_FEW = 10  # rows: so many are shown whole, at the height that the font gives them


def table(
    columns: Mapping[str, Sequence[Any]],
    *,
    key: str,
    name: str,
    caption: str = "",
    config: Mapping[str, Any] | None = None,
    on_pick: Callable[[int], None] | None = None,
    on_cell: Callable[[int, str], None] | None = None,
    height: int | None = None,
    beside: Callable[[], None] | None = None,
    whole: Mapping[str, Sequence[Any]] | None = None,
) -> None:
    """Draw columns of equal length with their caption and a CSV download called `name`.

    `on_pick` is called with the place of a row that was clicked, before the page runs again; `on_cell`, in its stead,
    with the place and the column of a cell. `beside` draws further buttons next to the download. `height` is the most,
    in pixels. `whole` is what the download holds where not all of it is shown.
    """

    def picked() -> None:
        chosen = st.session_state[key]["selection"]
        if chosen["rows"] and on_pick is not None:
            on_pick(chosen["rows"][0])
        if chosen["cells"] and on_cell is not None:
            on_cell(*chosen["cells"][0])

    few = max(map(len, columns.values()), default=0) <= _FEW
    sized: dict[str, Any] = {} if height is None or few else {"height": height}
    st.dataframe(
        dict(columns),
        hide_index=True,
        column_config=dict(config or {}),
        key=key,
        on_select=picked if on_pick is not None or on_cell is not None else "ignore",
        selection_mode="single-row" if on_cell is None else "single-cell",
        **sized,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if caption:
            st.caption(caption)
        csv(whole or columns, key=f"{key}-csv", name=name)
        if beside is not None:
            beside()


def key_of(name: str, ids: Iterable[str]) -> str:
    """Return the key of a table of these rows: with other rows, or in another order, no row is still marked."""
    return f"{name}-{hashlib.sha256(chr(10).join(ids).encode()).hexdigest()[:12]}"


def csv(columns: Mapping[str, Sequence[Any]], *, key: str, name: str, label: str = "CSV") -> None:
    """Draw a button that downloads columns as CSV, made when it is pressed."""
    st.download_button(
        label,
        lambda: to_csv(columns),
        f"{name}.csv",
        "text/csv",
        key=key,
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
