"""The histogram of the latency tab: times to decide on a logarithmic axis, with the budget."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.forensics.latency.job import ColdAndWarm
from lab.ui import colours

_COLD, _WARM = "#2F6FDE", "#D9822B"
_BINS = 44


def histogram(kept: ColdAndWarm) -> Any:
    """Return how many prompts took how long, cold and warm, in bins that both share."""
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    runs = [("cold", kept.cold, _COLD), *([("warm", kept.warm, _WARM)] if kept.warm is not None else [])]
    totals = [np.array([one.total_ms for one in report.timed]) for _, report, _ in runs]
    budget = kept.cold.budget_ms
    low, high = min(one.min() for one in totals), max(*(one.max() for one in totals), budget)
    edges = np.geomspace(max(low, 1e-4) / 1.05, high * 1.3, _BINS + 1)
    figure, tallest = go.Figure(), 1
    for (name, report, colour), times in zip(runs, totals, strict=True):
        counts = np.histogram(times, edges)[0]
        tallest = max(tallest, int(counts.max()))
        figure.add_scatter(
            x=edges, y=[*counts.tolist(), 0], mode="lines", name=f"{name} (n = {report.n:,})",
            line={"shape": "hv", "color": colour, "width": 1.5}, fill="tozeroy",
            fillcolor=_faint(colour), hovertemplate=f"{name}, from %{{x:.3f}} ms<br>%{{y}} prompts<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[budget, budget], y=[0, tallest * 1.08], mode="lines+text", text=["", f"budget {budget:.0f} ms"],
        textposition="top center", textfont={"color": colours.LINE}, showlegend=False, hoverinfo="skip",
        line={"color": colours.LINE, "width": 2, "dash": "dash"}, cliponaxis=False,
    )  # fmt: skip
    figure.update_layout(
        height=330, margin={"l": 8, "r": 8, "t": 36, "b": 52},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": "time to decide, ms (logarithmic)", "type": "log", "dtick": 1},
        yaxis={"title": "prompts", "range": [0, tallest * 1.2]},
    )  # fmt: skip
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.22)"
