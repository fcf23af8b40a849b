"""The counts of the open cell: what is right and wrong of it, label by decision; each opens its rows."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from lab.forensics.compare import confusion
from lab.forensics.evidence import FALLBACK, Bools, Ints, Outcomes
from lab.forensics.sample import Sample
from lab.forensics.tuning import Tuning
from lab.types import NONE
from lab.ui import tables
from lab.ui.tune import open_cell, provenance
from lab.ui.workbench import Workbench

_MOST_CODES = 30
_ANY = "*"
_CORNER = "labelled ↓ decided →"


def draw(bench: Workbench, found: Tuning, sample: Sample, decided: Outcomes) -> None:
    """Draw the counts as buttons and as a matrix that can be clicked."""
    with st.container(horizontal=True):
        for name, rows in _kinds(sample, decided).items():
            count = int(np.count_nonzero(rows))
            st.button(f"{name} {count:,}", key=f"count-{name}", on_click=_open, args=(name,), type="tertiary")
    labels, decisions, counts = confusion(sample, decided)
    setting = open_cell.address(found.grid, open_cell.cell_of(found))
    name = provenance.file(bench, "confusion", setting)
    (_matrix if len(decisions) <= _MOST_CODES else _commonest)(labels, decisions, counts, name)


def opened(found: Tuning, sample: Sample, decided: Outcomes) -> tuple[Ints, str]:
    """Return the rows of the count that the address names, by place, with their title; else the wrong ones."""
    wanted, wrong = st.query_params.get(open_cell.COUNT, ""), ~sample.right(decided)
    kinds = _kinds(sample, decided)
    every = partial(provenance.rows, found, len(sample), "tune")
    if wanted in kinds:
        places = np.flatnonzero(kinds[wanted])
        return places, f"{wanted}: {len(places):,} of {every()}"
    label, sign, to = wanted.partition(">")
    labels, decisions, _ = confusion(sample, decided)
    if not sign or label not in labels or to not in (*decisions, _ANY):
        places = np.flatnonzero(wrong)
        return places, f"misrouted: {len(places):,} of {every()}"
    mine = sample.labels == (sample.nobody if label == NONE else sample.experts.index(label))
    if to == _ANY:
        places = np.flatnonzero(mine & wrong)
        return places, f"labelled {label}, decided wrongly: {len(places):,} of {int(mine.sum()):,}"
    places = np.flatnonzero(mine & _decided(sample, decided, to))
    told = "right" if _right(label, to) else "wrong"
    return places, f"labelled {label}, decided {to}: {len(places):,} of {every()}, all {told}"


def close_button() -> None:
    """Draw the way back to the wrong rows, where another count is open."""
    if st.query_params.get(open_cell.COUNT):
        st.button("All misrouted", on_click=_open, args=("",), key="all-misrouted", type="tertiary")


def _kinds(sample: Sample, decided: Outcomes) -> dict[str, Bools]:
    right, claimed = sample.right(decided), decided.layer != FALLBACK
    return {"right": right, "wrong": ~right, "claimed": claimed, "left to the fallback": ~claimed}


def _matrix(labels: tuple[str, ...], decisions: tuple[str, ...], counts: Ints, name: str) -> None:
    cut = ""
    if len(labels) > _MOST_CODES:
        wrong = np.array([[not _right(label, to) for to in decisions] for label in labels])
        order = np.argsort(-(counts * wrong).sum(axis=1), kind="stable")[:_MOST_CODES]
        cut = f" The {len(order)} of {len(labels):,} labels with the most wrong ones."
        labels, counts = tuple(labels[place] for place in order), counts[order]
    columns: dict[str, list[object]] = {_CORNER: list(labels)}
    columns |= {to: counts[:, place].tolist() for place, to in enumerate(decisions)}
    tables.table(
        columns, key="confusion", name=name,
        caption=f"Rows. Click a count to read them, or a label for its wrong ones.{cut}",
        on_cell=lambda place, to: _open(f"{labels[place]}>{_ANY if to == _CORNER else to}"),
    )  # fmt: skip


def _commonest(labels: tuple[str, ...], decisions: tuple[str, ...], counts: Ints, name: str) -> None:
    wrong = [
        (int(counts[row, column]), labels[row], decisions[column])
        for row, column in zip(*np.nonzero(counts), strict=True)
        if not _right(labels[row], decisions[column])
    ]
    wrong.sort(reverse=True)
    columns: dict[str, list[object]] = {
        "labelled": [label for _, label, _ in wrong],
        "decided": [to for _, _, to in wrong],
        "rows": [count for count, _, _ in wrong],
    }
    tables.table(
        columns, key="confusion", name=name, caption="The commonest confusions. Click one to read its prompts.",
        on_pick=lambda place: _open(f"{wrong[place][1]}>{wrong[place][2]}"), height=320,
    )  # fmt: skip


def _right(label: str, decision: str) -> bool:
    """Tell whether a decision, as the confusion names it, is right for a label."""
    return decision.startswith("fallback (") if label == NONE else decision in (label, f"fallback ({label})")


def _decided(sample: Sample, decided: Outcomes, to: str) -> Bools:
    """The rows that a decision, as the confusion names it, stands for."""
    left: Bools = decided.layer == FALLBACK
    if to not in sample.experts:
        return left
    claimed: Bools = ~left & (decided.expert == sample.experts.index(to))
    return claimed


def _open(count: str) -> None:
    if count:
        st.query_params[open_cell.COUNT] = count
    else:
        st.query_params.pop(open_cell.COUNT, None)
