"""Numbers that open their rows: a row of choices with their counts, the chosen one in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized

import streamlit as st

from lab.forensics.datasets import Rows
from lab.ui import tables, text


def picked(kinds: Mapping[str, Sized], key: str, default: str | None = None) -> str | None:
    """Draw the kinds with how many rows each has, and return the one that the address names under `key`."""
    st.segmented_control(
        "Rows", list(kinds), key=f"{key}-choice", default=_named(kinds, key, default), label_visibility="collapsed",
        format_func=lambda name: f"{name} {len(kinds[name]):,}", on_change=_name, args=(key,),
    )  # fmt: skip
    return _named(kinds, key, default)


def listed(rows: Rows, numbers: Sequence[int], *, key: str, title: str) -> None:
    """Draw rows of a dataset that no router was measured on: their prompts and labels."""
    st.markdown(f"**{text.plain(title)}**")
    tables.table(
        {
            "prompt": [rows.prompts[row] for row in numbers],
            "label": [rows.labels[row] or "" for row in numbers],
            "split": [rows.splits[row] for row in numbers],
        },
        key=key,
        name=f"{rows.dataset.name}-{key}",
        config={"prompt": st.column_config.TextColumn(width="large")},
        height=420,
    )


def _named(kinds: Mapping[str, Sized], key: str, default: str | None) -> str | None:
    wanted = st.query_params.get(key, default)
    return wanted if wanted in kinds else default


def _name(key: str) -> None:
    st.query_params[key] = st.session_state[f"{key}-choice"] or ""
