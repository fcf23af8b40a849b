"""Which cell of the heatmap is open: the address holds the values of its axes, and which of its counts is read."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.forensics.grid_search.axes import Axis, Value
from lab.forensics.grid_search.grid import Cell, Grid
from lab.forensics.tuning import Tuning

CELL, COUNT = "cell", "pair"


def address(grid: Grid, cell: Cell) -> str:
    """Return what the address calls a cell: values, so that a link shows the same setting on other axes' ranges."""
    return ",".join(value if isinstance(value, str) else f"{value:.9g}" for value in grid.values_at(cell))


def cell_of(found: Tuning) -> Cell:
    """Return the cell nearest to what the address names; where it names none on these axes, the recommended one."""
    parts = st.query_params.get(CELL, "").split(",")
    if len(parts) != len(found.grid.axes):
        return found.choice.centre
    places = [_place(axis, part) for axis, part in zip(found.grid.axes, parts, strict=True)]
    return found.choice.centre if None in places else tuple(place for place in places if place is not None)


def _place(axis: Axis, part: str) -> int | None:
    """The place of a value on an axis; None for a name that is not there, and for a number beyond its ends."""
    if not axis.ordered:
        return axis.values.index(part) if part in axis.values else None
    values = np.array([_number(value) for value in axis.values])
    value = _number(part)
    if not values[0] - 1e-6 <= value <= values[-1] + 1e-6:
        return None
    return int(np.abs(values - value).argmin())


def _number(value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def show(wanted: str) -> None:
    """Open the cell with this address; counts of the one before are closed."""
    st.query_params[CELL] = wanted
    st.query_params.pop(COUNT, None)


def close() -> None:
    """Open the recommended cell: what was open stood on other axes."""
    st.query_params.pop(CELL, None)
    st.query_params.pop(COUNT, None)
