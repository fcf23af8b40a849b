"""Deleting on request: a text wherever it is, or a person; seen first, then done, with a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lab.errors import LabError
from lab.judging import Annotator, Deletion
from lab.preferences import erasure
from lab.preferences.erasure import Erased, Preview
from lab.store import annotators, deletion
from lab.store.row_words import counted, in_words
from lab.store.text import DELETED
from lab.types import new_id
from lab.ui import access, notices, people, reopen, resources, tables, text
from lab.ui.components import fault

_ERROR, _SEEN, _ERASED = "erase_error", "erase_seen", "erase_done"
_TEXT, _WHO, _VOTES, _SURE = "erase_text", "erase_who", "erase_votes", "erase_sure"
_A_TEXT, _A_PERSON = "a text", "a person"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was looked for, where it is, and the id that deleting it will have."""

    given: str
    preview: Preview
    deletion_id: str


def draw() -> None:
    """Draw what can be deleted, what that takes, and the record of what was; on the lab's own machine alone."""
    if not access.on_this_machine():
        return  # `keeping.draw` says so
    st.markdown("#### Delete on request")
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    _done()
    what = st.segmented_control(
        "Delete", [_A_TEXT, _A_PERSON], default=_A_TEXT, required=True, key="erase_what", bind="query-params"
    )
    if what == _A_TEXT:
        _a_text()
    else:
        _a_person()
    _records()


# -------------------------------------------------------------------------------------------------------------- a text


def _a_text() -> None:
    st.caption(
        "An address, a name or a whole prompt is looked for in everything that was stored, whatever its case: events, "
        "answers, conversations, notes and their history, labels, guidelines, datasets, exports. Each text that holds "
        f"it is replaced whole by {text.code(DELETED)}, and duels made of it are deleted."
    )
    with st.form("erase-look", border=False):
        st.text_area("What to look for", key=_TEXT, height=80)
        st.form_submit_button("Look for it", on_click=_look, icon=":material/search:")
    seen: _Seen | None = st.session_state.get(_SEEN)
    if seen is not None:
        _preview(seen)


def _look() -> None:
    st.session_state.pop(_SEEN, None)
    st.session_state.pop(_ERASED, None)
    lab, given = resources.lab(), st.session_state.get(_TEXT) or ""
    try:
        found = erasure.preview(lab.store, lab.settings.data_dir, given)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.session_state[_SEEN] = _Seen(given, found, new_id())


def _preview(seen: _Seen) -> None:
    found = seen.preview
    if found.anything:
        st.markdown(f"**Found in {in_words(found.counts)}.**")
        _excerpts(found)
    else:
        st.markdown("Nothing that can be deleted holds it.")
    for one in found.datasets:
        rows = f"{len(one.rows):,} of its {one.dataset.rows:,} rows"
        st.markdown(f"- Dataset {text.plain(one.dataset.name)}: {rows} are left out from now on.")
    for loss in found.found.losses:
        rows = f"{loss.rows:,} of its {loss.snapshot.rows:,} rows"
        st.markdown(f"- Snapshot {text.plain(loss.snapshot.name)}: {rows} are gone from now on.")
    if found.exports:
        st.markdown(f"- Deleted: {counted(len(found.exports), 'written export')}, to be written again without them.")
    for left in found.found.reported:
        st.markdown(f"- Stays: {text.sentence(erasure.way_out(resources.lab().store, left))}")
    for sentence in found.unread:
        st.markdown(f"- Not looked through: {text.sentence(sentence)}")
    if found.anything:
        _confirm("Delete it everywhere", seen.deletion_id, _erase, seen)


def _excerpts(found: Preview) -> None:
    shown = found.found.excerpts
    if not shown:
        return
    rows = sum(found.found.replaced.values())
    more = f" The first {len(shown)} places of {rows:,} rows." if rows > len(shown) else ""
    tables.table(
        {
            "where": [f"{one.table}.{one.column}" for one in shown],
            "what stands there": [one.text for one in shown],
            "row": [one.row_id for one in shown],
        },
        key="erase-places",
        name="places",
        caption=f"The whole text of each goes, not the words alone.{more}",
        height=320,
    )


def _erase(seen: _Seen) -> None:
    lab = resources.lab()
    _do(lambda: erasure.erase(lab.store, lab.settings.data_dir, seen.deletion_id, seen.given, by=_me()))


# ------------------------------------------------------------------------------------------------------------ a person


