"""The files of a snapshot: where they are, their hashes, one zip, written again, and compared with what they were."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from lab.dpo import comparing
from lab.dpo.comparing import Rebuilt
from lab.dpo.formats.registry import FORMATS, Choice
from lab.exported import Snapshot
from lab.jobs import JobContext
from lab.store import snapshots as stored
from lab.ui import resources, tables, text
from lab.ui.export import freezing
from lab.ui.export.funnel import COUNT
from lab.ui.trust import words


def draw(one: Snapshot) -> None:
    """Draw the files of a snapshot and what can be done with them. Raises LabError."""
    folder = freezing.folder_of(one.id, one.name)
    _zip(one, folder)
    if one.files:
        _files(one)
        _compared(one)
    _again(one, written=folder.is_dir())


def _zip(one: Snapshot, folder: Path) -> None:
    packed = folder.with_suffix(".zip")
    if not folder.is_dir():
        same = "they come out without what was deleted" if one.gone else "they come out the same to the byte"
        st.info(f"Its files are not on this machine. Write them: {same}.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if packed.is_file():
            st.download_button(
                f"All files as one zip, {packed.stat().st_size / 1e6:,.1f} MB", packed.read_bytes, packed.name,
                "application/zip", key=f"zip-{one.id}", on_click="ignore", type="primary", icon=":material/download:",
            )  # fmt: skip
        st.caption(f"In {text.code(str(folder))} on the machine that the lab runs on.")


def _files(one: Snapshot) -> None:
    paths = sorted(one.files)
    tables.table(
        {
            "file": paths,
            "rows": [one.files[path]["rows"] for path in paths],
            "bytes": [one.files[path]["bytes"] for path in paths],
            "sha256": [one.files[path]["sha256"] for path in paths],
        },
        key=f"files-{one.id}",
        name="snapshot-files",
        caption=words.count(len(paths), "file"),
        config={"rows": COUNT, "bytes": COUNT, "file": st.column_config.TextColumn(width="medium")},
        height=300,
    )


# ---------------------------------------------------------------------------------------------------- written again


def _compared(one: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Rebuild and compare", key=f"rebuild-{one.id}", icon=":material/difference:", on_click=_rebuild,
            args=(one.id,),
            help="Writes the files anew beside the old ones, compares them by their hashes, and throws them "
            "away. The manifest, which only names the others, is not compared.",
        )  # fmt: skip
        found: Rebuilt | None = resources.lab().counted.get(_key(one))
        if found is None:
            return
        if not found.differing:
            st.badge(
                f"{words.count(len(found.same), 'file')} the same to the byte", color="green",
                icon=":material/check:",
            )  # fmt: skip
            if found.reworded:
                st.caption("The card says the same in the words of this version of the lab.")
            return
        st.badge(f"{words.count(len(found.differing), 'file')} with other bytes", color="orange")
    why = "Rows whose text was deleted are not in them." if found.gone else "The lab, or its database, was changed."
    st.caption(f"{', '.join(text.code(path) for path in found.differing)}. {why}")


def _key(one: Snapshot) -> str:
    return f"rebuilt\n{one.id}\n{one.gone}\n{sorted((path, made['sha256']) for path, made in one.files.items())}"


def _rebuild(snapshot_id: str) -> None:
    lab = resources.lab()

    def work(job: JobContext) -> None:
        one = stored.get(lab.store, snapshot_id)
        with TemporaryDirectory(prefix="lab-rebuilt-") as aside:
            folder = Path(aside) / "files"
            found = comparing.rebuild(lab.store, one, folder, progress=job.progress, check=job.check)
        lab.counted.put(_key(one), found)

    freezing.begin(snapshot_id, "Rebuilding the files to compare them", work)


def _again(one: Snapshot, *, written: bool) -> None:
    key, before = f"again-{one.id}", {choice.format: choice for choice in comparing.choices_of(one)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            "Formats", list(FORMATS), selection_mode="multi", format_func=lambda name: FORMATS[name].title,
            default=list(before), key=key, wrap=True,
        )  # fmt: skip
        st.button(
            "Write the files again" if written else "Write the files", key=f"write-{one.id}", disabled=not chosen,
            on_click=_write_again, args=(one.id, before, key), icon=":material/edit_document:",
        )  # fmt: skip


def _write_again(snapshot_id: str, before: dict[str, Choice], key: str) -> None:
    """Write the formats that are chosen now, each as it was written before."""
    choices = tuple(before.get(name) or Choice(name, FORMATS[name].containers[0]) for name in st.session_state[key])
    if choices:
        freezing.write_again(snapshot_id, choices)
