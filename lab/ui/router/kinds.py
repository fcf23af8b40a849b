"""Numbers that open their rows: a row of choices with their counts, the chosen one in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sized

import streamlit as st


def picked(kinds: Mapping[str, Sized], key: str, default: str | None = None) -> str | None:
    """Draw the kinds with how many rows each has, and return the one that the address names under `key`."""
    st.segmented_control(
        "Rows", list(kinds), key=f"{key}-choice", default=_named(kinds, key, default), label_visibility="collapsed",
        format_func=lambda name: f"{name} {len(kinds[name]):,}", on_change=_name, args=(key,),
    )  # fmt: skip
    return _named(kinds, key, default)


def _named(kinds: Mapping[str, Sized], key: str, default: str | None) -> str | None:
    wanted = st.query_params.get(key, default)
    return wanted if wanted in kinds else default


def _name(key: str) -> None:
    st.query_params[key] = st.session_state[f"{key}-choice"] or ""
