"""Where the Data page stands, all of it in the address: the part that is open, the filters, the row that is open."""

from __future__ import annotations

import streamlit as st

from lab.forensics.datasets import Rows
from lab.records import Dataset
from lab.ui import workbench

VIEW = "view"
ROWS, ADD, LEFT_OUT, LEAKS, LABEL, EXPERTS = (
    "Rows", "Add", "Left out", "Duplicates and leaks", "Label", "Make experts",
)  # fmt: skip
VIEWS = (ROWS, ADD, LEFT_OUT, LEAKS, LABEL, EXPERTS)

FILTERS = ("label", "split", "type", "source", "by")
"""The filters of the rows, as the address names them."""

FIND = "find"
UNLABELLED, NOTHING = "(unlabelled)", "(nothing)"
"""How a filter names rows without a label, and those without a query type or a source."""

BY_PEOPLE, CROSSING = "labelled by people", "near-duplicates of tune rows"
"""What the filter `by` lets through."""

_ROW, _GROUP = "row", "group"


def named(name: str, value: str | None) -> str:
    """Return a value as the filter `name` has it."""
    return value or (UNLABELLED if name == "label" else NOTHING)


def use(dataset: Dataset, view: str = ROWS) -> None:
    """Take a dataset into use. For callbacks only, as all of these are."""
    workbench.use(dataset.name)
    show_rows()
    go(view)


def go(view: str) -> None:
    """Open a part of the page."""
    st.session_state[VIEW] = view


def show_rows(**filters: str) -> None:
    """Open the rows that these filters let through, and no others."""
    for name in (*FILTERS, FIND):
        st.session_state[name] = filters.get(name, "" if name == FIND else None)
    for name in (_ROW, _GROUP):
        st.query_params.pop(name, None)
    go(ROWS)


def show_group(rows: Rows, group: int) -> None:
    """Open the rows of a group of near-duplicates."""
    show_rows()
    st.query_params[_GROUP] = _place(rows, group)


def open_row(rows: Rows, row: int) -> None:
    """Open one row."""
    st.query_params[_ROW] = _place(rows, row)


def close_row() -> None:
    """Close the open row."""
    st.query_params.pop(_ROW, None)


def close_group() -> None:
    """Show the rows of all groups again."""
    st.query_params.pop(_GROUP, None)


def row_of(rows: Rows) -> int | None:
    """Return the open row, or None; a row of another dataset is none."""
    return _read(rows, _ROW, len(rows))


def group_of(rows: Rows) -> int | None:
    """Return the group whose rows are shown, or None."""
    return _read(rows, _GROUP, int(rows.groups.max(initial=-1)) + 1)


def _place(rows: Rows, number: int) -> str:
    return f"{rows.dataset.content_hash[:8]}.{number}"


def _read(rows: Rows, name: str, below: int) -> int | None:
    content, _, number = st.query_params.get(name, "").partition(".")
    if content != rows.dataset.content_hash[:8] or not (number.isascii() and number.isdigit()) or len(number) > 9:
        return None
    return int(number) if int(number) < below else None
