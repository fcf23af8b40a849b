"""Prompts of a measured router as a table; a row that is clicked opens the same trace as the Route page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import Rows
from lab.forensics.evidence import LAYERS, Ints, Outcomes
from lab.forensics.probes import Probe, write
from lab.forensics.sample import Sample
from lab.types import RouterConfig
from lab.ui import corrections, tables, text, trace
from lab.ui.components import fault
from lab.ui.tune.provenance import file
from lab.ui.workbench import Workbench

_OPENED = "why"
_MOST = 2_000  # rows that a browser shows at once; the CSV holds all of them


def table(
    bench: Workbench,
    sample: Sample,
    decided: Outcomes,
    places: Ints,
    *,
    config: RouterConfig,
    key: str,
    title: str,
    before: Outcomes | None = None,
) -> None:
    """Draw some rows of a sample with what was decided for them; `before` adds what another router decided."""
    st.markdown(f"**{text.plain(title)}**")
    if not len(places):
        st.caption("None.")
        return
    columns = rows_of(bench, sample, decided, places, config, before)
    shown = {name: values[:_MOST] for name, values in columns.items()}
    chosen = sample.rows[places]
    tables.table(
        shown,
        key=f"{key}-{bench.rows.hash[:8]}",  # a label that is given here moves rows: no tick is left on another one
        name=file(bench, key),
        caption=f"{len(places):,} row{'s' * (len(places) != 1)}; click one to see why."
        + (f" The first {_MOST:,} are shown." if len(places) > _MOST else ""),
        config={
            "prompt": st.column_config.TextColumn(width="large"),
            "score": st.column_config.NumberColumn(format="%.3f"),
            "margin": st.column_config.NumberColumn(format="%.3f"),
        },
        on_pick=lambda place: _open(bench.rows, key, int(chosen[place])),
        height=420,
        beside=lambda: _probes(bench, sample, places, key),
        whole=columns,
    )
    opened = st.query_params.get(_OPENED, "")
    row = next((one for one in chosen.tolist() if opened == _name(bench.rows, key, one)), None)
    if row is not None:
        why(bench, config, row, key)


def _probes(bench: Workbench, sample: Sample, places: Ints, key: str) -> None:
    """Offer the rows as a regression file: each must go where its label says."""
    wanted = {bench.rows.prompts[int(sample.rows[place])]: int(place) for place in places.tolist()}
    probes = [
        Probe(
            prompt,
            sample.name(int(sample.labels[place])),
            tags=tuple(filter(None, (bench.rows.dataset.name, sample.query_types[place]))),
        )
        for prompt, place in wanted.items()
    ]
    st.download_button(
        "Probes",
        lambda: write(probes),
        f"{file(bench, key)}.jsonl",
        "application/jsonl",
        key=f"{key}-probes",
        on_click="ignore",
        type="tertiary",
        icon=":material/fact_check:",
        help="A file for `python -m lab check`: it fails where one of these prompts does not go where its label says.",
    )


def rows_of(
    bench: Workbench, sample: Sample, decided: Outcomes, places: Ints, config: RouterConfig, before: Outcomes | None
) -> dict[str, list[object]]:
    """Return the columns of such a table, whole prompts and all."""
    rows = bench.rows
    layer2 = bench.evidence(config).layer2(config)
    columns: dict[str, list[object]] = {
        "prompt": [rows.prompts[row] for row in sample.rows[places].tolist()],
        "label": [sample.name(code) for code in sample.labels[places].tolist()],
        "goes to": [sample.name(code) for code in decided.expert[places].tolist()],
        "layer": [LAYERS[code].value for code in decided.layer[places].tolist()],
    }
    if before is not None:
        columns["went to"] = [sample.name(code) for code in before.expert[places].tolist()]
    if any(sample.query_types):
        columns["query type"] = [sample.query_types[place] for place in places.tolist()]
    if layer2 is not None:
        wanted = sample.rows[places]
        columns["score"] = _numbers(layer2.score[wanted])
        columns["margin"] = _numbers(layer2.margin[wanted])
    return columns


def _numbers(values: np.ndarray) -> list[object]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _name(rows: Rows, key: str, row: int) -> str:
    return f"{rows.dataset.content_hash[:8]}.{key}.{row}"


def _open(rows: Rows, key: str, row: int) -> None:
    st.query_params[_OPENED] = _name(rows, key, row)


def why(bench: Workbench, config: RouterConfig, row: int, key: str) -> None:
    """Draw the trace of one row of the dataset under a router."""
    try:
        shown = trace.of_prompt(config, bench.rows.prompts[row], by="this setting")
    except LabError as err:
        fault(err)
        return
    with st.container(border=True):
        st.markdown(f"> {text.plain(bench.rows.prompts[row])}")
        trace.decision(shown)
        trace.evidence(shown, key=f"{key}-{row}")
        corrections.of_row(config, bench.rows, row)
