"""Keeping what was judged: backups, and putting one of them back."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from lab.errors import LabError
from lab.records import Job
from lab.store import backup
from lab.store.backup import Backup
from lab.store.checking import Checked, check_file
from lab.store.restore import missing_from, restore
from lab.store.row_words import counted, in_words
from lab.types import new_id
from lab.ui import access, notices, reopen, resources, tables, text
from lab.ui.components import fault
from lab.ui.resources import Lab

_ERROR, _MADE, _PICKED, _UPLOADS, _DONE = "keep_error", "keep_made", "keep_backup", "keep_uploads", "keep_done"
_WHOLE = "keep_whole"
_MEGABYTE = 1e6
_AT_A_TIME = ("queued", "running")


def draw() -> None:
    """Draw backups: make one, take one in, look at them, put one back."""
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    if not access.on_this_machine():
        st.info("Backups and deletions are for whoever sits at the machine that the lab runs on: open the lab there.")
        return
    _backups(resources.lab())


def _backups(lab: Lab) -> None:
    st.markdown("#### Backups")
    if lab.store.address.path is None:
        _on_a_server(lab)
        return
    st.caption(
        "A backup is the whole database in one file, made while everybody goes on: events, answers, duels, votes. The "
        "rows of datasets are files of their own, in the folder datasets, and are not in it."
    )
    found = backup.listed(lab.store.address)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Back up now", key="back-up", on_click=_back_up, args=(new_id(),), type="primary", icon=":material/save:"
        )
        _upload()
    if not found:
        st.markdown("There is no backup yet.")
        return
    _list(found)
    _one(lab, found)


def _on_a_server(lab: Lab) -> None:
    try:
        backup.file_of(lab.store.address)
    except LabError as err:
        st.markdown(text.sentence(str(err)))


# ----------------------------------------------------------------------------------------------------- making, listing


def _back_up(draw_id: str) -> None:
    if st.session_state.get(_MADE) == draw_id:  # a press that came twice
        return
    st.session_state[_MADE] = draw_id
    try:
        made = backup.backup(resources.lab().store)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state[_PICKED] = made.path.name
    notices.tell(text.sentence(f"Backed up: {in_words(made.rows)}. The file was checked and is whole."))


def _upload() -> None:
    with st.popover("Take in a backup", icon=":material/upload:"):
        count = st.session_state.get(_UPLOADS, 0)
        given = st.file_uploader("A backup of a lab", type=["db"], key=f"keep-upload-{count}")
        st.caption("It is checked and joins the list; nothing is restored yet. For a large one use the shell.")
        st.button("Take it in", key="take-in", on_click=_take_in, args=(count,), disabled=given is None)


def _take_in(count: int) -> None:
    given = st.session_state.get(f"keep-upload-{count}")
    if given is None:
        return
    try:
        taken = backup.take_in(resources.lab().store.address, given.getvalue())
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    finally:
        st.session_state[_UPLOADS] = count + 1  # an uploader with another key is empty
    st.session_state[_PICKED] = taken.path.name
    notices.tell(text.sentence(f"Taken in: {in_words(taken.rows)}. Restore it below."))


def _list(found: list[Backup]) -> None:
    tables.table(
        {
            "backup": [one.path.name for one in found],
            "made": [one.made_at for one in found],
            "MB": [one.size_bytes / _MEGABYTE for one in found],
            "revision": [one.revision or "" for one in found],
            "votes": [one.rows.get("vote") for one in found],
            "events": [one.rows.get("routing_event") for one in found],
            "rows": [sum(one.rows.values()) if one.fault is None else None for one in found],
            "state": ["whole" if one.fault is None else "cannot be restored" for one in found],
        },
        key="backups",
        name="backups",
        caption=f"{counted(len(found), 'backup')} in {text.plain(str(found[0].path.parent))}. Times are UTC.",
        config={
            "made": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "MB": st.column_config.NumberColumn(format="%.1f"),
        },
        on_pick=lambda place: st.session_state.update({_PICKED: found[place].path.name}),
        height=320,
    )


def _one(lab: Lab, found: list[Backup]) -> None:
    """Draw the backup that is chosen, and what can be done with it."""
    names = [one.path.name for one in found]
    if st.session_state.get(_PICKED) not in names:
        st.session_state[_PICKED] = names[0]
    name = st.selectbox("Backup", names, key=_PICKED)
    one = found[names.index(name)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download", one.path.read_bytes, one.path.name, "application/vnd.sqlite3", key=f"get-{name}",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        with st.popover("Delete", icon=":material/delete:", type="tertiary"):
            st.markdown("Delete this file? It cannot be brought back.")
            st.button("Delete it", key=f"delete-{name}", on_click=_delete, args=(name,), type="primary")
    if one.fault is not None:
        st.warning(text.sentence(one.fault))
        return
    with st.expander("Restore this backup", key=f"restore-{name}", on_change="rerun") as part:
        if part.open:
            _before_restoring(lab, one)


def _delete(name: str) -> None:
    try:
        backup.remove(resources.lab().store.address, name)
    except LabError as err:
        st.session_state[_ERROR] = err


# --------------------------------------------------------------------------------------------------------- restoring


def _before_restoring(lab: Lab, one: Backup) -> None:
    """Check the file, say what restoring it takes away, and ask."""
    try:
        with st.spinner("Checking the backup …"):
            checked = _checked(one)
            lost = missing_from(one.path, lab.settings.database_url, lab.settings.data_dir)
        running = [job for job in lab.jobs.recent() if job.state in _AT_A_TIME]
    except LabError as err:
        fault(err)
        return
    st.markdown(f"It is whole and holds {in_words(checked.rows)}.")
    if checked.older:
        st.markdown(f"It is of an earlier lab (revision {text.plain(checked.revision)}) and is upgraded on its way.")
    st.markdown("\n".join(f"- {line}" for line in _lost(lost, running)))
    sure = st.checkbox("Put it in the place of the present database", key=f"sure-{one.path.name}")
    st.button(
        "Restore", key=f"do-restore-{one.path.name}", on_click=_restore, args=(one.path.name, new_id()),
        disabled=not sure, type="primary",
    )  # fmt: skip


def _checked(one: Backup) -> Checked:
    """Look at every page of a file, once for as long as it stays the same."""
    known: tuple[Backup, Checked] | None = st.session_state.get(_WHOLE)
    if known is None or known[0] != one:
        known = st.session_state[_WHOLE] = (one, check_file(one.path))
    return known[1]


def _lost(lost: Mapping[str, int] | None, running: list[Job]) -> list[str]:
    """Return, as Markdown, what a restore takes away and what becomes of it."""
    if lost is None:
        lines = ["The present database cannot be read, so nobody can tell what this takes away."]
    elif lost:
        lines = [f"**It takes away what came after it: {in_words(lost)}.**"]
    else:
        lines = ["It takes nothing away: everything in the present database is in it."]
    lines.append("The present database is kept as a backup, with everything that was stored up to the last moment.")
    if lost and lost.get("deletion"):
        lines.append("Text that was deleted on request since is in this backup. Delete it again afterwards.")
    if running:
        one = len(running) == 1
        lines.append(f"Stopped for it: {counted(len(running), 'job')} that {'runs' if one else 'run'} now.")
    return [*lines, "Whoever votes meanwhile sees the restored database at the next click."]


def _restore(name: str, draw_id: str) -> None:
    if st.session_state.get(_DONE) == draw_id:  # a press that came twice
        return
    st.session_state[_DONE] = draw_id
    lab = resources.lab()
    try:
        source = backup.named(lab.store.address, name).path
        done = reopen.around(lambda: restore(source, lab.settings.database_url, lab.settings.data_dir))
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    if done.kept is not None:
        st.session_state[_PICKED] = done.kept.name
    kept = f" What was there before is {done.kept.name}." if done.kept else ""
    notices.tell(text.sentence(f"Restored {name}.{kept}"))
