"""Preferences from a file: what it holds and what is left out of it, before anything is stored; then what went in."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from lab.errors import DatasetError, LabError
from lab.forensics.datasets import MAX_BYTES
from lab.preferences.imports import (
    Imported,
    Sifted,
    check_name,
    import_job,
    name_of,
    sift_bytes,
    take_in,
    taken_in,
)
from lab.preferences.imports.store import MAX_NAME
from lab.store import batches
from lab.types import new_id
from lab.ui import resources, tables, text
from lab.ui.components import fault
from lab.ui.judge import imported_rows

AT_ONCE = 1_000
"""Rows that are stored while the person waits; more are a job."""

_PENDING, _REFUSED, _UPLOADS = "duel_import", "duel_import_refused", "duel_import_uploads"
_LISTED = 20

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pending:
    """A file that was read. Only the session that uploaded it changes it."""

    sifted: Sifted
    name: str
    id: str = field(default_factory=new_id)
    job_id: str | None = None
    imported: Imported | None = None
    error: LabError | None = None


def folded() -> None:
    """Draw the way in, folded until it is wanted."""
    part = st.expander("Import duels from a file", on_change="rerun", key="import", bind="query-params")
    if part.open:
        with part:
            draw()


def draw() -> None:
    """Draw the way in for files of preferences."""
    found: _Pending | None = st.session_state.get(_PENDING)
    if found is None:
        _choose()
        _before()
    elif found.imported is not None:
        _went_in(found, found.imported)
    elif found.job_id is not None:
        _storing(found, found.job_id)
    else:
        _look(found)


def _choose() -> None:
    st.markdown("**A file of preferences**: pairs of answers, or answers with a thumb. JSON, JSON Lines, Parquet, CSV.")
    uploaded = st.file_uploader(
        "File of preferences", key=f"duel-upload-{st.session_state.get(_UPLOADS, 0)}",
        max_upload_size=MAX_BYTES // 2**20, label_visibility="collapsed",
    )  # fmt: skip
    if uploaded is not None:
        with st.spinner(f"Reading {text.plain(uploaded.name)} …"):
            _take(uploaded.getvalue(), uploaded.name)
        st.rerun()
    refused = st.session_state.get(_REFUSED)
    if refused is not None:
        fault(refused[1], title=f"Not taken: {text.plain(refused[0])}")
    st.caption(
        "TRL (texts or messages), ShareGPT and LLaMA-Factory, KTO, OpenAI, UltraFeedback and Argilla are recognised by "
        "their columns. A pair becomes a duel with the file's vote, which is left out of agreement; an answer with a "
        "thumb becomes feedback. Nothing leaves this machine."
    )


def _take(data: bytes, file_name: str) -> None:
    """Read an uploaded file and keep it, or keep why it cannot be read."""
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
    st.session_state[_REFUSED] = None
    try:
        sifted = sift_bytes(data, file_name, max_prompt_chars=resources.lab().settings.max_prompt_chars)
        st.session_state[_PENDING] = _Pending(sifted, name_of(sifted.file_name))
    except LabError as err:
        st.session_state[_REFUSED] = (file_name, err)
    except Exception as err:  # noqa: BLE001  whatever a file makes a reader raise: the next file must still get in
        _log.exception("%r cannot be read", file_name)
        why = f"{file_name} cannot be read ({type(err).__name__}: {err}). Write it as JSON Lines."
        st.session_state[_REFUSED] = (file_name, DatasetError(why))


def _before() -> None:
    """List what was imported before."""
    found = batches.listed(resources.lab().store, "import")[:_LISTED]
    if not found:
        return
    reports: list[Any] = [batch.report for batch in found]
    tables.table(
        {
            "name": [text.one_line(batch.name, MAX_NAME) for batch in found],
            "when": [batch.created_at for batch in found],
            "pairs": [report.get("pairs") for report in reports],
            "thumbs": [report.get("liked") for report in reports],
            "left out": [sum(report.get("left_out", {}).values()) for report in reports],
            "is in": ["whole" if report.get("whole") else "in part: import it again" for report in reports],
        },
        key="imports",
        name="imports",
        caption="Files that were imported, the newest first.",
        config={"when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        height=320,
    )


# ---------------------------------------------------------------------------------------------------- before it is in


def _look(found: _Pending) -> None:
    """Draw a file that was read: what it is, its first rows, what is left out, and the button."""
    report = found.sifted.report
    with st.container(horizontal=True, vertical_alignment="center"):
        schemas = ", ".join(f"{schema} {count:,}" for schema, count in report.schemas.items()) or "no row can be used"
        st.markdown(f"**{text.plain(report.file_name)}**, {text.plain(report.layout)}, {text.plain(schemas)}")
        _dismiss(found, "Dismiss")
    if found.error is not None:
        fault(found.error, title="Not imported")
    known = taken_in(resources.lab().store, found.sifted)
    if known is not None:
        st.info(text.sentence(known.sentence()))
        return
    _import_button(found)
    imported_rows.first(found.sifted.first, found.id)
    imported_rows.left_out(report, found.id)


def _import_button(found: _Pending) -> None:
    key, report = f"import-name-{found.id}", found.sifted.report
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name", found.name, key=key, width=280, max_chars=MAX_NAME, on_change=_rename, args=(found, key),
            help="Its votes are by import:name, and are left out of agreement.",
        )  # fmt: skip
        st.button(
            f"Import {report.what()}", key=f"import-{found.id}", on_click=_import, args=(found,), type="primary",
            icon=":material/add:", disabled=not report.good,
        )  # fmt: skip


def _rename(found: _Pending, key: str) -> None:
    found.name = st.session_state[key] or found.name


# ----------------------------------------------------------------------------------------------------------- storing


def _import(found: _Pending) -> None:
    """Store the rows: a few at once, many as a job. A second press of the same button stores nothing twice."""
    if st.session_state.get(_PENDING) is not found or found.job_id is not None or found.imported is not None:
        return
    found.error, lab = None, resources.lab()
    try:
        name = check_name(found.name)
        if found.sifted.report.good > AT_ONCE:
            found.job_id = import_job(lab.jobs, found.sifted, name)
        else:
            found.imported = take_in(lab.store, found.sifted, name=name, now=datetime.now(UTC))
    except LabError as err:
        found.error = err


def _storing(found: _Pending, job_id: str) -> None:
    """Draw a file that is being stored, or how that has ended."""
    try:
        job = resources.lab().jobs.get(job_id)
        imported = None if job.state in ("queued", "running") else taken_in(resources.lab().store, found.sifted)
    except LabError as err:
        fault(err)
        return
    if job.state in ("queued", "running"):
        st.markdown(f"**{text.plain(found.name)}** is being stored. You can go on; the bar above says when it is done.")
        return
    found.job_id = None
    if imported is not None:
        found.imported = replace(imported, known=False)
    else:
        why = job.error or f"Storing it was {job.state}."
        found.error = DatasetError(f"{why} What is stored so far stays; import it again to go on there.")
    st.rerun()


def _went_in(found: _Pending, imported: Imported) -> None:
    st.success(text.sentence(imported.sentence()))
    _dismiss(found, "Import another file")
    imported_rows.left_out(found.sifted.report, found.id)


def _dismiss(found: _Pending, label: str) -> None:
    st.button(label, key=f"import-dismiss-{found.id}", on_click=_drop, args=(found,), type="tertiary",
              icon=":material/close:")  # fmt: skip


def _drop(found: _Pending) -> None:
    if st.session_state.get(_PENDING) is found:
        st.session_state.pop(_PENDING, None)
        imported_rows.close()
