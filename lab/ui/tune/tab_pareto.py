"""Accuracy against what it takes: every setting, the baselines, and the front that nothing beats."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from lab.forensics import pareto
from lab.forensics.measures import COST, END_TO_END, OVERHEAD, Measure, known
from lab.forensics.metrics import wilson
from lab.forensics.tuning import Tuning
from lab.ui import charts, colours, tables, text
from lab.ui.tune import open_cell
from lab.ui.tune.controls import Asked
from lab.ui.tune.pareto_points import Points, address, best_of, points_of, setting
from lab.ui.tune.provenance import caption, file
from lab.ui.workbench import Workbench

_FRONT = "#0F9488"
_NAMED_EXPERTS = 8
_NOTHING = "nothing else"
_SYMBOLS = {"recommended": "cross", "live": "circle-open", "draft": "diamond-open"}
_MARK = "#FF5A5F"


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw accuracy against cost or time, with the front; a point that is clicked opens its cell."""
    against, also = _controls(bench, asked)
    objectives = [against] if also is None else [against, also]
    points = points_of(bench, asked, found, objectives)
    values = points.values[: points.cells, 1]
    if np.isnan(values).all():
        st.info(_unmeasured(bench, asked, against))
        return
    if not len(points.front):
        st.info(f"No setting has both measures. {_unmeasured(bench, asked, also or against)}")
        return
    told = int(np.count_nonzero(~np.isnan(values)))
    if told < points.cells:
        st.info(
            f"Only {told:,} of {points.cells:,} settings have a measured {text.plain(against.title)}, so the front is "
            f"one of these alone. {_unmeasured(bench, asked, against)}"
        )
    elif np.nanmin(values) == np.nanmax(values):
        st.info(
            f"Every setting has the same {text.plain(against.title)}, {values[0]:.4g}, so accuracy alone decides. "
            "Set what a call costs above, or weigh another measure."
        )
    st.markdown(_headline(found, points, objectives))
    said = caption(
        bench, found, len(found.dev), "dev",
        f"points are counts, the best of {points.cells:,} settings flatter; Wilson 95 % intervals in the table",
    )  # fmt: skip
    charts.chart(
        _figure(points, objectives),
        key=f"pareto-{against.name}-{also.name if also else ''}",
        name=file(bench, f"pareto-{against.name}"),
        caption=said,
        alt=f"Accuracy against {against.title}; {len(points.front)} points on the front",
        on_pick=_click,
    )
    outside = _in_view(points)[1]
    if outside:
        st.caption(f"Outside the picture, which a double click widens: {text.plain(', '.join(outside))}.")
    folded = st.expander("The front as a table", on_change="rerun", key="pareto_table")
    if folded.open:
        with folded:
            _table(bench, found, points, objectives, said)


def _controls(bench: Workbench, asked: Asked) -> tuple[Measure, Measure | None]:
    experts = tuple(expert.name for expert in bench.config.experts[:_NAMED_EXPERTS])
    wanted = [COST, END_TO_END, OVERHEAD, *(f"calls:{name}" for name in experts)]
    offered = {one.title: one for one in known(experts) if one.name in wanted}
    calls = asked.costs.stakes.calls([expert.name for expert in bench.config.experts])[:-1]
    dear = f"calls:{bench.config.fallback}"
    first = COST if len(set(calls.tolist())) > 1 or dear not in wanted else dear  # equal costs would say nothing
    default = [one.name for one in offered.values()].index(first)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.selectbox(
            "Accuracy against", list(offered), index=default, key="against", bind="query-params", width=280
        )
        rest = [one for one in offered if one != title]
        third = st.selectbox(
            "And at once", [_NOTHING, *rest], key="also_against", bind="query-params", width=280,
            help="Three objectives: on the front is what no other point equals in all three and beats in one.",
        )  # fmt: skip
    return offered[title or next(iter(offered))], offered.get(third or _NOTHING)


def _unmeasured(bench: Workbench, asked: Asked, against: Measure) -> str:
    stakes = asked.costs.stakes
    if stakes.overhead_ms is None and against.name in (OVERHEAD, END_TO_END):
        return (
            "No decision was timed yet in which both layers ran. Route some prompts on the Route page, then look again."
        )
    missing = [expert.name for expert in bench.config.experts if expert.name not in stakes.answer_ms]
    return (
        f"No answer of {', '.join(map(text.plain, missing[:6])) or 'an expert'} was ever timed, so there is no "
        "end-to-end time. Route prompts there with a model that runs: the mock's pauses are no speed."
    )


