"""What a click has done, said on the next run of the whole page; the parts of a page that run alone hand it on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

_WAITING = "notice"
_Given = ParamSpec("_Given")


def tell(message: str) -> None:
    """Keep a sentence (Markdown) for the frame; for callbacks that change more than the part they were clicked in."""
    st.session_state[_WAITING] = message


def say() -> None:
    """Say what was kept, once; the frame calls it."""
    message = st.session_state.pop(_WAITING, None)
    if message:
        st.toast(message)


def apart(draw: Callable[_Given, None], every_s: float | None = None) -> Callable[_Given, None]:
    """Return `draw` as a part that runs alone: after a click inside, unless that changed what the whole page shows, and
    every so many seconds.

    It gets a container of its own. On a busy server a part can run again before the whole page's run has been sent;
    Streamlit (1.67) then leaves the part out of that run, the browser closes the gap, and the part is drawn over its
    next neighbour, which is gone until the page runs again. Alone in a container it has no neighbour.
    """

    @wraps(draw)
    def part(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        if st.session_state.get(_WAITING):
            st.rerun()
        draw(*args, **kwargs)

    def placed(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        with st.container():
            st.fragment(part, run_every=every_s)(*args, **kwargs)

    return placed
