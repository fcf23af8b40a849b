"""Snapshots: what each holds, its files, what differs from another, and the script that trains on it."""

from __future__ import annotations

from datetime import UTC

import streamlit as st

from lab.dpo import comparing, snapshots, wording
from lab.dpo.formats.form import Container
from lab.dpo.formats.registry import FORMATS, Choice
from lab.dpo.recipe import recipe
from lab.dpo.training import recipe_facts
from lab.errors import LabError, NotFound
from lab.exported import Snapshot
from lab.store import duels
from lab.store import snapshots as stored
from lab.ui import notices, resources, tables, text
from lab.ui.components import fault
from lab.ui.export import address, freezing
from lab.ui.trust import words

_MOST = 200
_PARTS = ("Files", "How it was made", "What differs", "Train on it")


def draw() -> None:
    """Draw the snapshots, and the one that is open."""
    lab = resources.lab()
    found = stored.listed(lab.store)
    _waiting()
    if not found:
        st.info("No snapshot was frozen yet. Freeze the pairs in the part before this one.")
    else:
        _list(found)
    _deleted()
    wanted = address.snapshot()
    if wanted:
        try:
            one = stored.get(lab.store, wanted)
        except NotFound:
            st.info("This link names a snapshot that is not in this database. Open one from the list.")
            return
        if one.state == "frozen" and one.deleted_at is None:
            _one(one, [other for other in found if other.id != one.id])


def _waiting() -> None:
    running = [job for job in resources.lab().jobs.recent(5, freezing.KIND) if job.state in ("queued", "running")]
    if running:
        st.caption("A snapshot is being made: see the bar above. It appears here when it is whole.")
    failed = [job for job in resources.lab().jobs.recent(1, freezing.KIND) if job.state in ("failed", "interrupted")]
    for job in failed:
        st.warning(text.sentence(f"{job.title} did not end well: {job.error or job.state}"))


