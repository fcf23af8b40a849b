"""Figures of the calibration tab: reliability with counts, and risk against coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from lab.forensics.calibration.reliability import Bin, Reliability, RiskCoverage
from lab.ui import colours

_COLOURS = {"before": colours.LINE, "after": "#0F9488", "Platt": "#2F6FDE", "isotonic": "#D9822B"}
_MOST_POINTS = 400


def diagram(sets: Mapping[str, Reliability], bins: str) -> Any:
    """Return the share that is right over the mean probability, a point a bin, and below it how many rows a bin has."""
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.05)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.LINE, "width": 1, "dash": "dot"}, showlegend=False,
        hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    for name, one in sets.items():
        numbered = [(at, each) for at, each in enumerate(bins_of(one, bins)) if each.n]
        shown, opens = [each for _, each in numbered], [f"{name}.{at}" for at, _ in numbered]
        colour = _COLOURS.get(name, colours.PALETTE[3])
        x, y = [each.confidence for each in shown], [each.right.value for each in shown]
        figure.add_scatter(
            x=x, y=y, mode="lines+markers", name=f"{escape(name)} (n = {one.n:,})", legendgroup=name,
            line={"color": colour, "width": 1.5}, marker={"size": 8, "color": colour},
            error_y={"type": "data", "symmetric": False, "color": colour, "thickness": 1, "width": 3,
                     "array": [each.right.high - each.right.value for each in shown],
                     "arrayminus": [each.right.value - each.right.low for each in shown]},
            text=[_said(each) for each in shown], hovertemplate=f"{escape(name)}<br>%{{text}}<extra></extra>",
            customdata=opens, row=1, col=1,
        )  # fmt: skip
        figure.add_bar(
            x=x, y=[each.n for each in shown], width=0.012, marker={"color": colour}, showlegend=False,
            legendgroup=name, text=[_said(each) for each in shown], customdata=opens,
            textposition="none", hovertemplate=f"{escape(name)}<br>%{{text}}<extra></extra>", row=2, col=1,
        )  # fmt: skip
    figure.update_layout(
        height=470, margin={"l": 8, "r": 8, "t": 36, "b": 52}, barmode="overlay",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_xaxes(title="mean probability of a bin", row=2, col=1)
    figure.update_yaxes(title="share that is right", range=[-0.03, 1.03], row=1, col=1)
    figure.update_yaxes(title="rows", row=2, col=1)
    return figure


def bins_of(one: Reliability, bins: str) -> tuple[Bin, ...]:
    """Return its bins of equal `width`, or of equal `mass`."""
    return one.width_bins if bins == "width" else one.mass_bins


def _said(one: Bin) -> str:
    return f"probability {one.low:.3f} to {one.high:.3f}, mean {one.confidence:.3f}<br>right {one.right}, n = {one.n:,}"


def risk(by_score: RiskCoverage, by_confidence: RiskCoverage) -> Any:
    """Return the share that is wrong among the surest, over how many of all are taken."""
    import pandas  # noqa: F401
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, one, colour in (
        ("by score", by_score, _COLOURS["before"]), ("by confidence", by_confidence, _COLOURS["after"]),
    ):  # fmt: skip
        kept = _some(len(one.coverage))
        area = f"{one.aurc.value:.3f} [{one.aurc.low:.3f}, {one.aurc.high:.3f}]"
        figure.add_scatter(
            x=one.coverage[kept], y=one.risk[kept], mode="lines", name=f"{name}, area {area}",
            line={"color": colour, "width": 2}, text=[f"{value:.3f}" for value in one.scores[kept]],
            hovertemplate=f"{name}, from %{{text}} up<br>coverage %{{x:.1%}}<br>wrong %{{y:.3f}}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=320, margin={"l": 8, "r": 8, "t": 52, "b": 52},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": f"coverage: share of the {by_score.n:,} scored rows", "tickformat": ".0%", "range": [0, 1.01]},
        yaxis={"title": "risk: share that is wrong", "rangemode": "tozero"},
    )  # fmt: skip
    return figure


def risk_columns(by_score: RiskCoverage, by_confidence: RiskCoverage) -> dict[str, Sequence[object]]:
    """Return both curves as columns of one table."""
    both = [("score", by_score), ("confidence", by_confidence)]
    return {
        "ranked by": [name for name, one in both for _ in one.scores],
        "least": [float(value) for _, one in both for value in one.scores],
        "coverage": [float(value) for _, one in both for value in one.coverage],
        "risk": [float(value) for _, one in both for value in one.risk],
    }


def _some(points: int) -> Any:
    return np.unique(np.linspace(0, points - 1, min(points, _MOST_POINTS)).astype(np.int64))
