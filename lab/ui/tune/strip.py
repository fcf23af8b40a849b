"""The baselines beside the recommended setting: what a router must beat to be worth its rules."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.forensics.answers.routed import Answered
from lab.forensics.baselines import Baseline
from lab.forensics.compare import discordant, p_in_words
from lab.forensics.metrics import holm
from lab.forensics.tuning import Tuning
from lab.ui import resources, tables, text
from lab.ui.tune import answers, misrouted
from lab.ui.tune.provenance import caption
from lab.ui.workbench import Workbench

_OPEN = "baseline"
_QUALITY = ("answer quality", "quality from", "quality to")


def draw(bench: Workbench, found: Tuning, baselines: list[Baseline]) -> None:
    """Draw every baseline with its figures; one that is clicked shows the prompts it decides otherwise."""
    told = resources.answered(bench.rows, found)
    st.markdown(f"#### {_headline(found, baselines)}")
    answers.sentence(found, told)
    _table(bench, found, baselines, told)
    opened = st.query_params.get(_OPEN)
    if opened == answers.ORACLE and isinstance(told, Answered):
        answers.missed(bench, found, told)
    for one in baselines:
        if one.name == opened and one.decided is not None:
            router, other = found.dev.right(found.dev_outcomes), found.dev.right(one.decided)
            differ = np.flatnonzero(router != other)
            misrouted.table(
                bench, found.dev, found.dev_outcomes, differ, config=found.recommended, key="baseline-rows",
                title=f"decided rightly by one of the two only: {len(differ):,}; “went to” is {one.name}",
                before=one.decided,
            )  # fmt: skip
    answers.score(bench, found, told, _pick)
    answers.way_in(bench, found, told)


def _table(bench: Workbench, found: Tuning, baselines: list[Baseline], told: answers.Told) -> None:
    compared = [
        discordant(found.dev, one.decided, found.dev_outcomes, found.spec.seed) if one.decided else None
        for one in baselines
    ]
    p_values = iter(holm([one.p_value for one in compared if one is not None]))
    adjusted = [None if one is None else next(p_values) for one in compared]
    share = st.column_config.NumberColumn(format="%.3f")
    tables.table(
        {
            "instead of the router": [one.name for one in baselines],
            "accuracy": [_known(one.accuracy.value) for one in baselines],
            "from": [_known(one.accuracy.low) for one in baselines],
            "to": [_known(one.accuracy.high) for one in baselines],
            "router right, this wrong": [None if one is None else len(one.fixed) for one in compared],
            "this right, router wrong": [None if one is None else len(one.broken) for one in compared],
            "p (Holm)": ["" if value is None else p_in_words(value) for value in adjusted],
            **_qualities(baselines),
            "cost a prompt": [one.cost for one in baselines],
            "what it is": [one.about for one in baselines],
        },
        key="baselines",
        name=f"{bench.rows.dataset.name}-baselines",
        caption=text.plain(
            caption(bench, found, len(found.dev), "dev", "95 % bootstrap by group, McNemar with Holm")
            + answers.about(told)
        ),
        config=dict.fromkeys(["accuracy", "from", "to", *_QUALITY], share)
        | {"cost a prompt": st.column_config.NumberColumn(format="%.3g")},
        on_pick=lambda place: _pick(baselines[place].name),
    )


def _qualities(baselines: list[Baseline]) -> dict[str, list[float | None]]:
    """The columns of answers; none where no answer was measured."""
    measured = [one.quality for one in baselines]
    if not any(measured):
        return {}
    ends = [(None,) * 3 if one is None else tuple(map(_known, one.mean)) for one in measured]
    return {name: [end[place] for end in ends] for place, name in enumerate(_QUALITY)}


def _headline(found: Tuning, baselines: list[Baseline]) -> str:
    """Say plainly whether something simpler would do better."""
    known = [one for one in baselines if _known(one.accuracy.value) is not None]
    if not known:
        return "No baseline could be measured"
    best = max(known, key=lambda one: one.accuracy.value)
    mine = found.accuracy.value
    shown = f"{text.plain(best.name)} reaches {best.accuracy.value:.3f}, the recommended setting {mine:.3f}"
    if best.decided is None:
        return shown
    p_value = discordant(found.dev, best.decided, found.dev_outcomes, found.spec.seed).p_value
    if p_value >= 0.05:
        return f"{shown}: not told apart by {len(found.dev):,} prompts"
    return f"{shown}: " + ("the router is worth its rules" if mine > best.accuracy.value else "that would do better")


def _known(value: float) -> float | None:
    return None if value != value else value


def _pick(name: str) -> None:
    st.query_params[_OPEN] = "" if st.query_params.get(_OPEN) == name else name
