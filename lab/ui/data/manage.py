"""What can be done with the dataset in use: another name, its rows as a file, and deleting it, which can be undone."""

from __future__ import annotations

import json
from dataclasses import dataclass

import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import Rows, Sifted, add, delete, left_out, to_csv
from lab.forensics.datasets.csv_out import DATASET_COLUMNS
from lab.records import Dataset
from lab.store import datasets as stored
from lab.ui import resources, text, workbench
from lab.ui.components import fault
from lab.ui.data import places

_DELETED, _ERROR, _NOTICE = "data_deleted", "data_error", "data_notice"


@dataclass(frozen=True, slots=True)
class _Deleted:
    """A dataset that was deleted last, with its rows, so that it can be brought back."""

    dataset: Dataset
    sifted: Sifted


def say(notice: str) -> None:
    """Keep a sentence to be shown at the top of the page until it is dismissed."""
    st.session_state[_NOTICE] = notice


def notices() -> None:
    """Draw what has just happened, and the way back where there is one."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    deleted: _Deleted | None = st.session_state.get(_DELETED)
    if deleted is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Deleted {text.plain(deleted.dataset.name)}; what was measured on it is kept.")
            st.button(
                "Bring it back", key=f"undelete-{deleted.dataset.id}", on_click=_bring_back, icon=":material/undo:"
            )
            st.button("Dismiss", key="forget-deleted", on_click=_forget, args=(_DELETED,), type="tertiary")
    notice = st.session_state.get(_NOTICE)
    if notice:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(text.sentence(notice))
            st.button("Dismiss", key="forget-notice", on_click=_forget, args=(_NOTICE,), type="tertiary")


def draw(dataset: Dataset, rows: Rows | None) -> None:
    """Draw the buttons; without its rows, which cannot be read, a dataset can still be renamed and deleted."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if rows is not None:
            _downloads(rows)
        with st.popover("Rename", icon=":material/edit:", type="tertiary"):
            key = f"rename-{dataset.id}-{dataset.name}"
            st.text_input("Name", dataset.name, key=key, max_chars=80)
            st.button("Rename", key=f"do-{key}", on_click=_rename, args=(dataset.id, key), type="primary")
        with st.popover("Delete", icon=":material/delete:", type="tertiary"):
            st.markdown(
                f"Delete the {dataset.rows:,} rows of **{text.plain(dataset.name)}**? Saved searches on it stay, and "
                "adding the same file again brings its labels back."
            )
            st.button("Delete it", key=f"delete-{dataset.id}", on_click=_delete, args=(dataset.id,), type="primary")


def _downloads(rows: Rows) -> None:
    name = rows.dataset.name
    st.download_button(
        "CSV", lambda: to_csv(columns(rows)), f"{name}.csv", "text/csv", key="dataset-csv",
        on_click="ignore", icon=":material/download:", type="tertiary",
        help="For spreadsheets: text that looks like a formula gets an apostrophe in front, which goes again when the "
        "file is added here.",
    )  # fmt: skip
    st.download_button(
        "JSONL", lambda: to_jsonl(rows), f"{name}.jsonl", "application/jsonl", key="dataset-jsonl",
        on_click="ignore", icon=":material/download:", type="tertiary",
        help="Letter by letter as stored, with splits: adding this file elsewhere gives the same rows.",
    )  # fmt: skip


def columns(rows: Rows) -> dict[str, list[object]]:
    """Return the rows as columns; splits only where they are more than one, as the lab draws them anew otherwise."""
    values = (rows.prompts, rows.labels, rows.query_types, rows.sources, *(() if rows.nested else (rows.splits,)))
    return {name: list(column) for name, column in zip(DATASET_COLUMNS, values, strict=False)}


def to_jsonl(rows: Rows) -> bytes:
    """Return the rows as JSON Lines in UTF-8, nothing changed in any text."""
    made = columns(rows)
    lines = (
        json.dumps(dict(zip(made, values, strict=True)), ensure_ascii=False)
        for values in zip(*made.values(), strict=True)
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _rename(dataset_id: str, key: str) -> None:
    try:
        renamed = stored.rename(resources.lab().store, dataset_id, st.session_state[key])
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    workbench.use(renamed.name)


def _delete(dataset_id: str) -> None:
    lab = resources.lab()
    try:
        dataset = stored.get(lab.store, dataset_id)
        sifted = _kept(dataset)
        delete(lab.store, lab.settings.data_dir, dataset_id)
        left = stored.listed(lab.store)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state[_DELETED] = None if sifted is None else _Deleted(dataset, sifted)
    if left:
        places.use(left[0])


def _kept(dataset: Dataset) -> Sifted | None:
    """Return what would bring a dataset back; None where its rows cannot be read, which is no reason to keep it."""
    folder = resources.lab().settings.data_dir
    try:
        return left_out.as_stored(folder, dataset, left_out.left_out_of(folder, dataset))
    except LabError:
        return None


def _bring_back() -> None:
    deleted: _Deleted | None = st.session_state.get(_DELETED)
    if deleted is None:
        return
    lab, was = resources.lab(), deleted.dataset
    try:
        back = add(
            lab.store, lab.settings.data_dir, deleted.sifted, name=was.name, seed=was.seed, origin=was.origin,
            dataset_id=was.id,
        )  # fmt: skip
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    left_out.keep(lab.settings.data_dir, back.dataset, deleted.sifted.report)
    st.session_state[_DELETED] = None
    places.use(back.dataset)


def _forget(key: str) -> None:
    st.session_state.pop(key, None)
