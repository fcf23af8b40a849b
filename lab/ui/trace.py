"""The one way a decision is shown: what was decided, why, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lab.exchange import Routed
from lab.types import Decision, ExpertScore, Flip, RouterConfig, Trace
from lab.ui import charts, colours, corrections, figures, resources, tables, text, wording

_FLIPS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision to be shown: by which router, and its trace, or the sentence that says why there is none."""

    config: RouterConfig
    decision: Decision
    found: Trace | str
    by: str
    unsaved: str | None = None


def of_event(routed: Routed) -> Shown:
    """Return an event's decision with its trace, by the version that decided it."""
    by = f"router {wording.version(routed.version)}"
    return Shown(routed.version.config, routed.event.decision, resources.trace(routed), by, routed.unsaved)


def of_prompt(config: RouterConfig, prompt: str, by: str) -> Shown:
    """Return what a router decides for a prompt, with its trace; nothing is stored. Raises LabError."""
    found = resources.traced(config, prompt)
    return Shown(config, found.decision, found, by)


def decision(shown: Shown) -> None:
    """Draw the decision as a sentence, and what it cost."""
    one, config = shown.decision, shown.config
    st.markdown(f"### {wording.decision(config, one)}")
    if shown.unsaved:
        st.warning(f"This decision is not stored yet. {text.sentence(shown.unsaved)}")
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
            st.metric(
                "confidence", f"{one.confidence:.2f}", border=True, width="content",
                help="How often decisions like this one are right, as calibrated on labelled prompts.",
            )  # fmt: skip


def evidence(shown: Shown, key: str = "trace") -> None:
    """Draw the evidence of a decision: matches, scores against thresholds, nearest utterances, flips."""
    config, found = shown.config, shown.found
    st.markdown(f"**Why.** {wording.why(config, shown.decision)}")
    _matches(shown)
    if isinstance(found, str):
        st.info(f"The scores of this decision cannot be worked out again. {text.sentence(found)}")
        return
    _scores(shown, found, key)
    _flips(config, found, key)
    st.caption(f"Worked out in {wording.ms(found.explain_ms)} by {text.plain(shown.by)}; not overhead.")


def _matches(shown: Shown) -> None:
    one, config = shown.decision, shown.config
    if one.matches:
        spans = [
            (match.start, match.end, colours.of(config, match.expert), f"{match.expert}: {match.pattern}")
            for match in one.matches
        ]
        st.html(text.highlighted(one.prompt, spans))


def _scores(shown: Shown, trace: Trace, key: str) -> None:
    config = shown.config
    if not any(one.score is not None for one in trace.scores):
        return
    refused = wording.refusal(config, trace.decision, _best(trace.scores))
    if refused:
        st.markdown(refused)
    elif trace.decision.layer == "keyword":
        st.caption("Layer 2 was not asked; these are the scores it would have given.")
    alt = "; ".join(f"{one.expert} {one.score} against {one.threshold}" for one in trace.scores[:12])
    about = f"{shown.by}, configuration {config.content_hash(config.encoder)[:10]}"
    charts.chart(
        figures.score_bars(config, trace),
        key=f"{key}-scores",
        name=f"scores-{key}",
        caption=f"n = {sum(one.score is not None for one in trace.scores)} experts with a score · {about}",
        alt=alt,
    )
    if not trace.neighbours:
        return
    tables.table(
        {
            "nearest utterance": [one.utterance for one in trace.neighbours],
            "expert": [one.expert for one in trace.neighbours],
            "cosine": [one.cosine for one in trace.neighbours],
        },
        key=f"{key}-neighbours",
        name=f"utterances-{key}",
        caption=text.plain(f"The {len(trace.neighbours)} nearest utterances · {about}"),
        config={"cosine": st.column_config.NumberColumn(format="%.3f", width="small")},
    )


def _best(scores: tuple[ExpertScore, ...]) -> str | None:
    scored = [one for one in scores if one.score is not None]
    return max(scored, key=lambda one: one.score or 0.0).expert if scored else None


def _flips(config: RouterConfig, trace: Trace, key: str) -> None:
    if not trace.flips:
        st.markdown("**What would change it.** No single threshold, margin, pattern or utterance.")
        return
    st.markdown("**What would change it**")
    with st.container(gap=None):
        for place, one in enumerate(trace.flips[:_FLIPS]):
            _flip(config, trace, one, f"{key}-flip-{place}")
    if len(trace.flips) > _FLIPS:
        with st.expander(f"{len(trace.flips) - _FLIPS} more changes", key=f"{key}-more", on_change="rerun") as more:
            if more.open:
                for place, one in enumerate(trace.flips[_FLIPS:], _FLIPS):
                    _flip(config, trace, one, f"{key}-flip-{place}")


def _flip(config: RouterConfig, trace: Trace, one: Flip, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "put in draft", key=key, on_click=corrections.put_in_draft, args=(one,), type="tertiary",
            icon=":material/edit_note:", help="The draft gets this change, and you are told how many prompts move.",
        )  # fmt: skip
        st.markdown(wording.flip(config, trace.decision, one), width="stretch")
