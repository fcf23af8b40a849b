"""One row: where the router sends it and why, and another label for it."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError, NotFound
from lab.forensics.datasets import Rows
from lab.records import Label
from lab.store import labels as given
from lab.store import looks
from lab.types import NONE, RouterConfig, new_id
from lab.ui import corrections, resources, text, trace, wording
from lab.ui.components import fault
from lab.ui.data import label_history, places


def draw(rows: Rows, config: RouterConfig, row: int, by: str, said: Label | None) -> None:
    """Draw a row under the router `config`, which is called `by`; `said` is what a person labelled it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_about(rows, row, said), width="stretch")
            st.button(
                "Close", key=f"close-{row}", on_click=places.close_row, type="tertiary", icon=":material/close:"
            )  # fmt: skip
        st.html(text.highlighted(rows.prompts[row], []))
        _labels(rows, config, row, said)
        if is_sealed(rows, row) and not _looked_at(rows, config):
            st.markdown(
                "This row is sealed: reading what a router does with it uses the sealed rows up a little, so it counts "
                "as a look."
            )
            st.button(
                "Look at it", key=f"look-{rows.dataset.id}-{row}", on_click=_look, args=(rows, config, row, new_id())
            )
            return
        try:
            shown = trace.of_prompt(config, rows.prompts[row], by=by)
        except LabError as err:
            fault(err)
            return
        trace.decision(shown)
        trace.evidence(shown, key=f"row-{row}")


def is_sealed(rows: Rows, row: int) -> bool:
    """Tell whether what a router does with a row is kept for the end."""
    return not rows.nested and rows.splits[row] == "sealed"


def _about(rows: Rows, row: int, said: Label | None) -> str:
    parts = [f"row {row + 1:,} of {len(rows):,}"]
    if not rows.nested:
        parts.append(rows.splits[row])
    parts += [value for value in (rows.query_types[row], rows.sources[row]) if value]
    if said is not None:
        parts.append(f"labelled by a person on {said.created_at:%Y-%m-%d}")
    return text.plain(" · ".join(parts))


def _labels(rows: Rows, config: RouterConfig, row: int, said: Label | None) -> None:
    corrections.of_row(config, rows, row)
    known = {expert.name for expert in config.experts} | {NONE}
    others = [label for label in rows.dataset.labels if label and label not in known]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if others:
            key = f"other-label-{rows.dataset.id}-{row}-{rows.hash[:8]}"
            st.selectbox(
                "Or another label of this dataset", others, index=None, key=key, width=280,
                placeholder="type to search", on_change=_give, args=(rows, row, key, new_id()),
            )  # fmt: skip
        if said is not None:
            st.button(
                "Take the label back", key=f"take-back-{said.id}", on_click=_take_back,
                args=(rows, row, label_history.undo_id(said.id)), type="tertiary",
                icon=":material/undo:", help="What the file says counts again.",
            )  # fmt: skip


def _give(rows: Rows, row: int, key: str, label_id: str) -> None:
    if st.session_state[key]:
        _store(rows, row, label_id, st.session_state[key])


def _take_back(rows: Rows, row: int, label_id: str) -> None:
    _store(rows, row, label_id, None)


def _store(rows: Rows, row: int, label_id: str, expert: str | None) -> None:
    try:
        given.give(
            resources.lab().store,
            label_id,
            dataset_id=rows.dataset.id,
            row=row,
            prompt=rows.prompts[row],
            expert=expert,
        )
    except NotFound:
        st.toast(f"The label was not stored. {text.sentence(str(deleted(rows)))}")
        return
    except LabError as err:
        st.toast(f"The label was not stored. {text.sentence(str(err))}")
        return
    st.toast("The label was taken back." if expert is None else f"Stored: {text.plain(expert)}.")


def deleted(rows: Rows) -> NotFound:
    """Return what to say where the dataset of these rows went meanwhile."""
    name, file = rows.dataset.name, rows.dataset.file_name or "its file"
    return NotFound(f"The dataset {name!r} was deleted meanwhile. Add {file} again to go on: its labels are kept.")


def _router_hash(rows: Rows, config: RouterConfig) -> str:
    return config.content_hash(resources.evidence(rows, config.encoder).encoder.fingerprint)


def _looked_at(rows: Rows, config: RouterConfig) -> bool:
    """Tell whether this router's result on the sealed rows was counted before, whatever the labels were then."""
    try:
        router = _router_hash(rows, config)
        return any(one.router_hash == router for one in looks.of_dataset(resources.lab().store, rows.dataset.id))
    except LabError:
        return False


def _look(rows: Rows, config: RouterConfig, row: int, look_id: str) -> None:
    try:
        looks.record(
            resources.lab().store, look_id,
            dataset_id=rows.dataset.id, dataset_hash=rows.hash, router_hash=_router_hash(rows, config),
            why=f"row {row + 1} read on the Data page",
        )  # fmt: skip
    except LabError as err:
        st.toast(f"The look was not counted, so it was not shown. {text.sentence(str(err))}")


def goes_to(config: RouterConfig, prompt: str) -> str:
    """Return where a router sends a prompt, in words; why it cannot be said where it cannot."""
    try:
        decision = resources.traced(config, prompt).decision
    except LabError as err:
        return str(err)
    return f"{wording.expert(config, decision.expert)} ({decision.layer.value})"
