"""The heatmap: every cell can be clicked; best, recommended, live and draft are marked, the plateau is outlined."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from lab.forensics.grid_search.axes import Axis, Value, value_in
from lab.forensics.grid_search.grid import Drawing, Grid, drawing
from lab.forensics.measures import Measure
from lab.forensics.sample import Sample
from lab.forensics.tuning import Tuning
from lab.types import RouterConfig
from lab.ui import charts, tables
from lab.ui.tune import open_cell, traffic
from lab.ui.tune.controls import Asked
from lab.ui.tune.provenance import caption, file
from lab.ui.workbench import Workbench

_TOP = 30


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw the measure over the two axes, and below it the same cells as a table."""
    weighted = traffic.weighted(bench, found.grid.sample) if asked.weighted else None
    values = _values(asked, found, weighted)
    shown = drawing(found.grid, values, asked.first, asked.second, higher_is_better=asked.measure.higher_is_better)
    plateau = np.array([[bool(found.choice.plateau[cell]) for cell in line] for line in shown.cells])
    figure = _figure(found.grid, asked, shown, plateau)
    for name, symbol, config in _marks(bench, found):
        _mark(figure, asked, name, symbol, config)
    if st.query_params.get(open_cell.CELL):
        _mark(figure, asked, "open below", "square-open", found.grid.config_at(open_cell.cell_of(found)))
    if np.isnan(values).all():
        st.info(f"There is no {asked.measure.title} to show: nothing was measured for it yet. Pick another one.")
    charts.chart(
        figure,
        key="heatmap",
        name=file(bench, asked.measure.name),
        caption=caption(
            bench,
            found,
            len(found.grid.sample),
            "tune",
            "cells are counts, without interval" if weighted is None else "weighted by traffic",
        ),
        alt=f"{asked.measure.title} over {' and '.join(axis.title for axis in (asked.first, asked.second) if axis)}",
        on_pick=_click,
    )
    if asked.weighted and weighted is None:
        st.caption("None of the traffic's query types stands in these rows: they are shown as they are labelled.")
    folded = st.expander("The cells as a table", on_change="rerun", key="cells_table")
    if folded.open:
        with folded:
            _table(bench, found, values, asked.measure)


def _values(asked: Asked, found: Tuning, weighted: Sample | None) -> Any:
    """The measure of every cell, its rows weighted as the traffic is where that is asked."""
    if weighted is None or weighted.weights is None:
        return found.grid.metric(asked.measure.name)
    weights = weighted.weights
    return found.grid.assembled([one.cells.weighted(weights).metric(asked.measure.name) for one in found.grid.slices])


def _click(picked: list[Any]) -> None:
    text = picked[0]
    open_cell.show(str(text[0] if isinstance(text, (list, tuple)) else text))


def _figure(grid: Grid, asked: Asked, shown: Drawing, plateau: Any) -> Any:
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    across, down = _numbers(asked.first, shown.rows), _numbers(asked.second, shown.columns)
    z = shown.values.T
    figure = go.Figure()
    figure.add_heatmap(
        z=z, x=across, y=down, colorscale="Cividis" if asked.measure.higher_is_better else "Cividis_r",
        colorbar={"title": {"text": escape(asked.measure.title), "side": "right"}, "thickness": 12},
        hoverinfo="skip", hoverongaps=False,
    )  # fmt: skip
    if plateau.any() and not plateau.all() and min(z.shape) > 1:
        figure.add_contour(
            z=plateau.T.astype(int), x=across, y=down, showscale=False, hoverinfo="skip",
            contours={"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"},
            line={"color": "#FF5A5F", "width": 1.5, "dash": "dot"}, name="plateau", showlegend=True,
        )  # fmt: skip
    cells = [
        (across[i], down[j], open_cell.address(grid, shown.cells[i][j]), z[j, i])
        for i in range(len(across))
        for j in range(len(down))
    ]
    figure.add_scatter(
        x=[cell[0] for cell in cells], y=[cell[1] for cell in cells], customdata=[[cell[2]] for cell in cells],
        text=["–" if value != value else f"{value:.4g}" for *_, value in cells],
        mode="markers", marker={"symbol": "square", "size": _size(len(across), len(down)), "opacity": 0.0},
        hovertemplate=_hover(asked), showlegend=False,
    )  # fmt: skip
    figure.update_layout(
        height=400, margin={"l": 8, "r": 8, "t": 36, "b": 52}, clickmode="event+select",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis=_axis(asked.first, shown.rows), yaxis=_axis(asked.second, shown.columns),
    )  # fmt: skip
    return figure


