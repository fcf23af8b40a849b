"""Which column of a file is which: a guess to correct, and the first rows as they would be taken in."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import preview
from lab.types import NONE
from lab.ui import tables, text
from lab.ui.components import fault
from lab.ui.data.pending import Pending

_NO_COLUMN = "(no column)"
_OPTIONAL = (("label", "Label"), ("query_type", "Query type"), ("split", "Split"), ("source", "Source"))
_UNLABELLED = "(stay unlabelled)"
_MOST_NAMES = 200
_PREVIEWED = 6


def draw(pending: Pending) -> bool:
    """Draw the choice of columns and the preview; returns whether the file fits."""
    table, mapping = pending.table, pending.mapping
    names = [name for name in table.columns if name not in table.nested]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _column(pending, "prompt", "Prompt", names, mapping.prompt)
        for field, title in _OPTIONAL:
            _column(pending, field, title, [_NO_COLUMN, *names], getattr(mapping, field) or _NO_COLUMN)
    if table.nested:
        st.caption(text.plain(f"Lists or objects, so no choice: {', '.join(sorted(table.nested)[:8])}."))
    for note in table.notes:
        st.caption(text.plain(note))
    try:
        shown = preview(table, mapping, _PREVIEWED)
    except LabError as err:
        fault(err)
        return False
    count = min(_PREVIEWED, len(table))
    tables.table(
        {name: values for name, values in shown.items() if name == "prompt" or any(values)},
        key=f"preview-{pending.id}",
        name=f"{pending.name}-preview",
        caption=f"The first {count} of {len(table):,} rows, as they would be stored but for the labels below.",
        config={"prompt": st.column_config.TextColumn(width="large")},
    )
    return True


def constant(pending: Pending) -> None:
    """Draw what rows without a label are labelled."""
    now = pending.mapping.constant_label
    offered = [_UNLABELLED, *(pending.experts or _labels(pending)), NONE, *([now] if now else [])]
    options = list(dict.fromkeys(offered))
    key = f"constant-{pending.id}-{now}"
    st.selectbox(
        "Rows without a label", options, index=options.index(now or _UNLABELLED), key=key, width=240,
        accept_new_options=not pending.experts, on_change=_constant, args=(pending, key),
        help="They are labelled by hand later, on this page, unless all of them mean the same.",
    )  # fmt: skip


def _labels(pending: Pending) -> list[str]:
    column = pending.mapping.label
    values = pending.table.columns[column] if column else ()
    return sorted({value.strip() for value in values if value and value.strip()})[:_MOST_NAMES]


def _column(pending: Pending, field: str, title: str, options: list[str], now: str) -> None:
    key = f"column-{field}-{pending.id}-{now}"
    st.selectbox(
        title, options, index=options.index(now) if now in options else 0, key=key, width=190,
        format_func=lambda name: text.one_line(name, 40), on_change=_remap, args=(pending, field, key),
    )  # fmt: skip


def _remap(pending: Pending, field: str, key: str) -> None:
    chosen = st.session_state[key]
    pending.remap(**{field: None if chosen in (_NO_COLUMN, None) else chosen})


def _constant(pending: Pending, key: str) -> None:
    chosen = st.session_state[key]
    pending.remap(constant_label=None if chosen in (_UNLABELLED, None) else chosen)