def _headline(found: Tuning, points: Points, objectives: list[Measure]) -> str:
    on_front = set(points.front.tolist())
    cells = np.array([index for index in on_front if index < points.cells], dtype=np.int64)
    results = len(pareto.alike(points.values, cells))
    named = [name for place, name in enumerate(points.names) if points.cells + place in on_front]
    others = [text.plain(name) for name in named if name not in _SYMBOLS]
    goal = " and ".join(text.plain(one.title) for one in objectives)
    first = (
        f"**{len(cells):,} of {points.cells:,} settings** are beaten by nothing in accuracy and {goal}; they come to "
        f"{results} different result{'s' * (results != 1)}."
    )
    if others:
        first = f"{first} Beside them on the front: {', '.join(others)}."
    mine = points.values[points.cells]
    if "recommended" in named:
        return f"{first} The recommended setting is one of them."
    beaten = [index for index in points.front.tolist() if _beats(points.values[index], mine, objectives)]
    if not beaten:
        return first
    best = max(beaten, key=lambda index: (points.values[index][0], index < points.cells))
    more = (points.values[best][0] - mine[0]) * len(found.dev)
    who = "another one" if best < points.cells else text.plain(points.names[best - points.cells])
    gains = f"gets {more:.0f} more right" if more >= 0.5 else "gets as many right"
    seen = ", but was found with these very rows in view" if best < points.cells else ""
    return f"{first} The recommended setting is not: {who} {gains} and takes no more{seen}."


def _beats(one: Any, other: Any, objectives: list[Measure]) -> bool:
    signs = np.array([1.0, *(1.0 if each.higher_is_better else -1.0 for each in objectives)])
    ahead = (one - other) * signs
    return bool((ahead >= 0).all() and (ahead > 0).any())


# ------------------------------------------------------------------------------------------------------- the figure


def _figure(points: Points, objectives: list[Measure]) -> Any:
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    against, also = objectives[0], objectives[1] if len(objectives) > 1 else None
    figure = go.Figure()
    y, x = points.values[: points.cells, 0], points.values[: points.cells, 1]
    shown = pareto.seen(x, y)
    hover = f"{escape(against.title)} %{{x:.4g}}<br>accuracy %{{y:.4f}}<br>%{{text}}<extra></extra>"
    figure.add_scatter(
        x=x[shown], y=y[shown], mode="markers", name=f"settings ({points.cells:,})", hovertemplate=hover,
        marker={"size": 5, "color": colours.LINE, "opacity": 0.45}, text=[setting(points, int(i)) for i in shown],
        customdata=[[address(points, int(index))] for index in shown],
    )  # fmt: skip
    groups = pareto.alike(points.values[:, ::-1] if also is None else points.values[:, [1, 0, 2]], points.front)
    front = [int(best_of(points, group)) for group in groups]
    marker: dict[str, Any] = {"size": 10, "color": _FRONT}
    if also is not None:
        bar = {"title": {"text": escape(also.title), "side": "right"}, "thickness": 12}
        shades = [points.values[one, 2] for one in front if one < points.cells] or [0.0, 1.0]  # constants lie far off
        marker = {
            "size": 11, "color": points.values[front, 2], "colorscale": "Cividis_r", "colorbar": bar, "showscale": True,
            "cmin": min(shades), "cmax": max(shades), "line": {"width": 1, "color": _FRONT},
        }  # fmt: skip
    figure.add_scatter(
        x=points.values[front, 1], y=points.values[front, 0], name=f"front ({len(front)})", hovertemplate=hover,
        mode="markers" if also is not None else "lines+markers", marker=marker,
        line={"shape": "hv", "color": _FRONT, "width": 2}, text=[setting(points, one) for one in front],
        customdata=[[address(points, one)] for one in front],
    )  # fmt: skip
    seen, _ = _in_view(points)
    _named(figure, points, hover, seen[1])
    figure.update_layout(
        height=430, margin={"l": 8, "r": 8, "t": 36, "b": 52}, clickmode="event+select",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": escape(against.title) + (", ms" if against.unit == "ms" else ""), "range": seen[1]},
        yaxis={"title": f"accuracy, n = {len(points.grid.sample):,}", "range": seen[0]},
    )  # fmt: skip
    return figure


