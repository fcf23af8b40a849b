"""Generating duels: prompts put to two experts, or to one at two settings, as work that outlives the page."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.preferences.duels import generating, telling
from lab.preferences.duels.request import (
    MOST_IN_FLIGHT,
    MOST_SYSTEM_CHARS,
    MOST_TOKENS,
    Request,
    Settings,
    Source,
    SplitChoice,
    checked,
    contenders,
)
from lab.preferences.duels.sampling import Rule, Sampling
from lab.preferences.duels.sources import prompts_of
from lab.store import datasets
from lab.types import Expert, RouterConfig, new_id
from lab.ui import notices, resources, text
from lab.ui.components import fault
from lab.ui.judge import batches

_NEXT, _WANTED = "g_next", "g_wanted"
_EVENTS = ""  # among the ids of datasets: recent events
_SPLITS: dict[SplitChoice, str] = {"unsealed": "all but sealed", "tune": "tune", "dev": "dev"}
_RULES: dict[Rule, str] = {"all": "all", "random": "at random", "hardest": "hardest first"}
_TOKENS, _PROMPTS, _MOST_EVENTS = 400, 100, 10_000


def draw() -> None:
    """Draw what to ask for and what will happen, then the batches that were asked for."""
    folded = st.expander("Generate duels in bulk", on_change="rerun", key="generate", bind="query-params")
    if folded.open:
        with folded:
            try:
                _ask()
            except LabError as err:
                fault(err)
            st.session_state.pop(_WANTED, None)
    batches.draw()


def _ask() -> None:
    config = resources.lab().routers.live().version.config
    st.markdown(
        "The same prompts go to two experts under one system prompt and one length limit, so that what differs is who "
        "answers. People then judge blind."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source, named = _source()
    experts, settings = _sides(config)
    system = st.text_area(
        "System prompt of both", experts[0].system_prompt, key=f"g_system-{experts[0].name}",
        max_chars=MOST_SYSTEM_CHARS, persist_state="session", height=100,
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tokens = _number("Length limit, tokens", "g_tokens", 1, MOST_TOKENS, _TOKENS)
        sampling = _sampling()
        wished = _number("Votes a duel", "g_wished", 1, 50, 1)
        in_flight = _number("Requests at a time", "g_in_flight", 1, MOST_IN_FLIGHT, 8, "Ollama gets one at a time.")
    sides = contenders(resources.lab().exchange, experts, settings, tokens)
    name = f"{named}: {sides[0].name} against {sides[1].name}"
    request = Request(name, source, sides, system, tokens, sampling, wished, in_flight)
    _plan(checked(request), named)


def _plan(request: Request, named: str) -> None:
    """Say what will happen, and offer to begin; or begin, with the fields as they stand now, after a press."""
    batch_id = st.session_state.setdefault(_NEXT, new_id())
    if st.session_state.get(_WANTED) == batch_id:
        _start(request, batch_id)
        st.rerun()
    size = len(prompts_of(resources.lab().exchange, request.source))
    if not size:
        st.info("There is no prompt here yet. Route some, or add a dataset on the Data page.")
        return
    said = text.plain(telling.plan(request, named, size))
    if any(side.provider == "mock" for side in request.sides):
        st.warning(said)
    else:
        st.markdown(said)
    if request.sampling.rule == "hardest":
        st.caption(
            "Hardest: the smallest margin, then nearest to a threshold, then several patterns. That is a biased "
            "sample, so at least 30 % come at random from all prompts, and ratings are made on those alone."
        )
    st.button(
        "Start", key=f"generate-{batch_id}", type="primary", icon=":material/play_arrow:", on_click=_want,
        args=(batch_id,),
    )  # fmt: skip


def _want(batch_id: str) -> None:
    st.session_state[_WANTED] = batch_id


def _start(request: Request, batch_id: str) -> None:
    st.session_state.pop(_WANTED, None)
    lab = resources.lab()
    try:
        job_id = generating.begin(lab.jobs, lab.exchange, batch_id, request)
    except LabError as err:
        notices.tell(f"Nothing was started. {text.sentence(str(err))}")
        return
    st.session_state[_NEXT] = new_id()
    batches.open_batch(batch_id, job_id)
    notices.tell("Started. The bar above says how far it is; you can leave this page.")


# ------------------------------------------------------------------------------------------------------------ controls


def _source() -> tuple[Source, str]:
    """Draw where prompts come from; return it, and what it is called."""
    listed = {dataset.id: dataset.name for dataset in datasets.listed(resources.lab().store)}
    chosen = st.selectbox(
        "Prompts of", [*listed, _EVENTS], format_func=lambda one: text.one_line(listed.get(one, "recent events")),
        key="g_source", persist_state="session", width=240,
    )  # fmt: skip
    if chosen not in listed:
        limit = _number("The newest", "g_events", 1, _MOST_EVENTS, 500, "Each conversation once; no bulk work.")
        return Source("events", limit=limit), "recent events"
    split = st.segmented_control(
        "Split", list(_SPLITS), format_func=_SPLITS.__getitem__, default="unsealed", required=True, key="g_split",
        persist_state="session", help="Sealed prompts stay unread.",
    )  # fmt: skip
    return Source("dataset", chosen, split or "unsealed"), listed[chosen]


def _sides(config: RouterConfig) -> tuple[tuple[Expert, Expert], tuple[Settings, Settings]]:
    names = [expert.name for expert in config.experts]
    left, right = st.columns(2, gap="large")
    with left:
        first = _expert("First expert", "g_first", names, 0)
    with right:
        second = _expert("Second expert", "g_second", names, min(1, len(names) - 1))
    experts = config.expert(first), config.expert(second)
    alike = first == second
    with left:
        one = _settings("g_first", experts[0], own_limit=alike)
    with right:
        other = _settings("g_second", experts[1], own_limit=alike)
    if alike and one == other:
        st.caption("Both sides are alike: their answers differ by chance alone, and not at all with a fixed seed.")
    return experts, (one, other)


def _expert(label: str, key: str, names: list[str], index: int) -> str:
    return st.selectbox(label, names, index=index, format_func=text.one_line, key=key, persist_state="session")


def _settings(key: str, expert: Expert, *, own_limit: bool) -> Settings:
    """Draw what is set for one side beside its expert."""
    own = resources.lab().routers.with_settings(expert).options.get("temperature")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.text_input(
            "Model", key=f"{key}-model-{expert.name}", placeholder=expert.model or "none", persist_state="session",
            width=180, max_chars=200,
        )  # fmt: skip
        temperature = st.number_input(
            "Temperature", 0.0, 2.0, None, 0.1, key=f"{key}-degrees-{expert.name}",
            placeholder="its own" if own is None else str(own), persist_state="session", width=140,
        )  # fmt: skip
        limit = None
        if own_limit:
            limit = st.number_input(
                "Tokens", 1, MOST_TOKENS, None, key=f"{key}-tokens", placeholder="the limit", persist_state="session",
                width=140,
            )  # fmt: skip
    return Settings(model.strip() or None, temperature, None if limit is None else int(limit))


def _sampling() -> Sampling:
    rule = st.segmented_control(
        "Sample", list(_RULES), format_func=_RULES.__getitem__, default="random", required=True, key="g_rule",
        persist_state="session",
    )  # fmt: skip
    rule = rule or "random"
    n = None if rule == "all" else _number("Prompts", "g_n", 1, 100_000, _PROMPTS)
    seed = _number("Seed", "g_seed", 0, 2**31 - 1, 0, "Of the draw: the same seed draws the same prompts.")
    return Sampling(rule, n, seed)


def _number(label: str, key: str, least: int, most: int, value: int, about: str | None = None) -> int:
    given = st.number_input(label, least, most, value, key=key, help=about, persist_state="session", width=150)
    return int(given)
