"""Rows of a file of preferences: the first that are good, and those that are left out, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.preferences.imports import Entry, LikedAnswer, PreferencePair, Reason, Report
from lab.ui import tables, text

_OPEN = "duel_import_reason"
_MOST = 2_000  # bad rows that are drawn; the download has all that are kept
_SHOWN = 300  # characters of a text in a table
_WIDE = st.column_config.TextColumn(width="large")
_MEANS: dict[Reason, str] = {
    "unreadable": "a value is not what its column should hold",
    "unknown columns": "its columns are those of no schema that the lab knows",
    "mixed": "some of its columns are texts, others messages",
    "encoding": "characters were lost or damaged before the file came here",
    "no user turn": "nobody asks anything",
    "last turn not the user's": "the answers would follow an answer",
    "empty": "a prompt or an answer is blank",
    "overlong": "longer than a person can be asked to judge",
    "undecided": "both answers are rated alike",
    "equal answers": "both answers say the same, so there is nothing to choose",
    "contradictory": "the file says both, so neither is right for sure",
    "duplicate": "the same answers are judged the same way above",
}


def first(entries: Sequence[Entry], key: str) -> None:
    """Draw the first rows as they will be stored."""
    pairs = [entry for entry in entries if isinstance(entry, PreferencePair)]
    liked = [entry for entry in entries if isinstance(entry, LikedAnswer)]
    if pairs:
        columns = {"chosen": [one.chosen for one in pairs], "rejected": [one.rejected for one in pairs]}
        by = {"chosen by": [one.chosen_by for one in pairs], "rejected by": [one.rejected_by for one in pairs]}
        _rows("pairs", pairs, columns, by, key)
    if liked:
        columns = {"answer": [one.answer for one in liked], "thumb": ["up" if one.liked else "down" for one in liked]}
        _rows("answers", liked, columns, {"by": [one.by for one in liked]}, key)


def _rows(
    kind: str, entries: Sequence[Entry], answers: dict[str, list[str]], by: dict[str, list[str]], key: str
) -> None:
    columns = {
        "prompt": [entry.conversation[-1].content for entry in entries],
        **answers,
        "system prompt": [entry.system_prompt for entry in entries],
        **by,
    }
    shown = {name: [text.one_line(value, _SHOWN) for value in values] for name, values in columns.items()}
    turns = [len(entry.conversation) - 1 for entry in entries]
    tables.table(
        {
            "row": [entry.row for entry in entries],
            **{name: values for name, values in shown.items() if any(values)},
            **({"turns before": turns} if any(turns) else {}),
        },
        key=f"preview-{kind}-{key}",
        name=f"first-{kind}",
        caption=f"The first {kind}, as they will be stored.",
        config=dict.fromkeys(("prompt", "chosen", "rejected", "answer"), _WIDE),
    )


def left_out(report: Report, key: str) -> None:
    """Draw a count a reason, and the rows behind the one that is open."""
    st.markdown(text.plain(report.sentence()))
    for note in report.notes:
        st.caption(text.plain(note))
    if not report.bad:
        return
    reasons = list(report.by_reason)
    tables.table(
        {
            "rows": [report.by_reason[reason] for reason in reasons],
            "left out as": list(reasons),
            "why": [_MEANS[reason] for reason in reasons],
        },
        key=f"import-reasons-{key}",
        name=f"{report.file_name}-reasons",
        caption="Click one to read its rows.",
        config={"rows": st.column_config.NumberColumn(format="localized", width="small")},
        on_pick=lambda place: st.session_state.update({_OPEN: reasons[place]}),
        beside=lambda: _download(report, key),
    )
    opened = st.session_state.get(_OPEN)
    if opened in reasons:
        _bad(report, [place for place, one in enumerate(report.bad) if one.reason == opened], key)


def _download(report: Report, key: str) -> None:
    st.download_button(
        f"CSV of the {len(report.bad):,} rows that are left out", report.to_csv, f"{report.file_name}-left-out.csv",
        "text/csv", key=f"import-bad-csv-{key}", on_click="ignore", type="tertiary", icon=":material/download:",
    )  # fmt: skip


def _bad(report: Report, places: Sequence[int], key: str) -> None:
    bad = [report.bad[place] for place in places[:_MOST]]
    tables.table(
        {
            report.counted: [one.line for one in bad],
            "what": [text.one_line(one.detail) for one in bad],
            "text": [text.one_line(one.text) for one in bad],
        },
        key=f"import-bad-{key}",
        name="left-out",
        caption=f"{len(places):,} rows." + (f" The first {_MOST:,} are shown." if len(places) > _MOST else ""),
        config={"text": _WIDE},
        height=320,
    )


def close() -> None:
    """Forget which reason is open."""
    st.session_state.pop(_OPEN, None)