def _in_view(points: Points) -> tuple[list[list[float]], list[str]]:
    """The ranges of accuracy and of the first objective that hold all but constants, and what lies outside them."""
    far = [place for place, name in enumerate(points.names) if name.startswith("always")]
    near = np.delete(points.values[:, :2], [points.cells + place for place in far], axis=0)
    near = near[~np.isnan(near).any(axis=1)]
    low, high = near.min(axis=0), near.max(axis=0)
    room = np.maximum((high - low) * 0.08, 1e-3)
    low, high = low - room, high + room
    outside = []
    for place in far:
        value = points.values[points.cells + place, :2]
        if not np.isnan(value).any() and ((value < low) | (value > high)).any():
            outside.append(f"{points.names[place]} ({value[0]:.3f} at {value[1]:.3g})")
    return [[float(low[at]), float(high[at])] for at in range(2)], outside


def _named(figure: Any, points: Points, hover: str, across: list[float]) -> None:
    """Live, draft and recommended by their signs; baselines by their names."""
    baselines = []
    for place, name in enumerate(points.names):
        value = points.values[points.cells + place]
        if np.isnan(value[:2]).any():
            continue
        if name not in _SYMBOLS:
            baselines.append((value[1], value[0], name))
            continue
        figure.add_scatter(
            x=[value[1]], y=[value[0]], mode="markers", name=name, text=[name], hovertemplate=hover,
            marker={"symbol": _SYMBOLS[name], "size": 13, "color": _MARK, "line": {"width": 2.5, "color": _MARK}},
        )  # fmt: skip
    baselines.sort()  # neighbours have their names on different sides
    if baselines:
        figure.add_scatter(
            x=[one[0] for one in baselines], y=[one[1] for one in baselines], mode="markers+text", name="baselines",
            text=[escape(one[2]) for one in baselines], hovertemplate=hover,
            textposition=[_aside(place, one[0], across) for place, one in enumerate(baselines)],
            textfont={"size": 11, "color": colours.LINE},
            marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": colours.LINE}},
        )  # fmt: skip


def _aside(place: int, at: float, across: list[float]) -> str:
    """Where a name stands beside its mark: towards the middle of the picture, and not on its neighbour's."""
    share = (at - across[0]) / (across[1] - across[0])
    return f"{'top' if place % 2 else 'bottom'} {'right' if share < 0.35 else 'left' if share > 0.65 else 'center'}"


def _click(picked: list[Any]) -> None:
    data = next((one for one in picked if one), None)
    found = data[0] if isinstance(data, (list, tuple)) else data
    if found:
        open_cell.show(str(found))
        st.toast("Its cell of the heatmap is open above.")


def _table(bench: Workbench, found: Tuning, points: Points, objectives: list[Measure], said: str) -> None:
    groups = pareto.alike(points.values, points.front)[::-1]
    chosen = [best_of(points, group) for group in groups]
    n = len(found.dev)
    shares = [wilson(round(float(points.values[index, 0]) * n), n) for index in chosen]
    columns: dict[str, list[object]] = {
        "accuracy": [one.value for one in shares],
        "from": [one.low for one in shares],
        "to": [one.high for one in shares],
    }
    for place, one in enumerate(objectives, 1):
        columns[one.title] = [float(points.values[index, place]) for index in chosen]
    columns["settings"] = [int((group < points.cells).sum()) for group in groups]
    for place, axis in enumerate(points.grid.axes):
        columns[axis.title] = [
            points.grid.values_at(points.cell(index))[place] if index < points.cells else None for index in chosen
        ]
    columns["also here"] = [
        ", ".join(points.names[index - points.cells] for index in group.tolist() if index >= points.cells)
        for group in groups
    ]
    share = st.column_config.NumberColumn(format="%.3f")
    tables.table(
        columns,
        key="pareto-front",
        name=file(bench, f"pareto-{objectives[0].name}"),
        caption=text.plain(f"{said}. One row for all settings that come to the same; click one to open its cell."),
        config=dict.fromkeys(["accuracy", "from", "to"], share)
        | {one.title: st.column_config.NumberColumn(format="%.4g") for one in objectives},
        on_pick=lambda place: _click([[address(points, chosen[place])]]),
    )
