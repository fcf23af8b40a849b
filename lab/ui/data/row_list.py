"""The rows of the dataset in use, searched and filtered; a row that is clicked opens."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from lab.forensics.datasets import Rows, crossing, to_csv
from lab.forensics.datasets.normalise import normal
from lab.forensics.evidence import Ints
from lab.records import Label
from lab.store import labels as given
from lab.types import RouterConfig
from lab.ui import resources, tables
from lab.ui.data import opened_row, places

MOST = 2_000
"""Rows that a browser shows at once; the CSV holds all of them."""

_OFFERED = 500  # values that a filter lists


def draw(rows: Rows, config: RouterConfig, by: str) -> None:
    """Draw the filters, the rows that they let through, and the open row under the router `config`."""
    said = {
        row: label
        for row, label in given.of_dataset(resources.lab().store, rows.dataset.id).items()
        if label.expert is not None
    }
    chosen = _filtered(rows, said)
    table(rows, chosen, said, key="rows")
    row = places.row_of(rows)
    if row is not None:
        opened_row.draw(rows, config, row, by, said.get(row))


def table(rows: Rows, chosen: Ints, said: Mapping[int, Label], key: str) -> None:
    """Draw some rows; a click opens one."""
    if not len(chosen):
        st.caption("No row fits.")
        return
    shown = chosen[:MOST]
    tables.table(
        columns_of(rows, shown, said),
        key=f"{key}-{_digest(chosen)}",
        name=f"{rows.dataset.name}-{key}",
        caption=f"{len(chosen):,} of {len(rows):,} rows. Click one to see where it goes and why."
        + (f" The first {MOST:,} are shown." if len(chosen) > MOST else ""),
        config={
            "row": st.column_config.NumberColumn(format="localized", width="small"),
            "prompt": st.column_config.TextColumn(width="large"),
        },
        on_pick=lambda place: places.open_row(rows, int(shown[place])),
        height=420,
    )
    if len(chosen) > MOST:
        st.download_button(
            f"CSV of all {len(chosen):,}", lambda: to_csv(columns_of(rows, chosen, said)),
            f"{rows.dataset.name}-{key}-all.csv", "text/csv", key=f"{key}-all", on_click="ignore", type="tertiary",
            icon=":material/download:",
        )  # fmt: skip


def columns_of(rows: Rows, chosen: Ints, said: Mapping[int, Label]) -> dict[str, list[object]]:
    """Return rows as columns to draw; empty columns are left out. Rows count from 1."""
    at = chosen.tolist()
    columns: dict[str, list[object]] = {
        "row": [row + 1 for row in at],
        "prompt": [rows.prompts[row] for row in at],
        "label": [rows.labels[row] for row in at],
    }
    if said:
        columns["labelled by"] = [
            "a person" if row in said else "its file" if rows.labels[row] is not None else "" for row in at
        ]
    if any(rows.query_types):
        columns["query type"] = [rows.query_types[row] for row in at]
    if not rows.nested:
        columns["split"] = [rows.splits[row] for row in at]
    if any(rows.sources):
        columns["source"] = [rows.sources[row] for row in at]
    return columns


def _filtered(rows: Rows, said: Mapping[int, Label]) -> Ints:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find = st.text_input(
            "Search", key=places.FIND, bind="query-params", placeholder="words in the prompt", width=240,
            icon=":material/search:",
        )  # fmt: skip
        label = _choice("Label", "label", rows.labels)
        split = None if rows.nested else _choice("Split", "split", rows.splits)
        kind = _choice("Query type", "type", rows.query_types) if any(rows.query_types) else None
        source = _choice("Source", "source", rows.sources) if any(rows.sources) else None
        by = _by(rows, said)
    kept = np.ones(len(rows), dtype=bool)
    for wanted, values in (
        (label, rows.labels),
        (split, rows.splits),
        (kind, rows.query_types),
        (source, rows.sources),
    ):
        if wanted is not None:
            value = None if wanted in (places.NOTHING, places.UNLABELLED) else wanted
            kept &= np.fromiter((one == value for one in values), dtype=bool, count=len(rows))
    if by == places.BY_PEOPLE:
        mine = np.zeros(len(rows), dtype=bool)
        mine[list(said)] = True
        kept &= mine
    elif by == places.CROSSING:
        apart = np.zeros(len(rows), dtype=bool)
        apart[crossing(rows)] = True
        kept &= apart
    group = places.group_of(rows)
    if group is not None:
        kept &= rows.groups == group
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Only near-duplicates of each other, group {group + 1:,}.", width="content")
            st.button("All rows", key="all-groups", on_click=places.close_group, type="tertiary")
    return found_in(rows, np.flatnonzero(kept), find or "")


def found_in(rows: Rows, among: Ints, words: str) -> Ints:
    """Return the rows among these whose prompt holds every word, whatever its case."""
    wanted = normal(words).split()
    if not wanted:
        return among
    hits = [row for row in among.tolist() if all(word in normal(rows.prompts[row]) for word in wanted)]
    return np.array(hits, dtype=np.int64)


def _choice(title: str, name: str, values: Sequence[str | None]) -> str | None:
    """Draw a filter over the commonest values, and the one that the address asks for."""
    counts = Counter(places.named(name, value) for value in values)
    options = [value for value, _ in counts.most_common(_OFFERED)]
    asked = st.session_state.get(name) or st.query_params.get(name)
    if asked is not None and asked in counts and asked not in options:
        options.append(asked)
    elif asked and asked not in counts:
        st.session_state[name] = None
    return st.selectbox(title, options, index=None, key=name, bind="query-params", placeholder="any", width=170)


def _by(rows: Rows, said: Mapping[int, Label]) -> str | None:
    options = [*([places.BY_PEOPLE] if said else []), *([places.CROSSING] if len(crossing(rows)) else [])]
    if not options:
        return None
    return st.selectbox("Only", options, index=None, key="by", bind="query-params", placeholder="any", width=170)


def _digest(chosen: Ints) -> str:
    return hashlib.sha256(np.ascontiguousarray(chosen).tobytes()).hexdigest()[:12]
