"""Adding a dataset: a file, or the prompts that were corrected; mapped, reported on row by row, then stored."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from lab.errors import DatasetError, LabError
from lab.forensics.datasets import (
    MAX_BYTES,
    MAX_SEED,
    Added,
    Sifted,
    add,
    delete,
    ensure_built_in,
    labelled_events,
    left_out,
    load,
)
from lab.forensics.datasets.report import refuse_nothing
from lab.jobs import JobContext, Work
from lab.store import labels
from lab.types import RouterConfig
from lab.ui import resources, text
from lab.ui.components import fault
from lab.ui.data import columns, manage, meanings, pending, places, report, strangers, unmapped
from lab.ui.data.pending import Pending
from lab.ui.resources import Lab

AT_ONCE = 30_000
"""Rows that are stored while the person waits; more are a job."""


def draw(routers: Mapping[str, RouterConfig]) -> None:
    """Draw the way in. `routers` are those whose experts labels may become, by "live" and "draft"."""
    found = pending.current()
    if found is None:
        _choose()
    elif found.job_id is not None:
        _storing(found, found.job_id)
    else:
        _map(found, routers)


def _choose() -> None:
    st.markdown("**A file of prompts, labelled or not.** CSV, TSV, JSON Lines, JSON or Parquet, up to 256 MB.")
    uploaded = st.file_uploader(
        "File", key=pending.uploader_key(), max_upload_size=MAX_BYTES // 2**20, label_visibility="collapsed"
    )
    if uploaded is not None:
        with st.spinner(f"Reading {text.plain(uploaded.name)} …"):
            pending.take(uploaded.getvalue(), uploaded.name)
        st.rerun()
    refused = pending.refused()
    if refused is not None:
        what, why = refused
        fault(why, title=f"Not taken: {text.plain(what)}")  # a browser may say the next file's fault by itself
    st.caption(
        "A row a prompt; a column with its label (an expert, an intent, or none), and if there is one its kind, source "
        "and split. CLINC150's data_full.json and BANKING77's CSV files work as they are. Nothing leaves this machine."
    )
    _corrected()


def _corrected() -> None:
    """Offer the prompts that people corrected as a dataset."""
    count = len(labels.of_events(resources.lab().store))
    if count:
        st.button(
            f"Make a dataset from {count:,} corrected prompt{'s' * (count != 1)}", on_click=_take_corrected,
            key="take-corrected", icon=":material/rate_review:",
            help="Those that were given a label on the Route page: “should have gone to”.",
        )  # fmt: skip
    else:
        st.caption("Prompts that you correct on the Route page (“should have gone to”) can become a dataset here, too.")


def _take_corrected() -> None:
    try:
        pending.take_labels(labelled_events(resources.lab().store))
    except LabError as err:
        pending.refuse(err, "corrected prompts")


def built_in() -> None:
    """Draw the button that brings the shipped prompts in, in a lab without any dataset."""
    st.button("Add the prompts that the lab ships", key="add-built-in", on_click=_add_built_in, type="primary")


def _add_built_in() -> None:
    from lab.forensics.datasets import read_file, sift
    from lab.forensics.datasets.mapping import Mapping as Columns
    from lab.forensics.datasets.origins import BUILT_IN

    lab = resources.lab()
    try:
        dataset = ensure_built_in(lab.store, lab.settings.data_dir)
        if dataset is None:  # deleted once: here it is asked for
            sifted = sift(read_file(BUILT_IN), Columns("prompt", label="expert", query_type="query_type"))
            dataset = add(lab.store, lab.settings.data_dir, sifted, name=BUILT_IN.stem, origin="built-in").dataset
    except LabError as err:
        pending.refuse(err, BUILT_IN.name)
        return
    places.use(dataset)


# ----------------------------------------------------------------------------------------------------------- mapping


def _map(found: Pending, routers: Mapping[str, RouterConfig]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        table = found.table
        st.markdown(
            f"**{text.plain(table.file_name)}**, {text.plain(table.layout)}, {len(table) + len(table.malformed):,} rows"
        )
        st.button("Dismiss", key=f"dismiss-{found.id}", on_click=pending.drop, type="tertiary", icon=":material/close:")
    if found.error is not None:
        fault(found.error, title="Not stored")
    fits = columns.draw(found)
    unmapped.draw(found)
    try:
        if fits:
            meanings.draw(found, routers)
            columns.constant(found)
            with st.spinner(f"Reading {len(found.table):,} rows …"):
                sifted = found.sifted()
            report.of_sifted(sifted, found.id)
            strangers.on_the_way_in(found, sifted, routers)
            _add_button(found, sifted)
    except DatasetError as err:
        fault(err)


def _add_button(found: Pending, sifted: Sifted) -> None:
    name_key, seed_key = f"name-{found.id}", f"seed-{found.id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", found.name, key=name_key, width=240, max_chars=80, on_change=_rename,
                      args=(found, name_key))  # fmt: skip
        st.number_input(
            "Seed of the splits", 0, MAX_SEED, found.seed, key=seed_key, width=160, on_change=_reseed,
            args=(found, seed_key), help="Half of the rows choose settings, a quarter judges them, a quarter is kept "
            "for the end; near-duplicates stay together. A split that the file names stands.",
        )  # fmt: skip
        n = len(sifted.prompts)
        st.button(
            f"Add {n:,} row{'s' * (n != 1)}", key=f"add-{found.id}", on_click=_add, args=(found,), type="primary",
            icon=":material/add:", disabled=not n,
        )  # fmt: skip


def _rename(found: Pending, key: str) -> None:
    found.name = st.session_state[key] or found.name


def _reseed(found: Pending, key: str) -> None:
    found.seed = int(st.session_state[key] or 0)


# ----------------------------------------------------------------------------------------------------------- storing


def _add(found: Pending) -> None:
    """Store the rows: a few at once, many as a job. A second press of the same button stores nothing twice."""
    if pending.current() is not found or found.job_id is not None:
        return
    found.error, lab = None, resources.lab()
    try:
        sifted = found.sifted()
        refuse_nothing(sifted)
        if len(sifted.prompts) > AT_ONCE:
            title = f"Store {len(sifted.prompts):,} rows of {found.name}"
            found.job_id = lab.jobs.start("dataset", title, _work(lab, found, sifted), key=found.dataset_id)
            return
        found.added = _store(lab, found, sifted)
    except LabError as err:
        found.error = err
        return
    open_added(found)


def _work(lab: Lab, found: Pending, sifted: Sifted) -> Work:
    n = len(sifted.prompts)

    def work(job: JobContext) -> None:
        job.progress(0, None, "finding near-duplicates")
        job.check()
        added = _store(lab, found, sifted)
        if added.new and job.cancelled.is_set():  # storing is one step, so stopping it means taking it back
            delete(lab.store, lab.settings.data_dir, added.dataset.id)
            job.check()
        job.progress(0, None, "drawing the splits")
        load(lab.store, lab.settings.data_dir, added.dataset.id)  # kept in memory for the page
        found.added = added
        job.progress(n, n)

    return work


def _store(lab: Lab, found: Pending, sifted: Sifted) -> Added:
    folder = lab.settings.data_dir
    added = add(
        lab.store, folder, sifted, name=found.name, seed=found.seed, origin=found.origin, dataset_id=found.dataset_id
    )
    left_out.keep(folder, added.dataset, added.report, new=added.new)
    return added


def _storing(found: Pending, job_id: str) -> None:
    """Draw a dataset that is being stored, or how that has ended."""
    try:
        job = resources.lab().jobs.get(job_id)
    except LabError as err:
        fault(err)
        return
    if job.state in ("queued", "running"):
        st.markdown(f"**{text.plain(found.name)}** is being stored. You can go on; the bar above says when it is done.")
        return
    if found.added is not None:
        st.success(text.sentence(_said(found.added)))
        st.button("Open it", key=f"open-{found.id}", on_click=open_added, args=(found,), type="primary")
        return
    found.job_id = None
    found.error = DatasetError(job.error or f"Storing it was {job.state}. Nothing is lost: add it again.")
    st.rerun()


def open_added(found: Pending) -> None:
    """Take the dataset that was added into use, and say what became of its rows."""
    if found.added is None:
        return
    pending.drop()
    manage.say(_said(found.added))
    places.use(found.added.dataset)


def _said(added: Added) -> str:
    first = f"{added.report.sentence()} " if added.new else ""
    return f"{first}{' '.join((*added.report.notes, *added.notes))}".strip()
