"""One snapshot: its files, how it was made, what differs from another, and the script that trains on it."""

from __future__ import annotations

from datetime import UTC

import streamlit as st

from lab.dpo import comparing, snapshots, wording
from lab.dpo.recipe import recipe
from lab.dpo.training import recipe_facts
from lab.errors import LabError
from lab.exported import Snapshot
from lab.store import duels
from lab.store import snapshots as stored
from lab.ui import notices, resources, tables, text
from lab.ui.components import fault
from lab.ui.export import address, freezing, opened_duel, written
from lab.ui.trust import words

_MOST = 200
_FILES, _MADE, _DIFFERS, _TRAIN = "Files", "How it was made", "What differs", "Train on it"
_PARTS = (_FILES, _MADE, _DIFFERS, _TRAIN)
_ADDED, _REMOVED, _CHANGED, _MOVED, _REWORDED = (
    "added", "removed", "judged otherwise", "on another side", "worded otherwise",
)  # fmt: skip


def draw(one: Snapshot, others: list[Snapshot]) -> None:
    """Draw a snapshot; `others` are those that it can be compared with. Raises LabError."""
    with st.container(border=True, key="opened-snapshot"):
        _heading(one)
        part = st.segmented_control(
            "Part", list(_PARTS), default=_FILES, required=True, key="of", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        try:
            if part == _FILES:
                written.draw(one)
            elif part == _MADE:
                _made(one)
            elif part == _DIFFERS:
                _differs(one, others)
            else:
                _recipe(one)
        except LabError as err:
            fault(err)
        _manage(one)


def _heading(one: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {text.plain(one.name)}", width="content")
        st.button(
            "Close", key=f"close-{one.id}", type="tertiary", icon=":material/close:", on_click=address.show_snapshot,
            args=(None,),
        )  # fmt: skip
    frozen = one.frozen_at or one.created_at
    frozen = frozen.replace(tzinfo=frozen.tzinfo or UTC)
    said = [words.count(one.rows - one.liked, "pair")]
    if one.liked:
        said.append(f"{words.count(one.liked, 'answer')} with a thumb")
    said += [f"frozen {frozen:%Y-%m-%d %H:%M} UTC", f"family {one.family}"]
    st.caption(f"{text.plain(' · '.join(said))} · hash {text.code(one.content_hash or '')}")
    read = freezing.came_since(one.id)
    if read is not None:
        st.info(
            f"Votes came between reading and freezing: {words.count(read[0], 'pair')} had been read. What the doctor "
            "says of those that are frozen stands under “How it was made”."
        )
    if one.gone:
        st.warning(
            f"Text of {words.count(one.gone, 'row')} was deleted on request since it was frozen. They are in no file "
            "that is written now, so the files differ from those of before."
        )


def _made(one: Snapshot) -> None:
    spec, report = snapshots.spec_of(one), snapshots.report_of(one)
    sentences = (
        *wording.asked(spec), wording.system_prompt(spec), wording.split(spec, report), *wording.agreement(report),
        *wording.biases(report), wording.policy(report, spec),
    )  # fmt: skip
    st.markdown("\n".join(f"- {text.sentence(sentence)}" for sentence in sentences))
    if report.findings:
        st.markdown("**What the doctor said**")
        st.markdown("\n".join(f"- {text.sentence(wording.finding(found))}" for found in report.findings))
    st.caption(text.sentence(f"From the shell: `python -m lab snapshot show {one.id}`"))


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
        _ADDED: found.added, _REMOVED: found.removed, _CHANGED: found.changed, _MOVED: found.moved,
        _REWORDED: found.reworded,
    }  # fmt: skip
    counts = [f"{len(rows):,} {name}" for name, rows in parts.items()]
    st.markdown(f"**{', '.join(counts)}**, and {found.same:,} rows are the same.")
    first = next((name for name, rows in parts.items() if rows), None)
    if first is None:
        return
    label = st.segmented_control(
        "Rows", list(parts), default=first, required=True, key="rows", bind="query-params", wrap=True
    )
    ids = list(parts[label])
    if not ids:
        st.caption("None.")
        return
    _rows(ids, label)
    if address.opened(address.DIFFERENCE):
        opened_duel.draw(resources.lab())


def _rows(ids: list[str], label: str) -> None:
    shown = duels.by_ids(resources.lab().store, ids[:_MOST])

    def prompt(row: str) -> str:
        return shown[row].conversation[-1].content if row in shown else "an answer with a thumb"

    tables.table(
        {"prompt": [prompt(row) for row in ids[:_MOST]], "duel or answer": ids[:_MOST]},
        key=tables.key_of("diff", [label, *ids]),
        name="snapshot-diff",
        caption="Click one to read it." + (f" The first {_MOST} are shown." if len(ids) > _MOST else ""),
        config={"prompt": st.column_config.TextColumn(width="large")},
        whole={"duel or answer": ids, "difference": [label] * len(ids)},
        on_pick=lambda place: address.show_alone(ids[place] if ids[place] in shown else None),
        height=300,
    )


def _recipe(one: Snapshot) -> None:
    model = st.text_input(
        "Model", snapshots.spec_of(one).policy.model, key=f"recipe-{one.id}", width=320,
        help="A folder, or a name on the hub. The script says how to name another when it is run.",
    )  # fmt: skip
    data = freezing.folder_of(one.id, one.name)
    if not any(data.glob("*/train.*")):
        st.caption("Its files are not written yet: see Files. The script reads them from where they are written then.")
    script = recipe(recipe_facts(one, model=model.strip() or None, data=str(data), trainer=None))
    st.download_button(
        "Script", script, "train.py", "text/x-python", key=f"script-{one.id}", on_click="ignore",
        icon=":material/download:",
    )  # fmt: skip
    st.code(script, language="python", height=420)


# --------------------------------------------------------------------------------------------- renaming, deleting


def _manage(one: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"name-{one.id}-{one.name}"
        st.text_input("Name", one.name, key=key, max_chars=120, width=260)
        st.button("Rename", key=f"rename-{one.id}", on_click=_rename, args=(one.id, key))
        st.button(
            "Delete", key=f"delete-{one.id}", icon=":material/delete:", on_click=_delete, args=(one.id,),
            help="It can be brought back.",
        )  # fmt: skip


def _rename(snapshot_id: str, key: str) -> None:
    try:
        stored.rename(resources.lab().store, snapshot_id, st.session_state[key])
    except LabError as err:
        notices.tell(text.sentence(str(err)))


def _delete(snapshot_id: str) -> None:
    try:
        stored.delete(resources.lab().store, snapshot_id)
    except LabError as err:
        notices.tell(text.sentence(str(err)))
        return
    notices.tell("The snapshot is deleted. The list of deleted ones brings it back.")