def _size(across: int, down: int) -> float:
    """Marks that cover a cell of a plot of about 520 by 330 pixels; a gap between two cells must still be clicked."""
    return max(5.0, min(520 / max(across, 1), 330 / max(down, 1)) * 1.05)


def _hover(asked: Asked) -> str:
    second = f"<br>{escape(asked.second.title)} %{{y}}" if asked.second else ""
    return f"{escape(asked.first.title)} %{{x}}{second}<br>{escape(asked.measure.title)} %{{text}}<extra></extra>"


def _numbers(axis: Axis | None, values: Sequence[Value]) -> list[float]:
    """Where values stand: numbers where they are, names one after the other."""
    if axis is not None and axis.ordered:
        return [float(value) for value in values]
    return [float(place) for place in range(len(values))]


def _axis(axis: Axis | None, values: Sequence[Value]) -> dict[str, Any]:
    if axis is None:
        return {"visible": False}
    title = {"title": escape(axis.title)}
    if axis.ordered:
        return title
    return title | {"tickvals": list(range(len(values))), "ticktext": [escape(str(value)) for value in values]}


def _marks(bench: Workbench, found: Tuning) -> list[tuple[str, str, RouterConfig]]:
    marks = [
        ("best", "star", found.grid.config_at(found.choice.best)),
        ("recommended", "cross", found.recommended),
        ("live", "circle-open", bench.live.version.config),
    ]
    return [*marks, ("draft", "diamond-open", bench.draft.config)] if bench.draft else marks


def _mark(figure: Any, asked: Asked, name: str, symbol: str, config: RouterConfig) -> None:
    place = [_stands(config, axis) for axis in (asked.first, asked.second)]
    if None in place:
        return
    figure.add_scatter(
        x=[place[0]], y=[place[1]], mode="markers", name=name, hoverinfo="skip",
        marker={"symbol": symbol, "size": 13, "color": "#FF5A5F",
                "line": {"width": 2.5 if "open" in symbol else 1, "color": "#FF5A5F" if "open" in symbol else "white"}},
    )  # fmt: skip


def _stands(config: RouterConfig, axis: Axis | None) -> float | None:
    if axis is None:
        return 0.0
    try:
        value = value_in(config, axis)
    except KeyError:  # an expert that this router does not have
        return None
    if value is None:
        return None
    if axis.ordered:
        return float(value) if float(axis.values[0]) <= float(value) <= float(axis.values[-1]) else None
    return float(axis.values.index(value)) if value in axis.values else None


def _table(bench: Workbench, found: Tuning, values: Any, measure: Measure) -> None:
    order = np.argsort(-found.choice.score, axis=None, kind="stable")[:_TOP]
    cells = [tuple(map(int, np.unravel_index(int(place), found.grid.shape))) for place in order]
    columns: dict[str, list[object]] = {
        axis.title: [found.grid.values_at(cell)[place] for cell in cells] for place, axis in enumerate(found.grid.axes)
    }
    columns[measure.title] = [float(values[cell]) for cell in cells]
    columns["in the plateau"] = [bool(found.choice.plateau[cell]) for cell in cells]
    tables.table(
        columns, key="cells", name=file(bench, "cells", measure.name),
        caption=f"The {len(cells)} cells that serve the goal best. Click one.",
        on_pick=lambda place: open_cell.show(open_cell.address(found.grid, cells[place])),
    )  # fmt: skip
