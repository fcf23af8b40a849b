"""The histogram of the latency tab: times to decide on a logarithmic axis, with the budget."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from lab.forensics.latency.job import ColdAndWarm
from lab.forensics.latency.report import LatencyReport
from lab.ui import colours

_COLOURS = {"cold": "#2F6FDE", "warm": "#D9822B"}
_BINS = 44


def histogram(kept: ColdAndWarm) -> Any:
    """Return how many prompts took how long, cold and warm, in bins that both share; `bar_of` reads a bar's data."""
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    reports = runs(kept)
    totals = [np.array([one.total_ms for one in report.timed]) for report in reports.values()]
    budget = kept.cold.budget_ms
    low, high = min(one.min() for one in totals), max(*(one.max() for one in totals), budget)
    edges = np.geomspace(max(low, 1e-4) / 1.05, high * 1.3, _BINS + 1)
    figure, tallest = go.Figure(), 1
    for (name, report), times in zip(reports.items(), totals, strict=True):
        counts = np.histogram(times, edges)[0]
        tallest = max(tallest, int(counts.max()))
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2, width=np.diff(edges), y=counts, name=f"{name} (n = {report.n:,})",
            marker={"color": _COLOURS[name], "opacity": 0.55, "line": {"width": 0}},
            customdata=[f"{name},{start:.9g},{end:.9g}" for start, end in pairwise(edges.tolist())],
            text=[f"{start:.3f} to {end:.3f} ms" for start, end in pairwise(edges.tolist())], textposition="none",
            hovertemplate=f"{name}, %{{text}}<br>%{{y}} prompts<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[budget, budget], y=[0, tallest * 1.08], mode="lines+text", text=["", f"budget {budget:.0f} ms"],
        textposition="top center", textfont={"color": colours.LINE}, showlegend=False, hoverinfo="skip",
        line={"color": colours.LINE, "width": 2, "dash": "dash"}, cliponaxis=False,
    )  # fmt: skip
    figure.update_layout(
        height=330, margin={"l": 8, "r": 8, "t": 36, "b": 52}, barmode="overlay", bargap=0, clickmode="event+select",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": "time to decide, ms (logarithmic)", "type": "log", "dtick": 1},
        yaxis={"title": "prompts", "range": [0, tallest * 1.2]},
    )  # fmt: skip
    return figure


def runs(kept: ColdAndWarm) -> dict[str, LatencyReport]:
    """Return the reports by name: cold, and warm where there is one."""
    return {"cold": kept.cold} | ({} if kept.warm is None else {"warm": kept.warm})


def bar_of(kept: ColdAndWarm, written: str) -> tuple[str, float, float] | None:
    """Return the run and the milliseconds, from and below, that a bar's data names; None for what names none."""
    name, _, ends = written.partition(",")
    try:
        low, high = map(float, ends.split(","))
    except ValueError:
        return None
    return (name, low, high) if name in runs(kept) else None
