"""The recommended setting by the answers it gets: their quality, what routing is worth, and what the score is."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import numpy as np
import streamlit as st

from lab.forensics.answers.routed import Answered, value_in_words
from lab.forensics.answers.score_value import ScoreValue
from lab.forensics.evidence import Outcomes
from lab.forensics.metrics import Interval
from lab.forensics.tuning import Tuning
from lab.ui import tables, text
from lab.ui.tune import misrouted
from lab.ui.tune.provenance import caption, file
from lab.ui.workbench import Workbench

ORACLE = "oracle"
_NAMED = 3  # experts in a sentence

Told = Answered | dict[str, int] | None
"""What is known of the answers; by expert how many rows were measured, where no row was for all; None: nothing is."""


def sentence(found: Tuning, told: Told) -> None:
    """Say how good the recommended setting's answers are and what routing is worth, where answers were measured."""
    if isinstance(told, Answered):
        one = told.quality
        left = f", {one.nobody:,} of them left to nobody, which counts 0" if one.nobody else ""
        of_all = f"{one.n:,} of the {len(found.dev):,} rows" if one.n < len(found.dev) else f"all {one.n:,} rows"
        st.markdown(
            text.plain(
                f"By the answers: the recommended setting gets a mean quality of {one.mean} "
                f"({of_all} have an outcome of every expert{left})."
            )
            + f" {text.plain(value_in_words(told.value, found.dev.experts))}"
        )


def about(told: Told) -> str:
    """Return what the caption of the baselines adds where answers were measured."""
    if not isinstance(told, Answered):
        return ""
    return f" · answers: the {told.quality.n:,} rows with an outcome of every expert; one left to nobody counts 0"


def way_in(bench: Workbench, found: Tuning, told: Told) -> None:
    """Say how outcomes come in, where there are none or none that compare."""
    if isinstance(told, Answered):
        return
    experts = found.dev.experts
    columns = " ".join(f"--expert {shlex.quote(name)}=COLUMN" for name in experts[:_NAMED])
    command = f"python -m lab dataset outcomes {shlex.quote(bench.rows.dataset.name)} FILE {columns}"
    why = "Nobody measured how good the experts' answers to these prompts are, so no oracle stands here."
    if told is not None:
        fewest = sorted(told, key=lambda name: told[name])[:_NAMED]
        counts = ", ".join(f"{name} on {told[name]:,}" for name in fewest)
        why = (
            f"No oracle stands here: none of these {len(found.dev):,} rows has an outcome of every expert "
            f"(measured: {counts})."
        )
    st.caption(
        f"{text.plain(why)} A file that says for each prompt how good each answer was brings one, and the value of "
        f"routing: {text.code(command)}"
    )


def missed(bench: Workbench, found: Tuning, told: Answered) -> None:
    """Draw the rows on which the oracle has a better answer than the recommended setting."""
    chosen = found.dev_outcomes.expert.copy()
    chosen[told.places] = told.best
    places = told.places[told.missed]
    misrouted.table(
        bench, found.dev, found.dev_outcomes, places, config=found.recommended, key="baseline-rows",
        title=f"another expert's answer is better: {len(places):,} of {len(told.places):,}; “went to” is the oracle",
        before=Outcomes(chosen, found.dev_outcomes.layer),
    )  # fmt: skip


def score(bench: Workbench, found: Tuning, told: Told, on_pick: Callable[[str], None]) -> None:
    """Draw what the score is worth as a choice between two experts, where that can be told."""
    if not isinstance(told, Answered) or told.score is None:
        return
    one = told.score
    swept = next(name for name in (one.weak, one.strong) if name != found.recommended.fallback)
    st.markdown(f"**{text.plain(f'The score as a choice between {one.weak} and {one.strong}')}**")
    if one.why_not:
        st.caption(text.plain(one.why_not))
    rows = [row for row in _figures(one) if not np.isnan(row[1].value)]
    if not rows:
        return
    costs = "" if one.by_cost else " · both cost the same: the fallback stands for the strong one, AIQ has no range"
    said = caption(bench, found, one.n, "dev", "95 % bootstrap by group")
    tables.table(
        {
            "figure": [name for name, _, _ in rows],
            "value": [figure.value for _, figure, _ in rows],
            "from": [_known(figure.low) for _, figure, _ in rows],
            "to": [_known(figure.high) for _, figure, _ in rows],
            "what it is": [what for _, _, what in rows],
        },
        key="score-value",
        name=file(bench, "score-value"),
        caption=text.plain(
            f"{said} · the threshold of {swept} swept over every observed score, which moves {one.moved:,} rows; "
            f"layer 1 stays · alone, {one.weak} has the quality {one.weak_quality}, {one.strong} "
            f"{one.strong_quality}{costs}"
        ),
        config=dict.fromkeys(["value", "from", "to"], st.column_config.NumberColumn(format="%.3f"))
        | {"what it is": st.column_config.TextColumn(width="large")},
        on_pick=lambda _: on_pick(ORACLE),
    )


def _figures(one: ScoreValue) -> list[tuple[str, Interval, str]]:
    return [
        ("PGR", one.pgr, f"the part of the gap to {one.strong} that the recommended setting recovers, with "
         f"{one.calls:.0%} of the calls to it"),
        ("APGR", one.apgr, "its mean over all shares of calls; chance has 0.5"),
        ("CPT(50 %)", one.cpt, f"the least share of calls to {one.strong} that recovers half of the gap"),
        ("AIQ", one.aiq, "the mean quality over the costs of a call, along the convex hull"),
    ]  # fmt: skip


def _known(value: float) -> float | None:
    return None if value != value else value
