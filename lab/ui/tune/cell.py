"""The cell that was clicked: its figures, its confusion, and the very prompts that it gets wrong."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.forensics.compare import confusion
from lab.forensics.evidence import FALLBACK, Ints, Outcomes
from lab.forensics.grid_search.grid import Cell
from lab.forensics.measures import ratio
from lab.forensics.metrics import wilson
from lab.forensics.sample import Sample
from lab.forensics.tuning import Tuning
from lab.types import NONE
from lab.ui import tables, text
from lab.ui.tune import heatmap, misrouted
from lab.ui.tune.controls import Asked
from lab.ui.workbench import Workbench

_PAIR = "pair"
_MOST_CODES = 30


def draw(asked: Asked, found: Tuning) -> None:
    """Draw the figures of the open cell and its confusion."""
    cell = heatmap.cell_of(found)
    sample, decided = found.grid.sample, found.grid.outcomes_at(cell)
    st.markdown(f"**{text.plain(_setting(found, cell))}**")
    stakes = asked.costs.stakes.running(found.grid.config_at(cell).strategy)
    right = int(np.count_nonzero(sample.right(decided)))
    share = wilson(right, len(sample))
    parts = [f"accuracy {share} (Wilson), {right:,} of {len(sample):,} tune rows"]
    for name, title in (
        ("coverage", "coverage"), ("claim_accuracy", "accuracy of claims"), ("none_recall", "recall of none"),
        ("misroute_cost", "misroute cost"), ("cost", "cost"), ("overhead_ms", "overhead ms"),
        ("end_to_end_ms", "end-to-end ms"),
    ):  # fmt: skip
        value = ratio(name, sample, stakes).of(sample, decided)
        if value == value:
            parts.append(f"{title} {value:.3g}")
    st.caption(text.plain(" · ".join(parts)))
    _confusion(sample, decided)


def prompts(bench: Workbench, found: Tuning) -> None:
    """Draw the misrouted prompts of the open cell, or those of the pair of the confusion that was clicked."""
    cell = heatmap.cell_of(found)
    sample, decided = found.grid.sample, found.grid.outcomes_at(cell)
    pair = st.query_params.get(_PAIR, "")
    labels, decisions, _ = confusion(sample, decided)
    places, title = np.flatnonzero(~sample.right(decided)), "misrouted"
    if ">" in pair:
        label, _, to = pair.partition(">")
        if label in labels and to in decisions:
            places, title = _of_pair(sample, decided, label, to), f"labelled {label}, decided {to}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if title != "misrouted":
            st.button("All misrouted", on_click=_unpick, key="all-misrouted", type="tertiary")
    misrouted.table(
        bench, sample, decided, places, config=found.grid.config_at(cell), key="misrouted",
        title=f"{title}: {len(places):,} of {len(sample):,} tune rows",
    )  # fmt: skip


def _setting(found: Tuning, cell: Cell) -> str:
    said = ", ".join(
        f"{axis.title} {value if isinstance(value, str) else f'{value:.4g}'}"
        for axis, value in zip(found.grid.axes, found.grid.values_at(cell), strict=True)
    )
    return f"{said} (recommended)" if cell == found.choice.centre else said


def _confusion(sample: Sample, decided: Outcomes) -> None:
    labels, decisions, counts = confusion(sample, decided)
    if len(labels) > _MOST_CODES:
        order = np.argsort(-(counts.sum(axis=1) - counts.max(axis=1)), kind="stable")[:_MOST_CODES]
        labels, counts = tuple(labels[place] for place in order), counts[order]
    if len(decisions) <= _MOST_CODES:
        columns: dict[str, list[object]] = {"labelled ↓ decided →": list(labels)}
        columns |= {name: counts[:, place].tolist() for place, name in enumerate(decisions)}
        tables.table(
            columns, key="confusion", name="confusion", caption="Counts. Click a row for its wrong ones.",
            on_pick=lambda place: _pick(_worst(labels[place], decisions, counts[place])),
        )  # fmt: skip
        return
    wrong = [
        (int(counts[row, column]), labels[row], decisions[column])
        for row, column in zip(*np.nonzero(counts), strict=True)
        if labels[row] != decisions[column] and not (labels[row] == NONE and decisions[column].startswith("fallback ("))
    ]
    wrong.sort(reverse=True)
    columns = {
        "labelled": [label for _, label, _ in wrong],
        "decided": [to for _, _, to in wrong],
        "rows": [count for count, _, _ in wrong],
    }
    tables.table(
        columns, key="confusion", name="confusion", caption="The commonest confusions. Click one to read its prompts.",
        on_pick=lambda place: _pick(f"{wrong[place][1]}>{wrong[place][2]}"), height=320,
    )  # fmt: skip


def _worst(label: str, decisions: tuple[str, ...], counts: Ints) -> str:
    """The pair of a label with the decision it is confused with most."""
    order = np.argsort(-counts, kind="stable")
    right = {label} if label != NONE else {one for one in decisions if one.startswith("fallback (")}
    wrong = [decisions[place] for place in order if decisions[place] not in right and counts[place]]
    return f"{label}>{wrong[0]}" if wrong else ""


def _of_pair(sample: Sample, decided: Outcomes, label: str, to: str) -> Ints:
    code = sample.nobody if label == "none" else sample.experts.index(label)
    mine = np.flatnonzero(sample.labels == code)
    return np.array([row for row in mine if _decision(sample, decided, int(row)) == to], dtype=np.int64)


def _decision(sample: Sample, decided: Outcomes, row: int) -> str:
    name = sample.name(int(decided.expert[row]))
    return f"fallback ({name})" if decided.layer[row] == FALLBACK else name


def _pick(pair: str) -> None:
    st.query_params[_PAIR] = pair


def _unpick() -> None:
    st.query_params.pop(_PAIR, None)
