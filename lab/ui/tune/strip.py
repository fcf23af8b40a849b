"""The baselines beside the recommended setting: what a router must beat to be worth its rules."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.forensics.baselines import Baseline
from lab.forensics.compare import compare, p_in_words
from lab.forensics.metrics import holm
from lab.forensics.tuning import Tuning
from lab.ui import tables, text
from lab.ui.tune import misrouted
from lab.ui.tune.provenance import caption
from lab.ui.workbench import Workbench

_OPEN = "baseline"


def draw(bench: Workbench, found: Tuning, baselines: list[Baseline]) -> None:
    """Draw every baseline with its figures; one that is clicked shows the prompts it decides otherwise."""
    st.markdown(f"#### {_headline(found, baselines)}")
    compared = [
        compare(found.dev, one.decided, found.dev_outcomes, seed=found.spec.seed) if one.decided else None
        for one in baselines
    ]
    p_values = iter(holm([one.p_value for one in compared if one is not None]))
    adjusted = [None if one is None else next(p_values) for one in compared]
    tables.table(
        {
            "instead of the router": [one.name for one in baselines],
            "accuracy": [one.accuracy.value for one in baselines],
            "from": [_known(one.accuracy.low) for one in baselines],
            "to": [_known(one.accuracy.high) for one in baselines],
            "router right, this wrong": [None if one is None else len(one.fixed) for one in compared],
            "this right, router wrong": [None if one is None else len(one.broken) for one in compared],
            "p (Holm)": ["" if value is None else p_in_words(value) for value in adjusted],
            "cost a prompt": [one.cost for one in baselines],
            "what it is": [one.about for one in baselines],
        },
        key="baselines",
        name=f"{bench.rows.dataset.name}-baselines",
        caption=text.plain(caption(bench, found, len(found.dev), "dev", "95 % bootstrap by group, McNemar with Holm")),
        config={
            "accuracy": st.column_config.NumberColumn(format="%.3f"),
            "from": st.column_config.NumberColumn(format="%.3f"),
            "to": st.column_config.NumberColumn(format="%.3f"),
            "cost a prompt": st.column_config.NumberColumn(format="%.3g"),
        },
        on_pick=lambda place: _pick(baselines[place].name),
    )
    opened = st.query_params.get(_OPEN)
    for one in baselines:
        if one.name == opened and one.decided is not None:
            router, other = found.dev.right(found.dev_outcomes), found.dev.right(one.decided)
            differ = np.flatnonzero(router != other)
            misrouted.table(
                bench, found.dev, found.dev_outcomes, differ, config=found.recommended, key="baseline-rows",
                title=f"decided rightly by one of the two only: {len(differ):,}; “went to” is {one.name}",
                before=one.decided,
            )  # fmt: skip


def _headline(found: Tuning, baselines: list[Baseline]) -> str:
    """Say plainly whether something simpler would do better."""
    if not baselines:
        return "No baseline could be measured"
    best = max(baselines, key=lambda one: one.accuracy.value)
    mine = found.accuracy.value
    shown = f"{text.plain(best.name)} reaches {best.accuracy.value:.3f}, the recommended setting {mine:.3f}"
    if best.decided is None:
        return shown
    p_value = compare(found.dev, best.decided, found.dev_outcomes, seed=found.spec.seed).p_value
    if p_value >= 0.05:
        return f"{shown}: not told apart by {len(found.dev):,} prompts"
    return f"{shown}: " + ("the router is worth its rules" if mine > best.accuracy.value else "that would do better")


def _known(value: float) -> float | None:
    return None if value != value else value


def _pick(name: str) -> None:
    st.query_params[_OPEN] = "" if st.query_params.get(_OPEN) == name else name
