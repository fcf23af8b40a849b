"""The dataset in use at a glance: labels as a figure, splits, query types and sources as tables; a click opens rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from lab.forensics.datasets import NESTED_BELOW, Rows, labelled
from lab.store import labels, looks
from lab.types import RouterConfig
from lab.ui import charts, colours, resources, tables, text
from lab.ui.data import places

_BARS = 16
_NAME_CHARS = 24


def title(rows: Rows) -> None:
    """Draw the sentences that sum the dataset up."""
    st.markdown(f"#### {text.plain(rows.dataset.name)}: {len(labelled(rows)):,} of {len(rows):,} rows labelled")
    st.caption(text.plain(_splits_in_words(rows)))


def draw(rows: Rows, config: RouterConfig) -> None:
    """Draw how many rows there are of each label, split, query type and source."""
    _labels(rows, config, len(labelled(rows)))
    if not rows.nested:
        _counts(rows, "split", "split", rows.splits)
    if any(rows.query_types):
        _counts(rows, "query type", "type", rows.query_types)
    if any(rows.sources):
        _counts(rows, "source", "source", rows.sources)
    _people(rows)
    _looks(rows)


def _splits_in_words(rows: Rows) -> str:
    seed = f"seed {rows.dataset.seed}, rows {rows.hash[:10]}"
    if rows.nested:
        return (
            f"Under {NESTED_BELOW} labelled rows none are sealed: figures come from nested cross-validation over all "
            f"of them; {seed}."
        )
    counts = Counter(rows.splits)
    return (
        f"{counts['tune']:,} rows choose settings (tune), {counts['dev']:,} judge them (dev), {counts['sealed']:,} are "
        f"kept for the end (sealed); {seed}."
    )


def _labels(rows: Rows, config: RouterConfig, known: int) -> None:
    counts = Counter(label for label in rows.labels if label is not None)
    unlabelled = len(rows) - known
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [*ranked[:_BARS], *([(places.UNLABELLED, unlabelled)] if unlabelled else [])]
    rest = sum(count for _, count in ranked[_BARS:])
    others = f" · the {_BARS} commonest; the other {len(ranked) - _BARS:,} have {rest:,} rows" if rest else ""
    charts.chart(
        _bars(shown, config, len(rows)),
        key="label-mix",
        name=f"{rows.dataset.name}-labels",
        caption=f"n = {len(rows):,} rows, {known:,} labelled with {len(counts):,} labels{others} · every row is "
        f"counted, so no interval · all splits · seed {rows.dataset.seed} · dataset {rows.hash[:10]}",
        alt="; ".join(f"{name} {count:,} rows" for name, count in shown),
        on_pick=lambda picked: _pick("label", str(picked[0])),
    )
    if rest:
        with st.expander(f"All {len(ranked):,} labels as a table", key="all-labels", on_change="rerun") as more:
            if more.open:
                _counts(rows, "label", "label", rows.labels)


def _bars(shown: Sequence[tuple[str, int]], config: RouterConfig, n: int) -> Any:
    import pandas  # noqa: F401  wait for it: plotly peeks at a pandas that another thread is still importing
    import plotly.graph_objects as go

    names = [escape(text.one_line(name, _NAME_CHARS)) for name, _ in shown]
    figure = go.Figure(
        go.Bar(
            x=[count for _, count in shown],
            y=list(range(len(shown))),
            orientation="h",
            customdata=[name for name, _ in shown],
            marker={"color": [colours.of(config, name) for name, _ in shown], "opacity": 0.88},
            text=[f"{count:,} ({count / max(n, 1):.1%})" for _, count in shown],
            textposition="auto",
            insidetextfont={"color": "white"},
            cliponaxis=False,
            hovertemplate="%{customdata}: %{x:,} rows<extra></extra>",
        )
    )
    figure.update_layout(
        showlegend=False,
        height=110 + 28 * len(shown),
        margin={"l": 8, "r": 24, "t": 8, "b": 48},
        bargap=0.25,
        xaxis={"title": f"rows, n = {n:,}", "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "title": "label", "tickvals": list(range(len(shown))), "ticktext": names},
    )
    return figure


def _counts(rows: Rows, title: str, name: str, values: Sequence[str | None]) -> None:
    """Draw how many rows have each value; a click opens them."""
    counts = Counter(places.named(name, value) for value in values)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    with_label = Counter(
        places.named(name, value) for value, label in zip(values, rows.labels, strict=True) if label is not None
    )
    tables.table(
        {
            title: [value for value, _ in ranked],
            "rows": [count for _, count in ranked],
            "labelled": [with_label[value] for value, _ in ranked],
            "share": [count / max(len(rows), 1) for _, count in ranked],
        },
        key=f"count-{name}-{rows.dataset.id}",
        name=f"{rows.dataset.name}-{name}",
        caption="Click one to read its rows.",
        config={
            "rows": st.column_config.NumberColumn(format="localized"),
            "labelled": st.column_config.NumberColumn(format="localized"),
            "share": st.column_config.NumberColumn(format="percent"),
        },
        on_pick=lambda place: _pick(name, ranked[place][0]),
        height=248,
    )


def _pick(name: str, value: str) -> None:
    places.show_rows(**{name: value})


def _people(rows: Rows) -> None:
    given = sum(one.expert is not None for one in labels.of_dataset(resources.lab().store, rows.dataset.id).values())
    if given:
        _button(
            f"{given:,} row{'s' * (given != 1)} labelled here by people",
            "by-people",
            partial(_pick, "by", places.BY_PEOPLE),
        )


def _looks(rows: Rows) -> None:
    if rows.nested:
        return
    store = resources.lab().store
    times = looks.count(store, rows.dataset.id)
    said = f"sealed looked at {times} time{'s' * (times != 1)}"
    if not times:
        st.caption(said)
        return
    with st.expander(said, key=f"looks-{rows.dataset.id}", on_change="rerun") as more:
        if more.open:
            found = looks.of_dataset(store, rows.dataset.id)
            tables.table(
                {
                    "when": [one.created_at for one in found],
                    "why": [one.why for one in found],
                    "router": [one.router_hash[:10] for one in found],
                    "rows": [one.dataset_hash[:10] for one in found],
                },
                key="looks",
                name=f"{rows.dataset.name}-looks",
                caption="The same router on the same rows counts once.",
                config={"when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
            )


def _button(label: str, key: str, then: Callable[[], None]) -> None:
    st.button(label, key=key, on_click=then, type="tertiary", icon=":material/arrow_forward:")
