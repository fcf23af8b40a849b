"""What a click has done, said on the next run of the whole page; a part of a page that runs alone hands it on."""

from __future__ import annotations

from collections.abc import Callable
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


def hand_on() -> None:
    """Run the whole page where something waits to be said; a part that runs alone calls it first."""
    if st.session_state.get(_WAITING):
        st.rerun()


def apart(draw: Callable[_Given, None]) -> Callable[_Given, None]:
    """Return `draw` as a part that a click inside runs alone, unless the click changed what the whole page shows."""

    def part(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        hand_on()
        draw(*args, **kwargs)

    return st.fragment(part)
