"""The experts as a table; a row that is clicked opens its expert. And the way to add one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from lab.drafting import Change
from lab.errors import ConfigError
from lab.types import Expert, RouterConfig, new_id
from lab.ui import resources, tables, text
from lab.ui.router import desk
from lab.ui.router.desk import Desk

EXPERT, _FIND = "expert", "find"
_NAME, _FIRST = "new-expert-name", "new-expert-first"
_HEIGHT = 420


def draw(on: Desk) -> None:
    """Draw the experts of the draft, those that the search leaves, and the fields for another one."""
    config = on.config
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find = st.text_input(
            "Find an expert", key=_FIND, bind="query-params", type="search", width=260,
            placeholder="a name, a model, a pattern, an utterance",
        )  # fmt: skip
        _add(on)
    shown = [expert for expert in config.experts if not find or _holds(expert, find)]
    if not shown:
        st.caption("No expert holds that.")
        return
    now = [on.lab.routers.with_settings(expert) for expert in shown]
    tables.table(
        {
            "expert": [expert.name for expert in shown],
            "model": [expert.model for expert in shown],
            "provider": [expert.provider for expert in now],
            "price in": [expert.price.input for expert in now],
            "price out": [expert.price.output for expert in now],
            "threshold": [config.threshold_of(expert) for expert in shown],
            "own": [expert.threshold is not None for expert in shown],
            "patterns": [len(expert.patterns) for expert in shown],
            "utterances": [len(expert.utterances) for expert in shown],
            "fallback": [expert.name == config.fallback for expert in shown],
        },
        key="experts",
        name="experts",
        caption=f"{len(shown):,} of {len(config.experts):,} experts, in their order, which settles ties. Click one to "
        "edit it. Provider and price are settings of lab/conf, not of the router; US dollars per million tokens.",
        config={
            "threshold": st.column_config.NumberColumn(format="%.4f"),
            "own": st.column_config.CheckboxColumn(help="Has a threshold of its own; the others take the router's."),
            "price in": st.column_config.NumberColumn(format="%.2f"),
            "price out": st.column_config.NumberColumn(format="%.2f"),
        },
        on_pick=lambda place: open_expert(shown[place].name),
        height=_HEIGHT,
    )


def open_expert(name: str) -> None:
    """Let the address name the expert to be edited."""
    st.query_params[EXPERT] = name


def close() -> None:
    """Let no expert be open."""
    st.query_params.pop(EXPERT, None)


def named(value: Any) -> str:
    """Return a name as it is kept. Raises ConfigError for none, and for one that would steer the lines it stands in."""
    name = " ".join(str(value or "").split())
    if not name:
        raise ConfigError("An expert needs a name. Type one.")
    text.refuse_steering(name, "The name of the expert")
    return name


def _holds(expert: Expert, find: str) -> bool:
    wanted = find.casefold()
    return any(wanted in one.casefold() for one in (expert.name, expert.model, *expert.patterns, *expert.utterances))


def _add(on: Desk) -> None:
    with st.popover("Add an expert", icon=":material/add:"):
        st.text_input("Name", key=_NAME, width=280)
        st.text_input(
            "First utterance", key=_FIRST, width=280, help="A prompt that should go to it. An expert needs a way in."
        )
        st.button("Add to the draft", key=f"add-expert-{on.revision}", on_click=_added, args=(new_id(),))


def _added(edit_id: str) -> None:
    def action() -> str:
        name, first = named(st.session_state[_NAME]), " ".join(str(st.session_state[_FIRST]).split())
        resources.lab().drafting.edit("", _with(name, first), edit_id=edit_id)
        open_expert(name)
        return f"{name} is in the draft. Give it a model, a system prompt and more utterances."

    if desk.doing(action):
        st.session_state[_NAME] = st.session_state[_FIRST] = ""


def _with(name: str, first: str) -> Change:
    def change(config: RouterConfig) -> RouterConfig:
        return replace(config, experts=(*config.experts, Expert(name, utterances=(first,) if first else ())))

    return change
