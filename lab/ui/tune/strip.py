"""The baselines beside the recommended setting: what a router must beat to be worth its rules."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.forensics.answers.routed import Answered
from lab.forensics.baselines import Baseline
from lab.forensics.compare import Discordant, discordant, p_in_words
from lab.forensics.metrics import holm
from lab.forensics.tuning import Tuning
from lab.ui import resources, tables, text
from lab.ui.tune import answers, misrouted, recommendation
from lab.ui.tune.provenance import caption, file
from lab.ui.workbench import Workbench

_OPEN = "baseline"
_QUALITY = ("answer quality", "quality from", "quality to")


def draw(bench: Workbench, found: Tuning, baselines: list[Baseline]) -> None:
    """Draw every baseline with its figures; one that is clicked shows the prompts it decides otherwise."""
    told = resources.answered(bench.rows, found)
    compared = _compared(found, baselines)
    st.markdown(f"#### {_headline(found, baselines, compared)}")
    answers.sentence(found, told)
    _table(bench, found, baselines, compared, told)
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
            if one.config is not None:
                recommendation.take(bench, one.config, one.name)
    answers.score(bench, found, told, _pick)
    answers.way_in(bench, found, told)


def _compared(found: Tuning, baselines: list[Baseline]) -> list[tuple[Discordant, float] | None]:
    """Each baseline against the recommended setting, with its p-value by Holm; None for what is no single decision."""
    pairs = [
        discordant(found.dev, one.decided, found.dev_outcomes, found.spec.seed) if one.decided else None
        for one in baselines
    ]
    p_values = iter(holm([one.p_value for one in pairs if one is not None]))
    return [None if one is None else (one, next(p_values)) for one in pairs]


def _table(
    bench: Workbench,
    found: Tuning,
    baselines: list[Baseline],
    compared: list[tuple[Discordant, float] | None],
    told: answers.Told,
) -> None:
    share = st.column_config.NumberColumn(format="%.3f")
    tables.table(
        {
            "instead of the router": [one.name for one in baselines],
            "accuracy": [_known(one.accuracy.value) for one in baselines],
            "from": [_known(one.accuracy.low) for one in baselines],
            "to": [_known(one.accuracy.high) for one in baselines],
            "router right, this wrong": [None if one is None else len(one[0].fixed) for one in compared],
            "this right, router wrong": [None if one is None else len(one[0].broken) for one in compared],
            "p (Holm)": ["" if one is None else p_in_words(one[1]) for one in compared],
            **_qualities(baselines),
            "cost a prompt": [one.cost for one in baselines],
            "what it is": [one.about for one in baselines],
        },
        key="baselines",
        name=file(bench, "baselines"),
        caption=text.plain(
            caption(bench, found, len(found.dev), "dev", "95 % Wilson, near-duplicates as one, McNemar with Holm")
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


def _headline(found: Tuning, baselines: list[Baseline], compared: list[tuple[Discordant, float] | None]) -> str:
    """Say plainly whether something simpler would do better, among all that were asked."""
    known = [place for place, one in enumerate(baselines) if _known(one.accuracy.value) is not None]
    if not known:
        return "No baseline could be measured"
    place = max(known, key=lambda one: baselines[one].accuracy.value)
    best, against, mine = baselines[place], compared[place], found.accuracy.value
    shown = text.begun(f"{text.plain(best.name)} reaches {best.accuracy.value:.3f}, the recommended setting {mine:.3f}")
    if against is None:
        return shown
    if against[1] >= 0.05:
        return f"{shown}: not told apart by {len(found.dev):,} prompts"
    return f"{shown}: " + ("the router is worth its rules" if mine > best.accuracy.value else "that would do better")


def _known(value: float) -> float | None:
    return None if value != value else value


def _pick(name: str) -> None:
    st.query_params[_OPEN] = "" if st.query_params.get(_OPEN) == name else name