def _list(found: list[Snapshot]) -> None:
    tables.table(
        {
            "snapshot": [one.name for one in found],
            "pairs": [one.rows - one.liked for one in found],
            "thumbs": [one.liked for one in found],
            "deleted since": [one.gone for one in found],
            "family": [one.family for one in found],
            "hash": [(one.content_hash or "")[:12] for one in found],
            "frozen": [one.created_at for one in found],
        },
        key=tables.key_of("snapshots", [f"{one.id}{one.name}{one.gone}" for one in found]),
        name="snapshots",
        caption=f"{words.count(len(found), 'snapshot')}. Click one to open it.",
        config={"frozen": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        on_pick=lambda place: address.show_snapshot(found[place].id),
        height=280,
    )


def _deleted() -> None:
    gone = stored.listed(resources.lab().store, deleted=True)
    if gone:
        with st.popover(f"{words.count(len(gone), 'deleted snapshot')}"):
            for one in gone[:20]:
                st.button(
                    f"Bring {text.plain(one.name)} back", key=f"back-{one.id}", on_click=_bring_back, args=(one.id,)
                )


def _bring_back(snapshot_id: str) -> None:
    try:
        stored.bring_back(resources.lab().store, snapshot_id)
    except LabError as err:
        notices.tell(text.sentence(str(err)))
        return
    address.show_snapshot(snapshot_id)


def _one(one: Snapshot, others: list[Snapshot]) -> None:
    with st.container(border=True):
        st.markdown(f"#### {text.plain(one.name)}")
        created = one.created_at.replace(tzinfo=one.created_at.tzinfo or UTC)
        said = [
            f"{words.count(one.rows - one.liked, 'pair')}",
            f"hash {(one.content_hash or '')[:16]}",
            f"{created:%Y-%m-%d %H:%M} UTC",
        ]
        if one.liked:
            said.insert(1, f"{words.count(one.liked, 'answer')} with a thumb")
        st.caption(text.plain(" · ".join(said)))
        if one.gone:
            st.warning(
                f"Text of {words.count(one.gone, 'row')} was deleted on request since it was frozen. They are in no "
                "file that is written now, so the files differ from those of before."
            )
        part = st.segmented_control(
            "Part", list(_PARTS), default=_PARTS[0], required=True, key="of-snapshot", label_visibility="collapsed"
        )
        {
            _PARTS[0]: lambda: _files(one),
            _PARTS[1]: lambda: _made(one),
            _PARTS[2]: lambda: _differs(one, others),
            _PARTS[3]: lambda: _recipe(one),
        }[part]()
        _manage(one)


def _files(one: Snapshot) -> None:
    folder = freezing.folder_of(one.id, one.name)
    packed = folder.with_suffix(".zip")
    if folder.is_dir():
        st.caption(text.sentence(f"In `{folder}` on the machine that the lab runs on."))
        with st.container(horizontal=True):
            if packed.is_file():
                st.download_button(
                    f"All files as one zip, {packed.stat().st_size / 1e6:,.1f} MB", packed.read_bytes, packed.name,
                    "application/zip", key=f"zip-{one.id}", on_click="ignore", type="primary",
                    icon=":material/download:",
                )  # fmt: skip
    else:
        st.info("Its files are not on this machine. Write them: they come out the same to the byte.")
    paths = sorted(one.files)
    if paths:
        tables.table(
            {
                "file": paths,
                "rows": [one.files[path]["rows"] for path in paths],
                "kB": [one.files[path]["bytes"] / 1e3 for path in paths],
                "sha256": [one.files[path]["sha256"] for path in paths],
            },
            key=f"files-{one.id}",
            name=f"files-{one.id}",
            config={"kB": st.column_config.NumberColumn(format="%.1f")},
            height=320,
        )
    _write(one, written=folder.is_dir())


def _write(one: Snapshot, *, written: bool) -> None:
    before = {choice.format: choice for choice in comparing.choices_of(one)} if one.files else {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            "Formats", list(FORMATS), selection_mode="multi", format_func=lambda name: FORMATS[name].title,
            default=list(before) or ["trl"], key=f"again-{one.id}",
        )  # fmt: skip
        choices = tuple(before.get(name) or Choice(name, _usual(name)) for name in chosen)
        st.button(
            "Write the files again" if written else "Write the files", key=f"write-{one.id}", disabled=not choices,
            on_click=freezing.write_again, args=(one.id, choices), icon=":material/edit_document:",
        )  # fmt: skip


def _usual(name: str) -> Container:
    return FORMATS[name].containers[0]


def _made(one: Snapshot) -> None:
    spec, report = snapshots.spec_of(one), snapshots.report_of(one)
    sentences = (
        *wording.asked(spec), wording.system_prompt(spec), wording.split(spec, report), *wording.agreement(report),
        *wording.biases(report), wording.policy(report, spec),
    )  # fmt: skip
    for sentence in sentences:
        st.markdown(f"- {text.sentence(sentence)}")
    if report.findings:
        st.markdown("**What the doctor said**")
        for found in report.findings:
            st.markdown(f"- {text.sentence(wording.finding(found))}")


def _differs(one: Snapshot, others: list[Snapshot]) -> None:
    if not others:
        st.caption("There is no other snapshot to compare it with.")
        return
    named = {other.id: f"{other.name} ({other.created_at:%Y-%m-%d %H:%M})" for other in others}
    against = st.selectbox(
        "Compared with", list(named), format_func=lambda other: text.one_line(named[other]), key=address.AGAINST,
        bind="query-params", width=360,
    )  # fmt: skip
    before = next(other for other in others if other.id == against)
    found = comparing.diff(resources.lab().store, before, one)
    parts = {
        f"{len(found.added):,} added": found.added,
        f"{len(found.removed):,} removed": found.removed,
        f"{len(found.changed):,} judged otherwise": found.changed,
        f"{len(found.moved):,} on another side": found.moved,
    }
    st.caption(f"{found.same:,} rows are the same.")
    label = st.segmented_control("Rows", list(parts), default=next(iter(parts)), required=True, key=f"diff-{one.id}")
    ids = list(parts[label])
    if ids:
        shown = duels.by_ids(resources.lab().store, ids[:_MOST])
        tables.table(
            {
                "row": ids[:_MOST],
                "prompt": [shown[row].conversation[-1].content if row in shown else "" for row in ids[:_MOST]],
            },
            key=tables.key_of("diff", ids),
            name="snapshot-diff",
            caption="Click one to read it." + (f" The first {_MOST} are shown." if len(ids) > _MOST else ""),
            config={"prompt": st.column_config.TextColumn(width="large")},
            whole={"row": ids},
            on_pick=lambda place: address.show_duel(ids[place] if ids[place] in shown else None),
        )


def _recipe(one: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.text_input("Model", snapshots.spec_of(one).policy.model, key=f"recipe-{one.id}", width=320)
    try:
        facts = recipe_facts(one, model=model or None, data=str(freezing.folder_of(one.id, one.name)), trainer=None)
    except LabError as err:
        fault(err)
        return
    script = recipe(facts)
    st.download_button(
        "Script",
        script,
        "train.py",
        "text/x-python",
        key=f"script-{one.id}",
        on_click="ignore",
        icon=":material/download:",
    )
    st.code(script, language="python", height=420)


def _manage(one: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", one.name, key=f"name-{one.id}-{one.name}", max_chars=120, width=260)
        st.button(
            "Rename",
            key=f"rename-{one.id}",
            disabled=name.strip() in ("", one.name),
            on_click=_rename,
            args=(one.id, name),
        )
        st.button("Delete", key=f"delete-{one.id}", on_click=_delete, args=(one.id,), help="It can be brought back.")
        st.button("Close", key=f"close-{one.id}", type="tertiary", on_click=address.show_snapshot, args=(None,))


def _rename(snapshot_id: str, name: str) -> None:
    try:
        stored.rename(resources.lab().store, snapshot_id, name)
    except LabError as err:
        notices.tell(text.sentence(str(err)))


def _delete(snapshot_id: str) -> None:
    try:
        stored.delete(resources.lab().store, snapshot_id)
    except LabError as err:
        notices.tell(text.sentence(str(err)))
        return
    address.show_snapshot(None)
    notices.tell("The snapshot is deleted. The list of deleted ones brings it back.")
