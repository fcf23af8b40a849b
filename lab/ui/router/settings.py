"""Settings of the whole router, edited in place: how it decides, its thresholds, its scorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from lab.drafting import MAX_TOP_K, Change
from lab.errors import SearchError
from lab.forensics.teaching import fit_scorer, learning_part
from lab.forensics.usable import usable
from lab.types import NONE, Aggregate, ConflictPolicy, RouterConfig, Scorer, StrategyName, new_id
from lab.ui import resources
from lab.ui.router import desk, fields
from lab.ui.router.desk import Desk
from lab.ui.workbench import Workbench


def draw(on: Desk) -> None:
    """Draw the settings; each is an edit of the draft as soon as it is changed."""
    st.markdown("### Settings and experts")
    config = on.config
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        with st.container(width="content"):
            strategies: tuple[StrategyName, ...] = get_args(StrategyName)
            fields.choice(
                "Strategy", strategies, config.strategy, _set("strategy"), key="r-strategy",
                tip="keyword: patterns alone. semantic: scores alone. hybrid: patterns, then scores.",
            )  # fmt: skip
        with st.container(width="content"):
            fields.number(
                "Threshold", config.threshold, _set("threshold", float), key="r-threshold",
                low=_least(config), high=1.0,
                tip="The least score that lets an expert claim a prompt in layer 2; experts may have their own.",
            )  # fmt: skip
        with st.container(width="content"):
            fields.number(
                "Least margin", config.min_margin, _set("min_margin", float), key="r-margin", low=0.0, high=2.0,
                tip="How far the best score must be ahead of the second.",
            )  # fmt: skip
        with st.container(width="content"):
            aggregates: tuple[Aggregate, ...] = get_args(Aggregate)
            fields.choice(
                "Aggregate", aggregates, config.aggregate, _set("aggregate"), key="r-aggregate",
                tip="How an expert's cosines become its score. max: its nearest utterance. mean_top_k: the mean of its "
                "k nearest. centroid: the cosine to the mean of all.",
            )  # fmt: skip
        if config.aggregate == "mean_top_k":
            with st.container(width="content"):
                fields.whole(
                    "k", config.top_k, _set("top_k", int), key="r-k", low=1, high=max(MAX_TOP_K, config.top_k),
                    tip="How many of an expert's nearest utterances are averaged; one that has fewer uses all.",
                )  # fmt: skip
        with st.container(width="content"):
            policies: tuple[ConflictPolicy, ...] = get_args(ConflictPolicy)
            fields.choice(
                "On a conflict of patterns", policies, config.on_conflict, _set("on_conflict"), key="r-conflict",
                tip="defer: layer 2 decides. priority: the expert listed first takes it.",
            )  # fmt: skip
        with st.container(width="content"):
            names = [*(expert.name for expert in config.experts), NONE]
            fields.one_of(
                "Fallback", names, config.fallback, _set("fallback"), key="r-fallback",
                shown=lambda name: "nobody" if name == NONE else name, tip="Who gets what nobody claims.",
            )  # fmt: skip
        with st.container(width="content"):
            fields.word(
                "Encoder", config.encoder, _set("encoder", str.strip), key="r-encoder",
                tip="all-MiniLM-L6-v2, or any sentence-transformers name or folder that is on this machine.",
            )  # fmt: skip
        with st.container(width="content"):
            _scorer(on)


def _least(config: RouterConfig) -> float:
    return 0.0 if config.scorer == "learned" else -1.0


def _set(name: str, read: Callable[[Any], Any] = lambda value: value) -> fields.Make:
    """Return the edit that gives one setting a value; an emptied field changes nothing."""

    def make(value: Any) -> Change | None:
        if value is None or value == "":
            return None
        return lambda config: replace(config, **{name: read(value)})

    return make


# ---------------------------------------------------------------------------------------------- the learned scorer


def _scorer(on: Desk) -> None:
    config = on.config
    scorers: tuple[Scorer, ...] = get_args(Scorer)
    rows = _tune_rows(on)

    def make(value: Any) -> Change | None:
        if value == "learned" and on.config.learned is None:
            return _fitted(on.bench, config)
        return lambda one: replace(one, scorer=value)

    fields.choice(
        "Scorer", scorers, config.scorer, make, key="r-scorer",
        tip="cosine: nearness to the utterances. learned: a logistic regression on the vectors of labelled prompts.",
    )  # fmt: skip
    if config.learned is not None:
        classes, learnt = len(config.learned.classes), config.learned.rows
        st.caption(f"Learnt {classes:,} classes from {learnt:,} rows.")
    if config.scorer != on.adopted.config.scorer:
        st.caption("Scores are of another kind than live's now: search the thresholds again on the Tune page.")
    if rows:
        st.button(
            f"Fit on {rows:,} tune rows" if config.learned is None else f"Fit again on {rows:,} tune rows",
            key=f"fit-{on.revision}",
            on_click=_fit,
            args=(on.bench, config, new_id()),
            type="tertiary",
            icon=":material/model_training:",
            help="Learns from two thirds of the labelled tune rows of the dataset in use, and makes the learned scorer "
            "the draft's. Thresholds are searched on the other third.",
        )


def _tune_rows(on: Desk) -> int:
    """Return how many rows the learned scorer would learn from; 0 where there is nothing to learn from."""
    if on.bench is None:
        return 0
    try:
        sample, _ = usable(on.bench.rows, on.config, None if on.bench.rows.nested else "tune")
    except SearchError:
        return 0
    return int(learning_part(sample).sum())


def _fitted(bench: Workbench | None, config: RouterConfig) -> Change:
    """Fit the weights, and return the edit that takes them. Raises SearchError."""
    if bench is None:
        raise SearchError("The learned scorer learns from labelled prompts, and no dataset can be used here. Add one.")
    sample, _ = usable(bench.rows, config, None if bench.rows.nested else "tune")
    with st.spinner(f"Learning from {int(learning_part(sample).sum()):,} rows …"):
        asked = replace(config, scorer="learned", learned=None)
        learned = fit_scorer(asked, sample, bench.evidence).learned
    return lambda one: replace(one, scorer="learned", learned=learned)


def _fit(bench: Workbench | None, config: RouterConfig, edit_id: str) -> None:
    def action() -> str:
        made = resources.lab().drafting.edit("", _fitted(bench, config), edit_id=edit_id)
        rows = made.config.learned.rows if made.config.learned else 0
        return f"The learned scorer is in the draft, fitted on {rows:,} tune rows."

    desk.doing(action)
