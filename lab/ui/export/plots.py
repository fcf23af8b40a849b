"""Lengths, tokens against the limit, win rates by length, who wrote what, query types: each bar opens its duels."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.dpo import report as reporting
from lab.dpo.behind import ratio_classes
from lab.preferences.bias import RATIOS
from lab.ui import charts, colours, tables, text
from lab.ui.export import address, listing
from lab.ui.export.funnel import COUNT
from lab.ui.export.reading import Reading
from lab.ui.trust import words

_BINS = 20
_SHORT = dict(zip([name for name, _ in RATIOS], ("≤ 1.1×", "≤ 1.5×", "≤ 2×", "≤ 4×", "> 4×"), strict=True))
_COLOURS = {"chosen": colours.PALETTE[0], "rejected": colours.PALETTE[1]}
_PLAIN = colours.PALETTE[2]


def draw(reading: Reading) -> None:
    """Draw what the kept pairs look like."""
    if not reading.report.kept:
        st.info("No pair is kept, so there is nothing to draw.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _lengths(reading)
    with right:
        _tokens(reading)
    with left:
        _win_rates(reading)
    with right:
        _authors(reading)
        _query_types(reading)
    listing.draw(reading, address.GRAPHS)


def _lengths(reading: Reading) -> None:
    import plotly.graph_objects as go

    pairs, kept = reading.built.pairs, reading.built.kept_of
    chars = {side: pairs[f"{side}_chars"][kept] for side in _COLOURS}
    edges = _edges(*chars.values())
    figure = go.Figure()
    for side, values in chars.items():
        counts, _ = np.histogram(values, edges)
        figure.add_bar(
            x=_middles(edges), y=counts, name=side, marker={"color": _COLOURS[side]},
            customdata=[[side, int(low), int(high)] for low, high in pairwise(edges)],
            hovertemplate=f"{side}: %{{y:,}} of %{{customdata[1]:,}} to below %{{customdata[2]:,}}<extra></extra>",
        )  # fmt: skip
    medians = ", ".join(f"{side} {np.median(values):,.0f}" for side, values in chars.items())
    _axes(figure, "characters of the answer", "answers")
    figure.update_layout(barmode="group", bargap=0.08, bargroupgap=0)
    charts.chart(
        figure, key="export-lengths", name="export-lengths", on_pick=_pick_chars,
        caption=f"Length of chosen and rejected answers, n = {int(kept.sum()):,} pairs; medians: {medians}. "
        "Click a bar to read them; the list is below the plots.",
        alt="Histogram of the lengths of chosen and rejected answers",
    )  # fmt: skip


def _pick_chars(marks: list[Any]) -> None:
    if marks and marks[0]:
        side, low, high = marks[0]
        _open("chars", str(side), str(int(low)), str(int(high)))


def _tokens(reading: Reading) -> None:
    import plotly.graph_objects as go

    built, limit = reading.built, reading.spec.policy.max_length
    longest = built.lengths.longest[built.kept_of]
    edges = _edges(longest)
    counts, _ = np.histogram(longest, edges)
    figure = go.Figure()
    figure.add_bar(
        x=_middles(edges), y=counts, marker={"color": _PLAIN}, showlegend=False,
        customdata=[[int(low), int(high)] for low, high in pairwise(edges)],
        hovertemplate="%{y:,} pairs of %{customdata[0]:,} to below %{customdata[1]:,} tokens<extra></extra>",
    )  # fmt: skip
    over, most = int((longest > limit).sum()), int(longest.max())
    if edges[0] <= limit <= 1.5 * most:
        figure.add_vline(x=limit, line={"color": colours.LINE, "dash": "dash"})
        figure.add_annotation(
            x=limit, y=1, yref="paper", yanchor="bottom", text=f"limit {limit:,}", showarrow=False,
            font={"color": colours.LINE},
        )  # fmt: skip
    fit = reading.report.fits[reading.spec.policy.trainer].max_length
    counted = "counted by the tokenizer" if built.exact_tokens else "estimated"
    _axes(figure, f"tokens of prompt and longer answer ({counted})", "pairs")
    figure.update_layout(bargap=0.08)
    charts.chart(
        figure, key="export-tokens", name="export-tokens", on_pick=_pick_tokens,
        caption=f"Tokens against the limit of {limit:,}, n = {len(longest):,} pairs: {over:,} are over it, the longest "
        f"has {most:,}, 99 of 100 fit into {fit:,}. Click a bar to read them.",
        alt=f"Histogram of the tokens of {len(longest)} pairs against the limit",
    )  # fmt: skip


def _pick_tokens(marks: list[Any]) -> None:
    if marks and marks[0]:
        _open("tokens", str(int(marks[0][0])), str(int(marks[0][1])))


def _win_rates(reading: Reading) -> None:
    import plotly.graph_objects as go

    found = [(name, one) for name, one in reporting.win_rates(reading.built).items() if one.n]
    if not found:
        st.caption("All answers are as long as their rivals, so length can decide nothing.")
        return
    fixed = [one.fixed for _, one in found]
    names = [name for name, _ in found]
    figure = go.Figure()
    figure.add_scatter(
        x=names, y=[one.value for one in fixed], mode="markers", marker={"size": 11, "color": _COLOURS["chosen"]},
        error_y={
            "type": "data", "symmetric": False, "array": [one.high - one.value for one in fixed],
            "arrayminus": [one.value - one.low for one in fixed], "color": colours.LINE,
        },
        customdata=[[name] for name in names],
        text=[f"n = {one.n:,}" for _, one in found],
        hovertemplate="%{x}: the longer won %{y:.0%}, %{text}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0.5, line={"color": colours.LINE, "dash": "dot"})
    equal = int((reading.built.kept_of & (ratio_classes(reading.built) < 0)).sum())
    _axes(figure, "how many times as long the longer answer is", "share it won")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_xaxes(tickvals=names, ticktext=[_SHORT[name] for name in names], tickangle=0)
    total = sum(one.n for _, one in found)
    charts.chart(
        figure, key="export-ratio", name="export-win-rates", on_pick=_pick_ratio,
        caption=f"How often the longer answer won, with 95 % intervals, n = {total:,} pairs"
        + (f" ({equal:,} as long left out)" if equal else "") + ". Click a mark to read them.",
        alt="Win rate of the longer answer by how much longer it is",
    )  # fmt: skip


def _pick_ratio(marks: list[Any]) -> None:
    if marks and marks[0]:
        _open("ratio", str(marks[0][0]))


def _authors(reading: Reading) -> None:
    found, many = reading.report.authors, 2 * reading.report.kept
    st.markdown("**Who wrote the answers**")
    tables.table(
        {
            "by": [one.by for one in found],
            "model": [one.model for one in found],
            "chosen": [one.chosen for one in found],
            "rejected": [one.rejected for one in found],
            "won": [one.chosen / (one.chosen + one.rejected) for one in found],
            "share of all": [(one.chosen + one.rejected) / many for one in found],
        },
        key=tables.key_of("authors", [f"{one.by}{one.model}{one.chosen}" for one in found]),
        name="export-authors",
        caption=f"n = {words.count(many, 'answer')}. Click a row to read them.",
        config={"chosen": COUNT, "rejected": COUNT, "won": _bar(), "share of all": _bar()},
        on_pick=lambda place: _open("author", found[place].by, found[place].model),
        height=220,
    )


def _query_types(reading: Reading) -> None:
    found: Mapping[str, int] = reading.report.query_types
    names = sorted(found, key=lambda name: (-found[name], name))
    st.markdown("**Query types**")
    if names == [""]:
        st.caption("No duel names its query type.")
        return
    tables.table(
        {
            "query type": [name or "none" for name in names],
            "pairs": [found[name] for name in names],
            "share": [found[name] / reading.report.kept for name in names],
        },
        key=tables.key_of("types", [f"{name}{found[name]}" for name in names]),
        name="export-query-types",
        caption=f"n = {words.count(reading.report.kept, 'pair')}. Click a row to read them.",
        config={"pairs": COUNT, "share": _bar()},
        on_pick=lambda place: _open("type", names[place]),
        height=220,
    )


def _open(kind: str, *about: str) -> None:
    """Open what was clicked, below the plots, and say where it is; for callbacks."""
    address.show(address.GRAPHS, kind, *about)
    st.toast("The pairs are listed below the plots.")


def _bar() -> Any:
    return st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)


def _edges(*several: NDArray[Any]) -> NDArray[np.int64]:
    """Return whole edges of bins that hold all of these: at most 20 bins, each as wide as the others."""
    least = int(min(values.min() for values in several))
    most = int(max(values.max() for values in several))
    step = max(1, -(-(most + 1 - least) // _BINS))
    return np.arange(least, most + 1 + step, step)


def _middles(edges: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray((edges[:-1] + edges[1:]) / 2)


def _axes(figure: Any, x: str, y: str) -> None:
    figure.update_layout(
        height=300, margin={"l": 8, "r": 8, "t": 28, "b": 56}, legend={"orientation": "h", "y": 1.14},
        xaxis={"title": text.one_line(x)}, yaxis={"title": y, "tickformat": ","},
    )  # fmt: skip
