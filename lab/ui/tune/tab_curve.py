"""A measure over the first threshold, exactly, on the rows that chose it and on those that did not."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from lab.errors import SearchError
from lab.forensics.curve import Curve, curve, first_ordered, held, thinned, value_of
from lab.forensics.grid_search.axes import Axis, value_in
from lab.forensics.sample import Sample
from lab.forensics.tuning import Tuning
from lab.types import RouterConfig
from lab.ui import charts, colours, tables, text
from lab.ui.tune import open_cell
from lab.ui.tune.controls import Asked
from lab.ui.tune.provenance import caption, file, rows
from lab.ui.workbench import Workbench

_COLOURS = {"tune": colours.LINE, "dev": "#0F9488", "all": "#0F9488"}
_TABLE_ROWS = 2_000


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw the measure of the page over the first axis that has numbers, all else as recommended."""
    axis = first_ordered(found.grid)
    if axis is None:
        st.info("A curve needs an axis of numbers. Pick a threshold or the least margin as an axis above.")
        return
    config = held(found.grid, found.choice.centre, axis)
    curves = {
        name: curve(
            sample, config, axis, asked.measure.name, bench.evidence, asked.costs.stakes, seed=found.spec.seed
        )
        for name, sample in _samples(found).items()
    }  # fmt: skip
    if all(np.isnan(one.measure).all() for one in curves.values()):
        st.info(
            f"There is no {text.plain(asked.measure.title)} to draw: nothing was measured for it. Pick another one."
        )
        return
    main = curves["all" if found.nested else "dev"]
    title = asked.measure.title
    others = [one.title for one in found.grid.axes if one != axis]
    kept = f"{', '.join(others)} as recommended. " if others else ""
    st.caption(
        text.plain(
            f"{title[:1].upper()}{title[1:]} over the {axis.title}; {kept}{main.breakpoints:,} observed scores change "
            f"an outcome of {rows(found, main.n, 'dev')}, and every one of them is a step here."
        )
        + (" These rows chose the setting: what it is worth on unseen ones stands above." if found.nested else "")
    )
    said = "; ".join(f"{name} n = {one.n:,}, {one.groups:,} groups" for name, one in curves.items())
    charts.chart(
        _figure(asked, axis, curves, _marks(bench, asked, found, axis)),
        key="curve",
        name=file(bench, f"{asked.measure.name}-over-{axis.name}"),
        caption=caption(
            bench, found, main.n, "dev",
            f"95 % bootstrap by group, pointwise, {main.samples} samples; {said}",
        ),
        alt=f"{asked.measure.title} over the {axis.title} on {' and '.join(curves)} rows",
        on_pick=lambda picked: _open(found, axis, picked),
    )  # fmt: skip
    folded = st.expander("Every step as a table", on_change="rerun", key="curve_table")
    if folded.open:
        with folded:
            _table(bench, asked, found, axis, curves)


def _samples(found: Tuning) -> dict[str, Sample]:
    if found.nested:
        return {"all": found.dev}
    return {"tune": found.grid.sample, "dev": found.dev}


def _marks(bench: Workbench, asked: Asked, found: Tuning, axis: Axis) -> list[tuple[str, str, float, float]]:
    """Live and recommended: where they stand on the axis, and what they measure with all their own settings."""
    wanted: list[tuple[str, str, RouterConfig]] = [
        ("recommended", "cross", found.recommended),
        ("live", "circle-open", bench.live.version.config),
    ]
    marks = []
    for name, symbol, config in wanted:
        try:
            at = value_in(config, axis)
            value = value_of(found.dev, config, asked.measure.name, bench.evidence, asked.costs.stakes)
        except (KeyError, SearchError):  # other experts: it does not stand on this axis
            continue
        if at is not None and value == value:
            marks.append((name, symbol, float(at), value))
    return marks


