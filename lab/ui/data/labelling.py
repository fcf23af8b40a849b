"""Labels by keyboard: one prompt at a time, the hardest first, every key press stored at once and undone with U."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st

from lab.errors import LabError, NotFound
from lab.forensics.datasets import Rows, unlabelled
from lab.forensics.evidence import Ints
from lab.records import Label
from lab.store import labels as given
from lab.types import NONE, RouterConfig, new_id
from lab.ui import resources, tables, text
from lab.ui.components import fault
from lab.ui.data import label_history, label_names, label_order, opened_row, places
from lab.ui.data.label_names import Names
from lab.ui.workbench import Workbench

EARLY_S = 0.25
"""A key that comes sooner than this after a prompt appeared was meant for the one before it."""

_SHOWING, _SKIPPED, _AT, _ERROR, _GUESS = "label_showing", "label_skipped", "at", "label_error", "label_guess"
_LAST = 5


@dataclass(frozen=True, slots=True)
class Showing:
    """One showing of a prompt; whatever is pressed during it is one label."""

    dataset_id: str
    row: int
    label_id: str
    drawn_at: float  # monotonic seconds; when the page with its buttons was drawn


@dataclass(frozen=True, slots=True)
class Skip:
    """A prompt that was put off; `after` is the newest label then, so that U knows what came last."""

    row: int
    after: int


def draw(bench: Workbench) -> None:
    """Draw the prompt to label, the keys, and what was labelled last."""
    rows, store = bench.rows, bench.lab.store
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    todo = unlabelled(rows)
    history = label_history.standing(store, rows.dataset.id)
    _progress(len(rows) - len(todo), len(rows))
    if not len(todo):
        _finished(rows, history)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = label_names.choose(rows, bench.config, bench.name)
        order = label_order.choose(bench, todo)
    row = _row(rows, order)
    showing = _showing(rows, row)
    with st.container(border=True):
        st.caption(_about(rows, row))
        st.html(text.highlighted(rows.prompts[row], []))
    _keys(rows, names, showing, history)
    _guess(bench, showing)
    _last(bench, history)
    st.session_state[_SHOWING] = replace(showing, drawn_at=showing.drawn_at or time.monotonic())


def _progress(done: int, n: int) -> None:
    st.progress(done / max(n, 1), f"Labelled {done:,} of {n:,}.")


def _finished(rows: Rows, history: list[Label]) -> None:
    st.markdown(f"**Every row of {text.plain(rows.dataset.name)} has a label.**")
    st.caption("To change one, open it under Rows. To label more, add a file whose rows have no label yet.")
    with st.container(horizontal=True):
        st.button("Go to the rows", key="to-rows", on_click=places.go, args=(places.ROWS,), type="primary")
        _undo_button(rows, None, history)


# ------------------------------------------------------------------------------------------------------- what is next


def _row(rows: Rows, order: Ints) -> int:
    """Return the row that the address names while it has no label, else the first in order that was not put off."""
    content, _, number = st.query_params.get(_AT, "").partition(".")
    if content == rows.dataset.content_hash[:8] and number.isascii() and number.isdigit() and len(number) < 10:
        row = int(number)
        if row < len(rows) and rows.labels[row] is None:
            return row
    put_off = [skip.row for skip in _skipped(rows)]
    fresh = order[~np.isin(order, put_off)]
    waiting = [row for row in put_off if rows.labels[row] is None]  # the one put off longest comes first
    row = int(fresh[0]) if len(fresh) else waiting[0] if waiting else int(order[0])
    _go_to(rows, row)
    return row


def _go_to(rows: Rows, row: int) -> None:
    st.query_params[_AT] = f"{rows.dataset.content_hash[:8]}.{row}"


def _showing(rows: Rows, row: int) -> Showing:
    """Return the showing that goes on, or another one where another prompt is shown."""
    now: Showing | None = st.session_state.get(_SHOWING)
    if now is not None and (now.dataset_id, now.row) == (rows.dataset.id, row):
        return now
    st.session_state.pop(_GUESS, None)
    return Showing(rows.dataset.id, row, new_id(), 0.0)


def _skipped(rows: Rows) -> list[Skip]:
    kept: dict[str, list[Skip]] = st.session_state.setdefault(_SKIPPED, {})
    return kept.setdefault(rows.dataset.id, [])


def _about(rows: Rows, row: int) -> str:
    parts = [f"row {row + 1:,}", *(value for value in (rows.query_types[row], rows.sources[row]) if value)]
    return text.plain(" · ".join(parts))


# -------------------------------------------------------------------------------------------------------------- keys


def _keys(rows: Rows, names: Names, showing: Showing, history: list[Label]) -> None:
    mark = showing.label_id
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for name in (*names.names[: label_names.KEYED], NONE):
            st.button(
                "nobody" if name == NONE else text.plain(text.one_line(name, 40)), key=f"label-{mark}-{name}",
                on_click=_label, args=(rows, mark, name), shortcut=names.key(name),
            )  # fmt: skip
        if len(names.names) > label_names.KEYED:
            key = f"label-{mark}"
            st.selectbox(
                "Label", names.names, index=None, key=key, width=240, label_visibility="collapsed",
                placeholder=f"one of {len(names.names):,}: type", on_change=_label_chosen, args=(rows, mark, key),
            )  # fmt: skip
        st.button("Skip", key=f"skip-{mark}", on_click=_skip, args=(rows, mark), shortcut="S", type="tertiary")
        _undo_button(rows, mark, history)
        st.button(
            "Router's guess", key=f"guess-{mark}", on_click=_ask, args=(mark,), shortcut="G", type="tertiary",
            disabled=opened_row.is_sealed(rows, showing.row),
            help="Shown on request only: labels that copy the router cannot tell how good it is.",
        )  # fmt: skip


def _undo_button(rows: Rows, mark: str | None, history: list[Label]) -> None:
    last = history[0].id if history else ""
    st.button(
        "Undo", key=f"undo-{mark}-{last}-{len(_skipped(rows))}", on_click=_undo, args=(rows, last or None),
        shortcut="U", type="tertiary", disabled=not history and not _skipped(rows),
        help="The last label or skip; as often as needed.",
    )  # fmt: skip


def _current(mark: str) -> Showing | None:
    """Return the showing that a key was pressed in; None for one that is over, or that has only just begun."""
    now: Showing | None = st.session_state.get(_SHOWING)
    if now is None or now.label_id != mark or time.monotonic() - now.drawn_at < EARLY_S:
        return None
    return now


def _label_chosen(rows: Rows, mark: str, key: str) -> None:
    if st.session_state[key]:
        _label(rows, mark, st.session_state[key])


def _label(rows: Rows, mark: str, expert: str) -> None:
    now = _current(mark)
    if now is None:
        return
    try:
        given.give(
            resources.lab().store, now.label_id,
            dataset_id=rows.dataset.id, row=now.row, prompt=rows.prompts[now.row], expert=expert,
        )  # fmt: skip
    except NotFound:
        st.session_state[_ERROR] = opened_row.deleted(rows)
        return
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    _next()


def _skip(rows: Rows, mark: str) -> None:
    now = _current(mark)
    if now is None:
        return
    history = given.recent(resources.lab().store, 1, dataset_id=rows.dataset.id)
    put_off = [skip for skip in _skipped(rows) if skip.row != now.row]
    _skipped(rows)[:] = [*put_off, Skip(now.row, history[0].seq if history else 0)]
    _next()


def _next() -> None:
    st.session_state.pop(_SHOWING, None)
    st.query_params.pop(_AT, None)


def _undo(rows: Rows, label_id: str | None) -> None:
    """Take back what came last: a skip, or the label `label_id` that the button was drawn for."""
    store, put_off = resources.lab().store, _skipped(rows)
    try:
        history = label_history.standing(store, rows.dataset.id)
        last = history[0] if history else None
        if put_off and (last is None or put_off[-1].after >= last.seq):
            _go_to(rows, put_off.pop().row)
        elif last is not None and last.id == label_id:
            label_history.undo(store, last)
            _go_to(rows, last.row or 0)
        else:
            return  # pressed twice for one label
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state.pop(_SHOWING, None)


# ------------------------------------------------------------------------------------------- what the router would say


def _ask(mark: str) -> None:
    st.session_state[_GUESS] = mark


def _guess(bench: Workbench, showing: Showing) -> None:
    if st.session_state.get(_GUESS) == showing.label_id and not opened_row.is_sealed(bench.rows, showing.row):
        config = bench.live.version.config
        st.markdown(f"The live router sends it to {opened_row.goes_to(config, bench.rows.prompts[showing.row])}.")


def _last(bench: Workbench, history: list[Label]) -> None:
    """Draw what was labelled last, and only now where the live router sends it."""
    rows = bench.rows
    shown = [one for one in history if one.row is not None and one.expert is not None][:_LAST]
    if not shown:
        st.caption("Keys: 1 to 9 for the experts, 0 for nobody, S skips, U undoes, G shows the router's guess.")
        return
    config = bench.live.version.config
    tables.table(
        {
            "prompt": [rows.prompts[one.row or 0] for one in shown],
            "labelled": [one.expert for one in shown],
            "live router": [_said_of(config, rows, one.row or 0) for one in shown],
            "when": [one.created_at for one in shown],
        },
        key="labelled-last",
        name=f"{rows.dataset.name}-labelled-last",
        caption="Labelled last. Click one to read why the router sends it there, or to label it again.",
        config={
            "prompt": st.column_config.TextColumn(width="large"),
            "when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
        },
        on_pick=partial(_open, rows, tuple(one.row or 0 for one in shown)),
    )


def _said_of(config: RouterConfig, rows: Rows, row: int) -> str:
    if opened_row.is_sealed(rows, row):
        return "sealed"
    try:
        return resources.traced(config, rows.prompts[row]).decision.expert
    except LabError:
        return ""


def _open(rows: Rows, places_of: tuple[int, ...], place: int) -> None:
    places.show_rows()
    places.open_row(rows, places_of[place])
