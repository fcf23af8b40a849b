"""The Route page's actions and parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, get_args

import streamlit as st

from lab.errors import LabError
from lab.exchange import Routed
from lab.forensics.stored_figures import UNASKED
from lab.store import events
from lab.types import NONE, Aggregate, ConflictPolicy, RouterConfig, StrategyName, new_id
from lab.ui import answers, resources, text, wording
from lab.ui.components import fault
from lab.ui.examples import EXAMPLES

PROMPT, EVENT, _NEXT, _ERROR, _SHOWN = "prompt", "event", "next_event", "route_error", "shown_event"
_HISTORY = 50
Option = TypeVar("Option", bound=str)


def current() -> Routed | None:
    """Return the event that the address names, or None. An id that is not there is said and forgotten."""
    event_id = st.query_params.get(EVENT)
    if not event_id:
        return None
    try:
        routed = resources.lab().exchange.reopen(event_id)
    except LabError as err:
        fault(err)
        return None
    _follow(event_id, routed.event.decision.prompt)
    return routed


def _follow(event_id: str, prompt: str) -> None:
    """Where the address moved to another event (Back, a link), let the box follow, unless its text was edited."""
    before = st.session_state.get(_SHOWN)
    if before == (event_id, prompt):
        return
    if st.session_state.get(PROMPT) in (None, "", before and before[1]):
        st.session_state[PROMPT] = prompt
    st.session_state[_SHOWN] = (event_id, prompt)


def prompt_box() -> None:
    """Draw the prompt box, its buttons and the example chips; each of them routes once, however often it is pressed."""
    event_id = st.session_state.setdefault(_NEXT, new_id())
    with st.form("route", border=False):
        st.text_area("Prompt", key=PROMPT, height=110, placeholder="Ask anything, or take an example below.")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Route",
                key=f"route-{event_id}",
                type="primary",
                shortcut="Ctrl+Enter",
                on_click=_route,
                args=(event_id, False),
            )
            st.form_submit_button("Ask every expert", key=f"every-{event_id}", on_click=_route, args=(event_id, True))
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for label, prompt in EXAMPLES.items():
            key = f"example-{label}-{event_id}"
            st.button(label, key=key, on_click=_example, args=(event_id, prompt), help=text.plain(prompt))
    error = st.session_state.pop(_ERROR, None)
    if error:
        fault(error)


def _route(event_id: str, every_expert: bool) -> None:
    exchange, prompt = resources.lab().exchange, st.session_state[PROMPT] or ""
    try:
        shown = current() if every_expert else None
        if shown is None or shown.event.decision.prompt != prompt:
            shown = exchange.route(prompt, source="page", event_id=event_id)
        names = [expert.name for expert in shown.version.config.experts] if every_expert else []
        exchange.ask(shown, names or [name for name in [shown.event.decision.expert] if name != NONE])
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.query_params[EVENT] = shown.event.id
    st.session_state[_NEXT] = new_id()


def _example(event_id: str, prompt: str) -> None:
    st.session_state[PROMPT] = prompt
    _route(event_id, False)


def welcome() -> None:
    """Draw the first-run state: what will be seen here, and who will answer."""
    lab = resources.lab()
    st.markdown("### Where would your prompt go?")
    st.markdown(
        "Type a prompt, or take an example. Layer 1 looks for the experts' patterns; what it leaves open goes to "
        "layer 2, which compares the prompt with the experts' utterances. You will see which expert gets it, why, how "
        "long that took, what would change it, and the answer."
    )
    config = lab.routers.live().version.config
    for expert in config.experts:
        choice = lab.exchange.choice(expert)
        fallback = ", also the fallback" if expert.name == config.fallback else ""
        routes = f"{len(expert.patterns)} patterns, {len(expert.utterances)} utterances{fallback}"
        st.markdown(f"{wording.expert(config, expert.name)}: {routes}. {text.sentence(choice.reason)}")
        if choice.missing_model:
            answers.pull_button(choice.missing_model, expert.name)


def what_if(routed: Routed) -> None:
    """Draw the settings to try on this prompt, and what they would decide. Nothing here is live or stored."""
    folded = st.expander(
        "What if: other settings on this prompt", on_change="rerun", key="what_if", bind="query-params"
    )
    if not folded.open:
        return
    with folded:
        config = _settings(routed.version.config)
        routers, prompt = resources.lab().routers, routed.event.decision.prompt
        try:
            found = routers.build(config).decide(prompt)
        except LabError as err:
            fault(err)
            return
        st.badge("what if, not live", color="orange")
        st.markdown(f"#### {wording.decision(config, found)}")
        now = routed.event.decision
        same = (found.expert, found.layer) == (now.expert, now.layer)
        st.caption("The same outcome as above." if same else f"Above: {text.plain(now.expert)} by {now.layer}.")


def _settings(config: RouterConfig) -> RouterConfig:
    strategies: tuple[StrategyName, ...] = get_args(StrategyName)
    aggregates: tuple[Aggregate, ...] = get_args(Aggregate)
    policies: tuple[ConflictPolicy, ...] = get_args(ConflictPolicy)
    with st.container(horizontal=True):
        strategy = _choice("Strategy", "w_strategy", strategies, config.strategy)
        aggregate = _choice("Aggregate", "w_aggregate", aggregates, config.aggregate)
        conflict = _choice("Conflict policy", "w_conflict", policies, config.on_conflict)
    threshold = _slider("Threshold", "w_threshold", -1.0, config.threshold)
    margin = _slider("Least margin", "w_margin", 0.0, config.min_margin)
    most = max(100, config.top_k)
    top_k = st.number_input("k of mean_top_k", 1, most, config.top_k, key="w_top_k", bind="query-params", width=160)
    experts = config.experts
    if threshold != config.threshold:  # the slider speaks for every expert
        experts = tuple(replace(expert, threshold=None) for expert in experts)
    return replace(
        config,
        strategy=strategy,
        aggregate=aggregate,
        on_conflict=conflict,
        threshold=threshold,
        min_margin=margin,
        top_k=int(top_k),
        experts=experts,
    )


def _slider(label: str, key: str, least: float, value: float) -> float:
    return st.slider(label, least, max(1.0, value), float(value), 0.005, "%.3f", key=key, bind="query-params")


def _choice(label: str, key: str, options: tuple[Option, ...], default: Option) -> Option:
    picked = st.segmented_control(label, options, default=default, required=True, key=key, bind="query-params")
    return default if picked is None else picked


def history() -> None:
    """Draw the latest events; a row that is clicked opens."""
    st.markdown("### History")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search prompts", key="h_search", bind="query-params", width=320)
    try:
        found = events.recent(resources.lab().store, _HISTORY, search=search or None, without=UNASKED)
    except LabError as err:
        fault(err)
        return
    if not found:
        st.caption("No prompt holds that." if search else "Nothing yet. Every prompt you route is kept here.")
        return
    st.dataframe(
        {
            "when": [event.created_at for event in found],
            "prompt": [text.one_line(event.decision.prompt, 160) for event in found],
            "expert": [event.decision.expert for event in found],
            "layer": [event.decision.layer.value for event in found],
            "score": [event.decision.score for event in found],
            "margin": [event.decision.margin for event in found],
            "overhead": [event.decision.timings.overhead_ms for event in found],
            "from": [event.source for event in found],
        },
        hide_index=True,
        column_config={
            "when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "prompt": st.column_config.TextColumn(width="large"),
            "score": st.column_config.NumberColumn(format="%.3f"),
            "margin": st.column_config.NumberColumn(format="%.3f"),
            "overhead": st.column_config.NumberColumn("overhead, ms", format="%.2f"),
        },
        key="history",
        on_select=_open([event.id for event in found]),
        selection_mode="single-row",
    )
    st.caption(f"The last {len(found)} events, newest first. Click a row to open it.")


def _open(ids: list[str]) -> Callable[[], None]:
    def picked() -> None:
        rows = st.session_state["history"]["selection"]["rows"]
        if rows:
            st.query_params[EVENT] = ids[rows[0]]
            st.session_state.pop(PROMPT, None)

    return picked
