"""Lengths, win rates by length, who wrote what, query types: each bar and row opens its duels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import streamlit as st

from lab.dpo import report as reporting
from lab.dpo.behind import ratio_classes
from lab.ui import charts, colours, tables, text
from lab.ui.export import address
from lab.ui.export.reading import Reading
from lab.ui.trust import words

_BINS = 24
_CHOSEN, _REJECTED = "#2F6FDE", "#D9822B"


def draw(reading: Reading) -> None:
    """Draw what the kept pairs look like."""
    if not reading.report.kept:
        st.info("No pair is kept, so there is nothing to draw.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _tokens(reading)
    with right:
        _win_rates(reading)
    with left:
        _authors(reading)
    with right:
        _query_types(reading)


def _tokens(reading: Reading) -> None:
    import plotly.graph_objects as go

    built, limit = reading.built, reading.spec.policy.max_length
    kept = built.kept_of
    lengths = built.lengths
    chosen, rejected = lengths.chosen.whole[kept], lengths.rejected.whole[kept]
    most = int(max(chosen.max(), rejected.max(), 1))
    edges = np.unique(np.linspace(0, most + 1, _BINS + 1).astype(int))
    figure = go.Figure()
    for name, values, colour in (("chosen", chosen, _CHOSEN), ("rejected", rejected, _REJECTED)):
        counts, _ = np.histogram(values, edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2, y=counts, width=np.diff(edges) * 0.9, name=name, opacity=0.6,
            marker={"color": colour}, customdata=[[int(a), int(b)] for a, b in pairwise(edges)],
            hovertemplate=f"{name}: %{{y}} of %{{customdata[0]}} to %{{customdata[1]}} tokens<extra></extra>",
        )  # fmt: skip
    if limit <= most * 2:
        figure.add_vline(x=limit, line={"color": colours.LINE, "dash": "dash"})
        figure.add_annotation(
            x=limit, y=1, yref="paper", yanchor="bottom", text=f"limit {limit:,}", showarrow=False,
            font={"color": colours.LINE},
        )  # fmt: skip
    about = "counted by the tokenizer" if built.exact_tokens else "an estimate: no tokenizer was named"
    _axes(figure, f"tokens with the prompt ({'exact' if built.exact_tokens else 'estimate'})", "answers")
    figure.update_layout(barmode="overlay")
    charts.chart(
        figure, key="export-tokens", name="export-tokens", on_pick=_pick_tokens,
        caption=f"Tokens of each answer with its prompt, n = {len(chosen):,} pairs; {about}. Click a bar to read them.",
        alt=f"Histogram of tokens, {len(chosen)} chosen and rejected answers",
    )  # fmt: skip


def _pick_tokens(marks: list[Any]) -> None:
    if marks and marks[0]:
        address.show("tokens", str(int(marks[0][0])), str(int(marks[0][1])))


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
        x=names, y=[one.value for one in fixed], mode="markers",
        marker={"size": 10, "color": _CHOSEN},
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
    _axes(figure, "how much longer the longer answer is", "share it won")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    total = sum(one.n for _, one in found)
    charts.chart(
        figure, key="export-ratio", name="export-win-rates", on_pick=_pick_ratio,
        caption=f"How often the longer answer won, with 95 % intervals, n = {total:,} pairs"
        + (f" ({equal:,} as long left out)" if equal else "") + ". Click a mark to read them.",
        alt="Win rate of the longer answer by how much longer it is",
    )  # fmt: skip


def _pick_ratio(marks: list[Any]) -> None:
    if marks and marks[0]:
        address.show("ratio", str(marks[0][0]))


def _authors(reading: Reading) -> None:
    found = reading.report.authors
    st.markdown("**Who wrote the answers**")
    tables.table(
        {
            "by": [one.by for one in found],
            "model": [one.model for one in found],
            "chosen": [one.chosen for one in found],
            "rejected": [one.rejected for one in found],
            "share of all": [(one.chosen + one.rejected) / (2 * reading.report.kept) for one in found],
        },
        key=tables.key_of("authors", [f"{one.by}{one.model}{one.chosen}" for one in found]),
        name="export-authors",
        caption=f"n = {words.count(2 * reading.report.kept, 'answer')}. Click a row to read them.",
        config={"share of all": st.column_config.NumberColumn(format="percent")},
        on_pick=lambda place: address.show("author", found[place].by, found[place].model),
        height=300,
    )


def _query_types(reading: Reading) -> None:
    found = list(reading.report.query_types.items())
    st.markdown("**Query types**")
    if [name for name, _ in found] == [""]:
        st.caption("No duel names its query type.")
        return
    tables.table(
        {"query type": [name or "none" for name, _ in found], "pairs": [count for _, count in found]},
        key=tables.key_of("types", [f"{name}{count}" for name, count in found]),
        name="export-query-types",
        caption=f"n = {words.count(reading.report.kept, 'pair')}. Click a row to read them.",
        on_pick=lambda place: address.show("type", found[place][0]),
        height=300,
    )


def _axes(figure: Any, x: str, y: str) -> None:
    figure.update_layout(
        height=320, margin={"l": 8, "r": 8, "t": 28, "b": 56}, legend={"orientation": "h", "y": 1.12},
        xaxis={"title": text.one_line(x)}, yaxis={"title": y},
    )  # fmt: skip
