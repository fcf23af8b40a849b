"""Figures, in the colours of the experts, readable on light and on dark."""

from __future__ import annotations

from html import escape
from typing import Any

from lab.types import RouterConfig, Trace
from lab.ui import colours

_BARS = 12


def score_bars(config: RouterConfig, trace: Trace) -> Any:
    """Return a bar an expert with its threshold; the highest scores only, where there are many experts."""
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    scored = [one for one in trace.scores if one.score is not None]
    shown = sorted(scored, key=lambda one: one.score or 0.0, reverse=True)[:_BARS]
    winner = trace.decision.expert if trace.decision.layer == "semantic" else None
    names = [_name(one.expert, chosen=one.expert == winner) for one in shown]
    figure = go.Figure()
    figure.add_bar(
        x=[one.score for one in shown],
        y=names,
        orientation="h",
        marker={"color": [colours.of(config, one.expert) for one in shown], "opacity": 0.88},
        text=[f"{one.score:.3f}" for one in shown],
        textposition="inside",
        insidetextanchor="start",
        textfont={"color": "white"},
        hovertemplate="%{y}: score %{x:.6f}<extra></extra>",
    )
    figure.add_scatter(
        x=[one.threshold for one in shown],
        y=names,
        mode="markers",
        marker={"symbol": "line-ns", "size": 26, "line": {"width": 2, "color": colours.LINE}},
        hovertemplate="%{y}: threshold %{x:.6f}<extra></extra>",
        cliponaxis=False,
    )
    figure.add_annotation(
        x=shown[0].threshold,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"threshold {shown[0].threshold:.3f}",
        showarrow=False,
        font={"color": colours.LINE},
    )
    figure.update_layout(
        showlegend=False,
        height=132 + 38 * len(shown),
        margin={"l": 8, "r": 8, "t": 28, "b": 48},
        bargap=0.25,
        xaxis={
            "title": f"score ({'probability' if config.scorer == 'learned' else 'cosine'}), n = {len(scored)} experts",
            "range": _range(trace),
        },
        yaxis={"autorange": "reversed", "title": None},
    )
    return figure


def _name(expert: str, *, chosen: bool) -> str:
    return f"<b>{escape(expert)} ✓</b>" if chosen else escape(expert)  # plotly reads a little HTML


def _range(trace: Trace) -> list[float]:
    values = [one.score for one in trace.scores if one.score is not None] + [one.threshold for one in trace.scores]
    return [min(0.0, *values) - 0.0, max(*values, 0.1) * 1.08]