def _a_person() -> None:
    store = resources.lab().store
    there = {one.id: one for one in annotators.listed(store) if one.removed_at is None and one.kind != "sample"}
    if not there:
        st.markdown("Nobody has signed in here yet.")
        return
    st.caption(
        "Name, PIN and link go; notes and reasons too, also from the history; answers that the person wrote are "
        "emptied and their duels deleted. The verdicts stay under a number, so that what was measured on them holds."
    )
    who = st.selectbox("Who", list(there), format_func=lambda one: there[one].name, key=_WHO, width=320)
    votes = st.checkbox("The votes too: they count nowhere any more", key=_VOTES)
    key = f"erase-person-{who}-{votes}"
    _confirm(f"Remove {text.plain(there[who].name)}", st.session_state.setdefault(key, new_id()), _remove, there[who])


def _remove(who: Annotator) -> None:
    votes = bool(st.session_state.get(_VOTES))
    deletion_id = st.session_state.get(f"erase-person-{who.id}-{votes}") or new_id()
    lab = resources.lab()
    _do(lambda: erasure.remove_person(lab.store, lab.settings.data_dir, deletion_id, who.id, by=_me(), votes=votes))


# ------------------------------------------------------------------------------------------------------- for both kinds


def _confirm(label: str, key: str, action: Callable[..., None], about: object) -> None:
    running = [job for job in resources.lab().jobs.recent() if job.state in ("queued", "running")]
    if running:
        st.markdown(f"- Stopped for it: {counted(len(running), 'job')}, which could store it again.")
    sure = st.checkbox("This cannot be undone, and I want it", key=f"{_SURE}-{key}")
    st.button(label, key=f"erase-{key}", on_click=action, args=(about,), disabled=not sure, type="primary")


def _me() -> str | None:
    found = people.current()
    return None if found is None else found.id


def _do(work: Callable[[], Erased]) -> None:
    """Do it on the lab with its jobs stopped, and let go of everything in memory that could hold the text."""
    try:
        erased = reopen.around(work)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    for key in (_SEEN, _TEXT, _WHO, _VOTES):
        st.session_state.pop(key, None)
    st.session_state[_ERASED] = erased
    notices.tell(text.sentence(f"Deleted: {in_words(erased.deletion.counts)}."))


def _done() -> None:
    """Draw what a deletion has left to do: bytes that could not be rewritten, backups of before."""
    erased: Erased | None = st.session_state.get(_ERASED)
    if erased is None:
        return
    st.success(
        text.sentence(
            f"Deleted: {in_words(erased.deletion.counts)}. The record of it says when and how much, not what."
        )
    )
    if erased.left is not None:
        st.warning(text.sentence(erased.left))
        st.button("Rewrite it again", key="erase-scrub", on_click=_scrub_again, args=(erased,))
    there = erasure.still_there(resources.lab().store, erased.backups)
    if there:
        with st.container(horizontal=True, vertical_alignment="center"):
            named = ", ".join(text.plain(one.path.name) for one in there[:3]) + (" …" if len(there) > 3 else "")
            st.warning(f"{counted(len(there), 'backup')} from before may still hold it: {named}")
            st.button(
                f"Delete {'it' if len(there) == 1 else f'these {len(there)}'}", key="erase-backups",
                on_click=_delete_backups, args=(erased,),
            )  # fmt: skip


def forget() -> None:
    """Drop what was found and what was deleted: another database is open now."""
    st.session_state.pop(_SEEN, None)
    st.session_state.pop(_ERASED, None)


def _scrub_again(erased: Erased) -> None:
    st.session_state[_ERASED] = erasure.scrubbed_again(resources.lab().store, erased)


def _delete_backups(erased: Erased) -> None:
    try:
        erasure.delete_backups(resources.lab().store, erased.backups)
    except LabError as err:
        st.session_state[_ERROR] = err


def _records() -> None:
    store = resources.lab().store
    done: list[Deletion] = deletion.records(store)
    if not done:
        return
    names = {one.id: one.name for one in annotators.listed(store)}
    tables.table(
        {
            "when": [one.created_at for one in done],
            "what": ["a person" if one.what == "annotator" else "a text" for one in done],
            "how much": [in_words(one.counts) for one in done],
            "by": [names.get(one.by or "", "") for one in done],
        },
        key="deletions",
        name="deletions",
        caption=f"{counted(len(done), 'record')} of what was deleted on request. Times are UTC.",
        config={"when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        height=320,
    )
