"""Suggestions: patterns and utterances mined from the tune errors, each with what it alone does to the dev rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lab.differences import differences, sentence
from lab.errors import LabError
from lab.forensics.candidates.suggestions import Candidate
from lab.forensics.compare import p_in_words
from lab.forensics.rules.of_dataset import Suggested
from lab.types import RouterConfig, new_id
from lab.ui import resources, tables, text, wording
from lab.ui.components import fault
from lab.ui.router import desk, kinds
from lab.ui.router.desk import Desk
from lab.ui.router.held import held
from lab.ui.tune import misrouted
from lab.ui.workbench import Workbench

_OPEN, _CANDIDATE, _ROWS, _BUTTON = "suggestions", "candidate", "candidate_rows", "suggestions-take"
_MISSED = "missed"
_HEIGHT = 420
_PROVED = 0.05


def draw(on: Desk) -> None:
    """Draw the suggestions, folded: they are mined when they are opened."""
    folded = desk.unfolded(on, "Suggestions: what the tune errors ask for", _OPEN, bind="query-params")
    if folded is None or on.bench is None:
        return
    with folded:
        rows = on.bench.rows
        try:
            found, config = held("suggestions-for", rows.hash, on.config, lambda one: resources.suggestions(rows, one))
        except LabError as err:
            fault(err)
            return
        _table(on, on.bench, found, config)


def _table(on: Desk, bench: Workbench, found: Suggested, config: RouterConfig) -> None:
    mined = found.candidates
    listed = sorted([*mined.patterns, *mined.utterances], key=lambda one: -one.tune.net.low)
    st.markdown(
        f"Of {mined.tune_n:,} tune rows, {len(mined.missed):,} ought to go to an expert and do not. "
        + ("Nothing that was tried puts more of them right than it breaks." if not listed else "")
    )
    missed = {"missed": mined.missed}
    if mined.missed and kinds.picked(missed, _MISSED):
        misrouted.table(
            bench, found.tune, found.tune_decided, np.array(mined.missed, dtype=np.int64), config=config,
            key="suggestions-missed", title=f"missed: {len(mined.missed):,} of {mined.tune_n:,} tune rows",
        )  # fmt: skip
    if not listed:
        return
    if all(one.p_holm >= _PROVED for one in listed):
        st.markdown("None of them is proved: on the dev rows each may be chance.")
    tables.table(
        {
            "adds": [one.kind.removeprefix("add_") for one in listed],
            "to": [one.expert for one in listed],
            "text": [text.one_line(one.text, 160) for one in listed],
            "dev fixed": [len(one.dev.fixed) for one in listed],
            "dev broken": [len(one.dev.broken) for one in listed],
            "dev accuracy": [one.dev.net.value for one in listed],
            "from": [one.dev.net.low for one in listed],
            "until": [one.dev.net.high for one in listed],
            "p (Holm)": [p_in_words(one.p_holm) for one in listed],
            "tune fixed": [len(one.tune.fixed) for one in listed],
            "tune broken": [len(one.tune.broken) for one in listed],
            "precision at least": ["" if one.precision is None else f"{one.precision.low:.3f}" for one in listed],
            "take": ["put in draft"] * len(listed),
        },
        key="suggestions-table",
        name=f"{bench.rows.dataset.name}-suggestions",
        caption=text.plain(f"n = {mined.dev_n:,} dev rows · {' '.join(mined.notes)} · dataset {bench.rows.hash[:10]}"),
        config={
            "dev accuracy": st.column_config.NumberColumn(format="%+.4f"),
            "from": st.column_config.NumberColumn(format="%+.4f", help="95 % interval, adjusted Wald."),
            "until": st.column_config.NumberColumn(format="%+.4f"),
            "precision at least": st.column_config.TextColumn(
                alignment="right", help="Of a pattern's tune hits (Wilson). An utterance hits nothing by itself."
            ),
            "take": st.column_config.ButtonColumn(
                key=_BUTTON, type="tertiary", on_click=_take_clicked, args=(listed, new_id())
            ),
        },
        on_pick=lambda place: _pick(listed[place]),
        height=_HEIGHT,
    )  # fmt: skip
    opened = next((one for one in listed if _id(one) == st.query_params.get(_CANDIDATE)), None)
    if opened is not None:
        _opened(on, bench, found, config, opened)


def _opened(on: Desk, bench: Workbench, found: Suggested, config: RouterConfig, one: Candidate) -> None:
    with st.container(border=True):
        what = one.kind.removeprefix("add_")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**The {what} {text.code(text.one_line(one.text, 160))} for {wording.expert(config, one.expert)}**",
                width="content",
            )
            st.button(
                "Put in draft", key=f"take-candidate-{on.revision}", type="primary", on_click=_take,
                args=(one, new_id()), icon=":material/edit_note:",
            )  # fmt: skip
        rows_of = {
            "dev fixed": ("dev", one.dev.fixed),
            "dev broken": ("dev", one.dev.broken),
            "tune fixed": ("tune", one.tune.fixed),
            "tune broken": ("tune", one.tune.broken),
        }
        if one.tune_hits is not None:
            rows_of["tune hits"] = ("tune", one.tune_hits)
        kind = kinds.picked({name: rows for name, (_, rows) in rows_of.items()}, _ROWS)
        if not kind:
            return
        split, rows = rows_of[kind]
        sample, decided = (found.dev, found.dev_decided) if split == "dev" else (found.tune, found.tune_decided)
        misrouted.table(
            bench, sample, decided, np.array(rows, dtype=np.int64), config=config, key=f"candidate-{kind}",
            title=f"{kind}: {len(rows):,} of {len(sample):,} {split} rows, as the router decides them without it",
        )  # fmt: skip


def _id(one: Candidate) -> str:
    return f"{one.kind}>{one.expert}>{text.one_line(one.text, 80)}"


def _pick(one: Candidate) -> None:
    st.query_params[_CANDIDATE] = _id(one)


def _take_clicked(listed: Sequence[Candidate], edit_id: str) -> None:
    clicked = st.session_state.get(_BUTTON)
    if clicked is not None and clicked["row"] < len(listed):
        _take(listed[clicked["row"]], edit_id)


def _take(one: Candidate, edit_id: str) -> None:
    def action() -> str:
        drafting = resources.lab().drafting
        before = drafting.current()
        after = drafting.edit("", one.applied, edit_id=edit_id)
        changed = differences(before.config if before else after.base.config, after.config)
        return f"In the draft now: {'; '.join(sentence(change) for change in changed)}." if changed else ""

    desk.doing(action)
