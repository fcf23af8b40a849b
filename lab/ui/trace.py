"""The one way a decision is shown: what was decided, why, and what would change it."""

from __future__ import annotations

import streamlit as st

from lab.exchange import Routed
from lab.types import ExpertScore, RouterConfig, Trace
from lab.ui import colours, figures, resources, text, wording

_FLIPS = 6


def decision(routed: Routed) -> None:
    """Draw the decision as a sentence, and what it cost."""
    one, config = routed.event.decision, routed.version.config
    st.markdown(f"### {wording.decision(config, one)}")
    if routed.unsaved:
        st.warning(f"This decision is not stored yet. {text.sentence(routed.unsaved)}")
    with st.container(horizontal=True):
        st.metric(
            f"overhead, of {wording.BUDGET_MS} ms",
            wording.ms(one.timings.overhead_ms),
            border=True,
            width="content",
            help="The time to decide: keyword, encode and score. What the explanation below costs is not in it.",
        )
        for name, value in wording.stages(one.timings):
            st.metric(name, value, border=True, width="content")
        if one.margin is not None:
            st.metric("margin", f"{one.margin:.3f}", border=True, width="content", help="Best score minus runner-up.")
        if one.confidence is not None:
            st.metric("confidence", f"{one.confidence:.2f}", border=True, width="content")


def evidence(routed: Routed) -> None:
    """Draw the evidence of a decision: matches, scores against thresholds, nearest utterances, flips."""
    config = routed.version.config
    found = resources.trace(routed)
    st.markdown(f"**Why.** {wording.why(config, routed.event.decision)}")
    _matches(routed)
    if isinstance(found, str):
        st.info(f"The scores of this decision cannot be worked out again. {text.sentence(found)}")
        return
    _scores(config, found)
    _flips(config, found)
    by = text.plain(wording.version(routed.version))
    st.caption(f"Worked out in {wording.ms(found.explain_ms)} by router {by}; not overhead.")


def _matches(routed: Routed) -> None:
    one, config = routed.event.decision, routed.version.config
    if one.matches:
        spans = [
            (match.start, match.end, colours.of(config, match.expert), f"{match.expert}: {match.pattern}")
            for match in one.matches
        ]
        st.html(text.highlighted(one.prompt, spans))


def _scores(config: RouterConfig, trace: Trace) -> None:
    if not any(one.score is not None for one in trace.scores):
        return
    refused = wording.refusal(config, trace.decision, _best(trace.scores))
    if refused:
        st.markdown(refused)
    elif trace.decision.layer == "keyword":
        st.caption("Layer 2 was not asked; these are the scores it would have given.")
    alt = "; ".join(f"{one.expert} {one.score} against {one.threshold}" for one in trace.scores[:12])
    st.plotly_chart(figures.score_bars(config, trace), key="scores", config={"displayModeBar": False}, alt=alt)
    st.dataframe(
        {
            "nearest utterance": [one.utterance for one in trace.neighbours],
            "expert": [one.expert for one in trace.neighbours],
            "cosine": [one.cosine for one in trace.neighbours],
        },
        hide_index=True,
        column_config={
            "cosine": st.column_config.NumberColumn(format="%.3f", width="small"),
        },
        key="neighbours",
    )


def _best(scores: tuple[ExpertScore, ...]) -> str | None:
    scored = [one for one in scores if one.score is not None]
    return max(scored, key=lambda one: one.score or 0.0).expert if scored else None


def _flips(config: RouterConfig, trace: Trace) -> None:
    if not trace.flips:
        st.markdown("**What would change it.** No single threshold, margin, pattern or utterance.")
        return
    st.markdown("**What would change it**")
    lines = [f"- {wording.flip(config, trace.decision, one)}" for one in trace.flips]
    st.markdown("\n".join(lines[:_FLIPS]))
    if len(lines) > _FLIPS:
        with st.expander(f"{len(lines) - _FLIPS} more changes"):
            st.markdown("\n".join(lines[_FLIPS:]))
