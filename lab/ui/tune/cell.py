"""The cell that was clicked: its figures, its counts, and the very prompts behind each of them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.forensics.evidence import Outcomes
from lab.forensics.grid_search.grid import Cell
from lab.forensics.measures import ACCURACY, OVERHEAD, ratio
from lab.forensics.metrics import wilson
from lab.forensics.sample import Sample, Stakes
from lab.forensics.tuning import Tuning
from lab.ui import text
from lab.ui.tune import counts, misrouted, open_cell, provenance, traffic
from lab.ui.tune.controls import Asked
from lab.ui.workbench import Workbench

_FIGURES = {
    "coverage": "coverage", "claim_accuracy": "accuracy of claims", "none_recall": "recall of none",
    "misroute_cost": "misroute cost", "cost": "cost", OVERHEAD: "overhead ms", "end_to_end_ms": "end-to-end ms",
}  # fmt: skip


def draw(bench: Workbench, asked: Asked, found: Tuning) -> None:
    """Draw the figures of the open cell and its counts."""
    cell = open_cell.cell_of(found)
    sample, decided = found.grid.sample, found.grid.outcomes_at(cell)
    weighted = traffic.weighted(bench, sample) if asked.weighted else None
    stakes = asked.costs.stakes
    st.markdown(f"**{text.plain(_setting(found, cell))}**")
    st.caption(text.plain(_figures(asked, found, sample, weighted, decided, stakes)))
    counts.draw(bench, found, sample, decided)


def prompts(bench: Workbench, found: Tuning) -> None:
    """Draw the misrouted prompts of the open cell, or those of the count that was clicked."""
    cell = open_cell.cell_of(found)
    sample, decided = found.grid.sample, found.grid.outcomes_at(cell)
    places, title = counts.opened(found, sample, decided)
    counts.close_button()
    misrouted.table(
        bench, sample, decided, places, config=found.grid.config_at(cell), key="misrouted", title=title,
    )  # fmt: skip


def _setting(found: Tuning, cell: Cell) -> str:
    said = ", ".join(
        f"{axis.title} {value if isinstance(value, str) else f'{value:.4g}'}"
        for axis, value in zip(found.grid.axes, found.grid.values_at(cell), strict=True)
    )
    return f"{said} (recommended)" if cell == found.choice.centre else said


def _figures(
    asked: Asked, found: Tuning, sample: Sample, weighted: Sample | None, decided: Outcomes, stakes: Stakes
) -> str:
    """All that is measured of a setting; as labelled and as in the traffic, where that is asked."""

    def told(name: str, labelled: str) -> str:
        if weighted is None:
            return labelled
        return f"{labelled} as labelled, {ratio(name, weighted, stakes).of(weighted, decided):.3g} as in traffic"

    right = int(np.count_nonzero(sample.right(decided)))
    accuracy = f"{wilson(right, len(sample))} (Wilson)"
    parts = [
        f"accuracy {told(ACCURACY, accuracy)}, {right:,} of {provenance.rows(found, len(sample), 'tune')}"
    ]  # fmt: skip
    for name, title in _FIGURES.items():
        value = ratio(name, sample, stakes).of(sample, decided)
        if value == value:
            about = f" ({asked.costs.timed})" if name == OVERHEAD else ""
            parts.append(f"{title} {told(name, f'{value:.3g}')}{about}")
    return " · ".join(parts)
