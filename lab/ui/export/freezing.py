"""Freezing the pairs as a snapshot and writing its files, as work that outlives the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lab.dpo import snapshots
from lab.dpo.formats.form import Container
from lab.dpo.formats.registry import FORMATS, Choice
from lab.errors import LabError
from lab.jobs import JobContext, Work
from lab.store import exports_shelf
from lab.store import snapshots as stored
from lab.types import new_id
from lab.ui import notices, resources, text
from lab.ui.export import address
from lab.ui.export.reading import Reading, carry_over
from lab.ui.trust import words

KIND = "export"
_NEXT = "next_snapshot"
_NAME, _LICENCE, _FILES, _FORMATS, _OTHERS = "freeze_name", "licence", "files", "formats", "more"
_CONTAINERS: dict[Container, str] = {"jsonl": "JSON Lines", "json": "JSON", "parquet": "Parquet"}
_NO_FORMAT = "Choose a format first."
_MAIN = tuple(name for name, form in FORMATS.items() if form.main)
_MORE = tuple(name for name, form in FORMATS.items() if not form.main)


def draw(reading: Reading) -> None:
    """Draw what the snapshot is called and in which formats it is written, and the button that does it."""
    if not reading.report.ready:
        st.info("Nothing is kept, so there is nothing to freeze.")
        return
    st.markdown(
        "Freezing keeps these pairs as they are: votes that change later change nothing in a snapshot. It has a hash, "
        "and can be written again to the same bytes."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name", key=_NAME, bind="query-params", max_chars=120, width=260, placeholder="such as preferences"
        )
        st.text_input(
            "Licence", key=_LICENCE, bind="query-params", max_chars=80, width=200, placeholder="such as cc-by-4.0"
        )
        st.segmented_control(
            "Files", list(_CONTAINERS), format_func=_CONTAINERS.__getitem__, default="jsonl", required=True,
            key=_FILES, bind="query-params", wrap=True,
            help="A format that is not written so is written as it is usual for it.",
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _pills("Formats", _MAIN, _MAIN, _FORMATS)
        _pills("More", _MORE, (), _OTHERS)
    _button(reading)


def _choices() -> tuple[Choice, ...]:
    """Return what is chosen now: a press takes it as it stands, also where the page was not drawn since."""
    wanted: Container = st.session_state[_FILES]
    return tuple(
        Choice(name, wanted if wanted in FORMATS[name].containers else FORMATS[name].containers[0])
        for name in (*st.session_state[_FORMATS], *st.session_state[_OTHERS])
    )


def _pills(label: str, options: tuple[str, ...], default: tuple[str, ...], key: str) -> None:
    st.pills(
        label, list(options), selection_mode="multi", format_func=lambda one: FORMATS[one].title,
        default=list(default), key=key, bind="query-params", wrap=True,
    )  # fmt: skip


def _button(reading: Reading) -> None:
    report, choices = reading.report, _choices()
    warned = report.warnings
    pairs = [words.count(report.kept, "pair")] if report.kept else []
    likes = [f"{words.count(report.likes, 'answer')} with a thumb"] if report.likes else []
    said = " and ".join([*pairs, *likes])
    if not choices:
        st.caption(_NO_FORMAT)
    elif warned:
        st.caption(f"{words.count(warned, 'warning')} of the doctor will stand in the card of the dataset.")
    snapshot_id = st.session_state.setdefault(_NEXT, new_id())
    st.button(
        f"Freeze and write {said}", key=f"freeze-{snapshot_id}", type="primary", icon=":material/ac_unit:",
        disabled=not choices, on_click=_start, args=(snapshot_id, reading),
    )  # fmt: skip


def _start(snapshot_id: str, reading: Reading) -> None:
    lab, choices = resources.lab(), _choices()
    name, licence = st.session_state[_NAME].strip(), st.session_state[_LICENCE].strip()
    if not choices:
        notices.tell(_NO_FORMAT)
        return

    def work(job: JobContext) -> None:
        encoder = lab.routers.encoder(lab.routers.live().version.config.encoder)
        frozen = snapshots.freeze(
            lab.store, reading.spec, snapshot_id=snapshot_id, name=name, licence=licence, choices=choices,
            progress=job.progress, check=job.check, encode=encoder.encode,
        )  # fmt: skip
        found = snapshots.report_of(frozen)
        carry_over(reading, found)
        if (found.kept, found.likes) != (reading.report.kept, reading.report.likes):
            lab.counted.put(f"came since\n{snapshot_id}", (reading.report.kept, reading.report.likes))
        snapshots.shelve(lab.store, frozen, choices, lab.settings.data_dir, progress=job.progress, check=job.check)

    begin(snapshot_id, "Freezing and writing the pairs", work)
    st.session_state[_NEXT] = new_id()
    address.show_snapshot(snapshot_id)


def came_since(snapshot_id: str) -> tuple[int, int] | None:
    """Return how many pairs and answers with a thumb had been read when others were frozen; None where it was these."""
    found: tuple[int, int] | None = resources.lab().counted.get(f"came since\n{snapshot_id}")
    return found


def write_again(snapshot_id: str, choices: tuple[Choice, ...]) -> None:
    """Write the files of a snapshot, once more or in other formats; for callbacks."""
    lab = resources.lab()

    def work(job: JobContext) -> None:
        frozen = stored.get(lab.store, snapshot_id)
        snapshots.shelve(lab.store, frozen, choices, lab.settings.data_dir, progress=job.progress, check=job.check)

    begin(snapshot_id, "Writing the files", work)


def begin(key: str, title: str, work: Work) -> None:
    """Start work on a snapshot and say so, or why not; for callbacks."""
    try:
        resources.lab().jobs.start(KIND, title, work, key=key)
    except LabError as err:
        notices.tell(f"Nothing was started. {text.sentence(str(err))}")


def folder_of(snapshot_id: str, name: str) -> Path:
    """Return the folder of a snapshot's files, there or not. Raises KeepingError."""
    return exports_shelf.folder_for(resources.lab().settings.data_dir, snapshot_id, name)
