"""Work that takes a while, held while the draft is edited: an edit must not wait for it to be done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import streamlit as st

from lab.types import RouterConfig

_SLOW_S = 0.4
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Last:
    rows_hash: str
    config: RouterConfig
    seconds: float


def held(
    key: str, rows_hash: str, config: RouterConfig, make: Callable[[RouterConfig], Result]
) -> tuple[Result, RouterConfig]:
    """Return what `make` makes of a router, and that router.

    `make` remembers what it made. Where that is slow and the draft has moved on, it is that of the draft as it was, and
    a button makes it for the draft as it is. Raises what `make` raises.
    """
    last: _Last | None = st.session_state.get(key)
    if last is not None and (last.rows_hash != rows_hash or (last.config != config and last.seconds < _SLOW_S)):
        last = None
    if last is not None and last.config != config:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"For the draft as it was; it takes {last.seconds:.1f} s.", width="content")
            st.button("Do it again for the draft as it is", key=f"{key}-again", on_click=_again, args=(key,))
        return make(last.config), last.config
    started = perf_counter()
    made = make(config)
    seconds = perf_counter() - started
    st.session_state[key] = _Last(rows_hash, config, seconds if last is None else max(seconds, last.seconds))
    return made, config


def _again(key: str) -> None:
    st.session_state.pop(key, None)
