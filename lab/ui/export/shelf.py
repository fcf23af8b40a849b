"""Snapshots: the list of them, what happens to them, and the one that is open."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from lab.errors import LabError, NotFound
from lab.exported import Snapshot
from lab.store import snapshots as stored
from lab.ui import notices, resources, tables, text
from lab.ui.export import address, freezing, opened_snapshot
from lab.ui.export.funnel import COUNT
from lab.ui.trust import words

_ACTIVE = ("queued", "running")
_STOPPED = (
    "The process that did it ended. If the snapshot stands below, only its files are missing: open it and write them. "
    "Else freeze the pairs again."
)
_TOLD = timedelta(minutes=10)  # how long it is said that the last work on a snapshot failed


def draw() -> None:
    """Draw the snapshots, and the one that is open. Raises LabError."""
    lab = resources.lab()
    found = stored.listed(lab.store)
    working = _work()
    if found:
        _list(found)
    elif not working:
        st.info("No snapshot was frozen yet. Freeze the pairs in the part before this one.")
    _deleted()
    wanted = address.snapshot()
    if wanted:
        _one(wanted, found, working=working)


def _work() -> bool:
    """Say what is being made, or why the last of it failed; tell whether something is being made."""
    jobs = resources.lab().jobs
    latest = jobs.recent(5, freezing.KIND)
    if any(job.state in _ACTIVE for job in latest):
        st.caption("Work on a snapshot is under way: see the bar above. What it makes appears here when it is whole.")
        return True
    for job in latest[:1]:
        if job.state in ("failed", "interrupted") and jobs.clock() - job.updated_at < _TOLD:
            said = job.error or "" if job.state == "failed" else _STOPPED
            st.error(text.sentence(f"{job.title} did not end well. {said}"))
    return False


def _list(found: list[Snapshot]) -> None:
    tables.table(
        {
            "snapshot": [one.name for one in found],
            "pairs": [one.rows - one.liked for one in found],
            "thumbs": [one.liked for one in found],
            "text deleted": [one.gone for one in found],
            "family": [one.family for one in found],
            "hash": [(one.content_hash or "")[:12] for one in found],
            "frozen, UTC": [one.frozen_at or one.created_at for one in found],
        },
        key=tables.key_of("snapshots", [f"{one.id}{one.name}{one.gone}" for one in found]),
        name="snapshots",
        caption=f"{words.count(len(found), 'snapshot')}. Click one to open it.",
        config={
            "pairs": COUNT, "thumbs": COUNT, "text deleted": COUNT,
            "frozen, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_pick=lambda place: address.show_snapshot(found[place].id),
        height=260,
    )  # fmt: skip


def _deleted() -> None:
    gone = stored.listed(resources.lab().store, deleted=True)
    if gone:
        with st.popover(words.count(len(gone), "deleted snapshot"), icon=":material/restore_from_trash:"):
            for one in gone[:20]:
                _bring_back_button(one, "back")


def _bring_back_button(one: Snapshot, where: str) -> None:
    st.button(
        f"Bring {text.plain(one.name)} back", key=f"{where}-{one.id}", icon=":material/undo:", on_click=_bring_back,
        args=(one.id,),
    )  # fmt: skip


def _bring_back(snapshot_id: str) -> None:
    try:
        stored.bring_back(resources.lab().store, snapshot_id)
    except LabError as err:
        notices.tell(text.sentence(str(err)))
        return
    address.show_snapshot(snapshot_id)


def _one(wanted: str, found: list[Snapshot], *, working: bool) -> None:
    try:
        one = stored.get(resources.lab().store, wanted)
    except NotFound:
        if not working:
            st.info("This link names a snapshot that is not in this database. Open one from the list.")
        return
    if one.deleted_at is not None:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{text.plain(one.name)}** is deleted.", width="content")
            _bring_back_button(one, "undo")
    elif one.state == "frozen":
        opened_snapshot.draw(one, [other for other in found if other.id != one.id])
