"""Fields that edit the draft in place. What is entered is an edit at once; what the draft refuses stays in the field.

A field shows what the draft holds, also after an undo or an edit in another tab, unless it holds an entry that was
refused: that stays, with the reason under it, until it is corrected or given up. Edits set values, so that a callback
that is run twice changes nothing the second time. Callbacks of one session may overlap, where entries come faster than
edits are written; they write one after the other, each the newest entry of its field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import streamlit as st

from lab.drafting import Change
from lab.errors import LabError
from lab.types import new_id
from lab.ui import resources, text

_SEEN, _REFUSED, _ENTRIES = "router_seen", "router_refused", "router_entries"
_UNSEEN = object()
Make = Callable[[Any], Change | None]
"""From the value of a field to the change of the router; None where there is nothing to change."""

Option = TypeVar("Option", bound=str)


@dataclass(frozen=True, slots=True)
class _Entries:
    """The newest entry of each field of a session, and the lock under which they are written."""

    lock: Lock = field(default_factory=Lock)
    newest: dict[str, Any] = field(default_factory=dict)


def number(
    label: str,
    now: float | None,
    make: Make,
    *,
    key: str,
    low: float,
    high: float,
    step: float = 0.005,
    empty: str | None = None,
    tip: str | None = None,
) -> None:
    """Draw a number; with `empty` it may be left empty, which is shown as that text."""
    _follow(key, None if now is None else float(now))
    st.number_input(
        label, low, high, None, step, "%.4f", key=key, help=tip, placeholder=empty, width=165,
        on_change=_commit, args=(key, make),
    )  # fmt: skip
    _reason(key)


def whole(label: str, now: int, make: Make, *, key: str, low: int, high: int, tip: str | None = None) -> None:
    """Draw a whole number."""
    _follow(key, now)
    st.number_input(label, low, high, None, 1, key=key, help=tip, width=110, on_change=_commit, args=(key, make))
    _reason(key)


def choice(label: str, options: Sequence[Option], now: Option, make: Make, *, key: str, tip: str | None = None) -> None:
    """Draw a choice between a few words."""
    _follow(key, now)
    st.segmented_control(
        label, options, required=True, key=key, help=tip, on_change=_commit, args=(key, make)
    )  # fmt: skip
    _reason(key)


def one_of(
    label: str,
    options: Sequence[str],
    now: str,
    make: Make,
    *,
    key: str,
    shown: Callable[[str], str] = str,
    tip: str | None = None,
) -> None:
    """Draw a choice between many."""
    _follow(key, now)
    st.selectbox(
        label, options, key=key, format_func=shown, help=tip, width=200, on_change=_commit, args=(key, make)
    )  # fmt: skip
    _reason(key)


def word(
    label: str,
    now: str,
    make: Make,
    *,
    key: str,
    tip: str | None = None,
    width: int = 220,
    then: Callable[[Any], None] | None = None,
) -> None:
    """Draw a line of text; `then` is called with an entry that the draft took."""
    _follow(key, now)
    st.text_input(label, key=key, help=tip, width=width, on_change=_commit, args=(key, make, then))
    _reason(key)


def area(label: str, now: str, make: Make, *, key: str, height: int, tip: str | None = None) -> None:
    """Draw a text of many lines."""
    _follow(key, now)
    st.text_area(label, key=key, help=tip, height=height, on_change=_commit, args=(key, make))
    _reason(key)


def _follow(key: str, now: Any) -> None:
    """Let the widget show `now`, where that is news or the widget has forgotten it; a refused entry stays."""
    st.session_state.setdefault(_ENTRIES, _Entries())
    seen: dict[str, Any] = st.session_state.setdefault(_SEEN, {})
    entry = _refusals().get(key)
    if entry is not None:
        if key not in st.session_state:
            st.session_state[key] = entry[0]
    elif key not in st.session_state or (seen.get(key, _UNSEEN) != now and st.session_state[key] != now):
        st.session_state[key] = now  # not where it stands there: that would take back what is being typed
    seen[key] = now


def _commit(key: str, make: Make, then: Callable[[Any], None] | None = None) -> None:
    entries: _Entries = st.session_state[_ENTRIES]
    entries.newest[key] = st.session_state[key]
    _refusals().pop(key, None)
    st.session_state.setdefault(_SEEN, {}).pop(key, None)  # the draft may hold it in another form: show that
    error = None
    with entries.lock:  # nothing of Streamlit's in here, which may end a callback that was overtaken
        value = entries.newest[key]
        try:
            change = make(value)
            if change is not None:
                resources.lab().drafting.edit("", change, edit_id=new_id())
        except LabError as err:
            error = err
    if error is not None:
        _refusals()[key] = (value, error)
    elif change is not None and then is not None:
        then(value)


def _reason(key: str) -> None:
    """Draw why an entry was refused, and the way back."""
    entry = _refusals().get(key)
    if entry is None:
        return
    st.error(f"{text.sentence(str(entry[1]))} The draft is as it was.")
    st.button("Give this entry up", key=f"{key}-give-up", on_click=_give_up, args=(key,), type="tertiary")


def _give_up(key: str) -> None:
    _refusals().pop(key, None)
    st.session_state.get(_SEEN, {}).pop(key, None)


def _refusals() -> dict[str, tuple[Any, LabError]]:
    refused: dict[str, tuple[Any, LabError]] = st.session_state.setdefault(_REFUSED, {})
    return refused