def _figure(asked: Asked, axis: Axis, curves: dict[str, Curve], marks: list[tuple[str, str, float, float]]) -> Any:
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, one in curves.items():
        kept = thinned(one)
        x, colour = one.thresholds[kept], _COLOURS[name]
        if name != "tune" and not np.isnan(one.low).all():
            for end, fill in ((one.high, None), (one.low, "tonexty")):
                figure.add_scatter(
                    x=x, y=end[kept], mode="lines", line={"width": 0, "shape": "vh"}, fill=fill, showlegend=False,
                    fillcolor=_faint(colour), hoverinfo="skip",
                )  # fmt: skip
        figure.add_scatter(
            x=x, y=one.measure[kept], mode="lines", name=f"{name} rows (n = {one.n:,})",
            line={"color": colour, "width": 2 if name != "tune" else 1.2, "shape": "vh",
                  "dash": "dot" if name == "tune" else "solid"},
            hovertemplate=f"{escape(axis.title)} up to %{{x:.6f}}<br>{escape(asked.measure.title)} %{{y:.4g}}"
            f"<extra>{name}</extra>",
        )  # fmt: skip
    main = curves.get("dev", next(iter(curves.values())))
    values = [float(value) for value in axis.values]
    figure.add_scatter(  # what can be clicked: a line itself cannot
        x=values, y=[main.at(value) for value in values], mode="markers", showlegend=False,
        marker={"size": 16, "opacity": 0}, customdata=[[value] for value in values],
        hovertemplate=f"{escape(axis.title)} %{{x:.4g}}<br>{escape(asked.measure.title)} %{{y:.4g}}"
        "<br>a click opens the cell<extra></extra>",
    )  # fmt: skip
    for name, symbol, at, value in marks:
        figure.add_scatter(
            x=[at], y=[value], mode="markers", name=name, customdata=[[at]],
            marker={"symbol": symbol, "size": 13, "color": "#FF5A5F", "line": {"width": 2.5, "color": "#FF5A5F"}},
            hovertemplate=f"{name}, all its settings<br>{escape(axis.title)} %{{x:.4g}}<br>%{{y:.4g}}<extra></extra>",
        )  # fmt: skip
    low, high = float(axis.values[0]), float(axis.values[-1])
    figure.update_layout(
        height=400, margin={"l": 8, "r": 8, "t": 36, "b": 52}, clickmode="event+select",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        xaxis={"title": escape(axis.title), "range": [low, high]},
        yaxis={"title": escape(asked.measure.title) + (", ms" if asked.measure.unit == "ms" else "")},
    )  # fmt: skip
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"


def _table(bench: Workbench, asked: Asked, found: Tuning, axis: Axis, curves: dict[str, Curve]) -> None:
    main = curves["all" if found.nested else "dev"]
    steps = thinned(main, _TABLE_ROWS)
    thresholds = main.thresholds[steps].tolist()
    columns: dict[str, list[object]] = {
        f"{axis.title} up to": thresholds,
        asked.measure.title: _numbers(main.measure[steps]),
        "from": _numbers(main.low[steps]),
        "to": _numbers(main.high[steps]),
    }
    if "tune" in curves:
        columns["on tune rows"] = _numbers(np.array([curves["tune"].at(value) for value in thresholds]))
    form = st.column_config.NumberColumn(format="%.4g")
    tables.table(
        columns,
        key="curve-steps",
        name=file(bench, f"{asked.measure.name}-over-{axis.name}"),
        caption=text.plain(
            f"{len(steps):,} of {len(main.thresholds):,} steps. "
            + caption(bench, found, main.n, "dev", "95 % bootstrap by group")
            + ". Click one to open the nearest cell."
        ),
        config=dict.fromkeys([asked.measure.title, "from", "to", "on tune rows"], form)
        | {f"{axis.title} up to": st.column_config.NumberColumn(format="%.6f")},
        on_pick=lambda place: open_cell.show(_nearest(found, axis, thresholds[place])),
        height=320,
    )


def _open(found: Tuning, axis: Axis, picked: list[Any]) -> None:
    data = next((one for one in picked if one is not None), None)
    if data is not None:
        open_cell.show(_nearest(found, axis, float(data[0] if isinstance(data, (list, tuple)) else data)))
        st.toast("The nearest cell of the heatmap is open above.")


def _nearest(found: Tuning, axis: Axis, value: float) -> str:
    """The address of the recommended cell, moved along the axis to a value."""
    cell = list(found.choice.centre)
    places = np.abs(np.asarray(axis.values, dtype=np.float64) - value)
    cell[found.grid.axes.index(axis)] = int(places.argmin())
    return open_cell.address(found.grid, tuple(cell))


def _numbers(values: Any) -> list[object]:
    return [None if value != value else float(value) for value in values.tolist()]
