"""The figures of the calibration tab by layer, before and after, and the wrong decisions of each."""

from __future__ import annotations

import streamlit as st

from lab.forensics.calibration.calibrated import Calibrated
from lab.forensics.calibration.reliability import Reliability
from lab.forensics.calibration.report import LayerReport
from lab.forensics.metrics import Interval
from lab.types import Layer
from lab.ui import tables, text
from lab.ui.tune import misrouted
from lab.ui.tune.provenance import file
from lab.ui.workbench import Workbench

_OPEN = "layer"
_FIGURES = {"ECE, width": "ece_width", "ECE, mass": "ece_mass", "Brier": "brier"}


def draw(bench: Workbench, one: Calibrated, said: str) -> None:
    """Draw the figures of every layer; one that is clicked shows its wrong decisions."""
    _table(bench, one, said)
    _wrong(bench, one)


def _table(bench: Workbench, one: Calibrated, said: str) -> None:
    lines = [(layer, name, each) for layer in one.report.layers if layer.n for name, each in _of_layer(layer)]
    shares = [each.right if each is not None else layer.right for layer, _, each in lines]
    columns: dict[str, list[object]] = {
        "layer": [layer.layer.value for layer, _, _ in lines],
        "probability": [name for _, name, _ in lines],
        "n": [layer.n if each is None else each.n for layer, _, each in lines],
        "right": [_number(share.value) for share in shares],
        "right, 95 %": [_ends(share) for share in shares],
        "mean probability": [None if each is None else _number(each.confidence) for _, _, each in lines],
    }
    for title, name in _FIGURES.items():
        found = [None if each is None else getattr(each, name) for _, _, each in lines]
        columns[title] = [None if value is None else _number(value.value) for value in found]
        columns[f"{title}, 95 %"] = ["" if value is None else _ends(value) for value in found]
    columns["stored"] = [
        layer.calibration is not None and _stored(layer, name) for layer, name, _ in lines
    ]  # fmt: skip
    form = st.column_config.NumberColumn(format="%.3f")
    tables.table(
        columns,
        key="calibration-layers",
        name=file(bench, "calibration"),
        caption=text.plain(
            f"{said}. An ECE is never below 0 and biased upward on few rows: read the Brier score beside it. Click a "
            "row for the layer's wrong decisions, the surest first."
        ),
        config=dict.fromkeys(["right", "mean probability", *_FIGURES], form),
        on_pick=lambda place: _show(lines[place][0].layer.value),
    )


def _of_layer(layer: LayerReport) -> list[tuple[str, Reliability | None]]:
    if layer.platt is None:
        held = "share, held out" if layer.calibration is not None else "too few rows"
        return (
            [(held, layer.after)]
            if layer.before is None
            else [("before: the score", layer.before), (held, layer.after)]
        )
    return [
        ("before: the score", layer.before),
        ("Platt, held out", layer.platt),
        ("isotonic, held out", layer.isotonic),
    ]


def _stored(layer: LayerReport, name: str) -> bool:
    return layer.calibration is not None and name.casefold().startswith(layer.calibration.method)


def _wrong(bench: Workbench, one: Calibrated) -> None:
    """The wrong decisions of the layer that was clicked."""
    opened = st.query_params.get(_OPEN)
    if opened not in {layer.value for layer in Layer}:
        return
    places = one.wrong(Layer(opened))
    misrouted.table(
        bench, one.sample, one.outcomes, places, config=one.config, key=f"wrong-{opened}",
        title=f"decided wrongly by the {opened} layer, the surest first: {len(places):,}",
    )  # fmt: skip


def _show(layer: str) -> None:
    st.query_params[_OPEN] = "" if st.query_params.get(_OPEN) == layer else layer


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def _ends(one: Interval) -> str:
    return "–" if one.low != one.low else f"{one.low:.3f} to {one.high:.3f}"
