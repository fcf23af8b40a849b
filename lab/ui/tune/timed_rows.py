"""The prompts behind the times of the latency tab: those of a bar that was clicked, and the slowest ones."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.forensics.latency.job import ColdAndWarm
from lab.forensics.latency.report import Timed
from lab.ui import tables, text, wording
from lab.ui.tune import latency_figure, misrouted
from lab.ui.tune.provenance import file
from lab.ui.workbench import Workbench

_OPEN, _BAR = "slow", "took"
_STAGES = ("total", "keyword", "encode", "score")
_SLOWEST = 30


def draw(bench: Workbench, kept: ColdAndWarm) -> None:
    """Draw the prompts of the open bar, and the slowest ones folded."""
    bar = latency_figure.bar_of(kept, st.query_params.get(_BAR, ""))
    if bar is not None:
        name, low, high = bar
        inside = [one for one in latency_figure.runs(kept)[name].timed if low <= one.total_ms < high]
        st.markdown(f"**{text.plain(f'{name}, {wording.ms(low)} to {wording.ms(high)}: {len(inside):,}')}**")
        _table(bench, kept, _slowest(inside), "bar", f"{name[:1].upper()}{name[1:]}, the slowest first.")
    folded = st.expander("The slowest prompts", on_change="rerun", key="slowest")
    if folded.open:
        with folded:
            few = _slowest(kept.cold.timed)[:_SLOWEST]
            _table(bench, kept, few, "slowest-prompts", f"Cold, the {len(few)} slowest.")


def open_bar(picked: list[object]) -> None:
    """Open the prompts of a bar: it stands in the address from here on."""
    st.query_params[_BAR] = str(picked[0])


def _slowest(timed: Sequence[Timed]) -> list[Timed]:
    return sorted(timed, key=lambda one: -one.total_ms)


def _table(bench: Workbench, kept: ColdAndWarm, timed: Sequence[Timed], key: str, about: str) -> None:
    if not timed:
        st.caption("None.")
        return
    rows = [int(kept.rows[one.row]) for one in timed]
    columns: dict[str, list[object]] = {
        "prompt": [bench.rows.prompts[row] for row in rows],
        "characters": [len(bench.rows.prompts[row]) for row in rows],
        "layer": [one.layer.value for one in timed],
    }
    columns |= {f"{stage}, ms": [getattr(one, f"{stage}_ms") for one in timed] for stage in _STAGES}
    form = st.column_config.NumberColumn(format="%.3f")
    tables.table(
        columns,
        key=key,
        name=file(bench, key),
        caption=f"{about} Click one to see its decision.",
        config={"prompt": st.column_config.TextColumn(width="large")}
        | dict.fromkeys([f"{stage}, ms" for stage in _STAGES], form),
        on_pick=lambda place: _open(key, rows[place]),
        height=320,
    )
    opened_in, row = st.session_state.get(_OPEN, ("", -1))
    if opened_in == key and row in rows:
        misrouted.why(bench, bench.config, row, key)


def _open(key: str, row: int) -> None:
    st.session_state[_OPEN] = key, row
