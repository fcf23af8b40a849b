"""Which rows of a file go in and which do not: a count a reason, and the rows behind each."""

from __future__ import annotations

import streamlit as st

from lab.forensics.datasets import Report, Rows, Sifted
from lab.forensics.datasets.left_out import left_out_of
from lab.ui import resources, tables, text

_MOST = 2_000
_GOOD = "can be used"
_MEANS = {
    "ragged": "the row has no such shape as the others",
    "encoding": "characters were lost or damaged before the file came here",
    "empty": "there is no prompt",
    "overlong": "longer than a prompt may be",
    "unknown expert": "the label is no expert of the router: say what it becomes when the file is added, or let labels "
    "stay as they are and make experts from them",
    "unknown split": "the word in the column of the splits names none of them",
    "contradictory": "the same prompt is there with other labels, so none of them is right for sure",
    "duplicate": "the same prompt with the same label is there already",
}


def of_sifted(sifted: Sifted, key: str) -> None:
    """Draw the report on a file that is on its way in, good rows and all."""
    opened = _reasons(sifted.report, key)
    if opened == _GOOD:
        n = len(sifted.prompts)
        tables.table(
            {
                "prompt": list(sifted.prompts[:_MOST]),
                "label": list(sifted.labels[:_MOST]),
                "query type": list(sifted.query_types[:_MOST]),
                "split": list(sifted.splits[:_MOST]),
                "source": list(sifted.sources[:_MOST]),
            },
            key=f"good-{key}",
            name="rows-that-can-be-used",
            caption=f"{n:,} rows." + (f" The first {_MOST:,} are shown." if n > _MOST else ""),
            config={"prompt": st.column_config.TextColumn(width="large")},
            height=320,
        )
    elif opened:
        _bad(sifted.report, opened, key)


def of_dataset(rows: Rows) -> None:
    """Draw what was left out when a dataset was added."""
    report = left_out_of(resources.lab().settings.data_dir, rows.dataset)
    if report is None:
        st.markdown(
            f"What was left out of {text.plain(rows.dataset.file_name or rows.dataset.name)} is not known here."
        )
        st.caption(
            "Reports are kept for files that are added on this page. Add the file again to see its report: the same "
            "rows are not stored twice."
        )
        return
    opened = _reasons(report, rows.dataset.id)
    if opened and opened != _GOOD:
        _bad(report, opened, rows.dataset.id)
    elif opened:
        st.caption("They are the rows of this dataset: see Rows.")


def _reasons(report: Report, key: str) -> str | None:
    """Draw a count a reason, and return the reason that is open."""
    st.markdown(text.plain(report.sentence()))
    for note in report.notes:
        st.caption(text.plain(note))
    counts = {_GOOD: report.good, **report.by_reason}
    state = f"reason-{key}"
    tables.table(
        {
            "rows": list(counts.values()),
            "what becomes of them": [_GOOD if reason == _GOOD else f"left out: {reason}" for reason in counts],
            "why": [_MEANS.get(reason, "") for reason in counts],
        },
        key=f"reasons-{key}",
        name=f"{report.file_name}-reasons",
        caption="Click one to read its rows.",
        config={"rows": st.column_config.NumberColumn(format="localized", width="small")},
        on_pick=lambda place: _open(state, list(counts)[place]),
    )
    if report.bad:
        st.download_button(
            f"CSV of the {len(report.bad):,} rows that are left out", report.to_csv, f"{report.file_name}-left-out.csv",
            "text/csv", key=f"bad-csv-{key}", on_click="ignore", type="tertiary", icon=":material/download:",
        )  # fmt: skip
    opened: str | None = st.session_state.get(state)
    return opened if opened in counts else None


def _open(state: str, reason: str) -> None:
    st.session_state[state] = reason


def _bad(report: Report, reason: str, key: str) -> None:
    bad = [one for one in report.bad if one.reason == reason]
    tables.table(
        {
            report.counted: [one.line for one in bad[:_MOST]],
            "what": [one.detail for one in bad[:_MOST]],
            "text": [one.text for one in bad[:_MOST]],
        },
        key=f"bad-{key}-{reason}",
        name=f"left-out-{reason}",
        caption=f"{len(bad):,} rows, left out as {reason}."
        + (f" The first {_MOST:,} are shown." if len(bad) > _MOST else ""),
        config={"text": st.column_config.TextColumn(width="large")},
        height=320,
    )
