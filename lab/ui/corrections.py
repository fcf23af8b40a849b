"""From any trace: "should have gone to …" stores a label, and a change goes into the draft with its effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.exchange import Routed
from lab.forensics.compare import Comparison
from lab.forensics.datasets import Rows, load
from lab.forensics.draft_effect import NO_PROOF
from lab.forensics.tuning import effect
from lab.store import labels
from lab.types import NONE, Flip, RouterConfig, new_id
from lab.ui import notices, resources, text, wording, workbench

_MOST_KEYS = 9
_MOST_BUTTONS = 12
_KEYS = "Keys answer once you leave the prompt box with Tab."


def of_event(routed: Routed) -> None:
    """Draw where an event should have gone; the keys are 1 to 9 for the experts, and 0 for nobody."""
    try:
        given = labels.of_event(resources.lab().store, routed.event.id)
    except LabError:
        given = None  # the frame says that the database does not answer
    target = {"event_id": routed.event.id, "prompt": routed.event.decision.prompt}
    _draw(routed.version.config, target, None if given is None else given.expert)
    st.caption(_KEYS)


def of_row(config: RouterConfig, rows: Rows, row: int) -> None:
    """Draw where a row of a dataset should have gone."""
    target = {"dataset_id": rows.dataset.id, "row": row, "prompt": rows.prompts[row]}
    _draw(config, target, rows.labels[row])


def _draw(config: RouterConfig, target: dict[str, Any], now: str | None) -> None:
    names = [*(expert.name for expert in config.experts), NONE]
    where = f"{target.get('event_id') or target.get('dataset_id')}-{target.get('row')}"
    said = f"Labelled {wording.expert(config, now)}." if now else "Not labelled."
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(f"{said} Should have gone to:", width="content")
        if len(names) > _MOST_BUTTONS:
            st.selectbox(
                "Should have gone to", names, index=None, key=f"should-{where}", label_visibility="collapsed",
                on_change=_give_chosen, args=(target, f"should-{where}", now, new_id()), width=220,
            )  # fmt: skip
            return
        for place, name in enumerate(names):
            key = "0" if name == NONE else str(place + 1) if place < _MOST_KEYS else None
            st.button(
                "nobody" if name == NONE else text.plain(name),
                key=f"should-{where}-{name}-{now}",
                on_click=_give,
                args=(target, name, now, new_id()),
                shortcut=key,
                disabled=name == now,
                type="tertiary",
            )


def _give_chosen(target: dict[str, Any], key: str, now: str | None, label_id: str) -> None:
    chosen = st.session_state[key]
    if chosen:
        _give(target, chosen, now, f"{label_id}-{chosen}")


def _give(target: dict[str, Any], expert: str, now: str | None, label_id: str) -> None:
    if expert == now:
        return
    try:
        labels.give(resources.lab().store, label_id, expert=expert, created_at=datetime.now(UTC), **target)
    except LabError as err:
        notices.tell(f"The label was not stored. {text.sentence(str(err))}")
        return
    shown = "nobody" if expert == NONE else expert
    notices.tell(f"Stored: it should have gone to {text.plain(shown)}.")


def put_in_draft(flip: Flip) -> None:
    """Put a change into the draft, and say how many prompts of the dataset in use it moves."""
    lab = resources.lab()
    draft = lab.drafting.current()
    try:
        before = lab.routers.adopted().config if draft is None else draft.config
        after = lab.drafting.apply_flip(flip).config
    except LabError as err:
        notices.tell(f"The draft was not changed. {text.sentence(str(err))}")
        return
    notices.tell(f"In the draft now. {text.plain(moved(before, after))}")


def moved(before: RouterConfig, after: RouterConfig) -> str:
    """Return what a change does to the dev rows of the dataset in use: how many move, and how many of them rightly."""
    lab, chosen = resources.lab(), workbench.dataset()
    if chosen is None:
        return "Add a dataset to see how many prompts it moves."
    try:
        rows = load(lab.store, lab.settings.data_dir, chosen.id)
        if not resources.evidence(rows, before.encoder).ready and len(rows) > workbench.AT_ONCE:
            return "Open the Router page to see how many prompts it moves."
        found = effect(rows, before, after, lambda config: resources.evidence(rows, config.encoder))
    except LabError as err:
        return str(err)
    return in_words(found, rows)


def in_words(found: Comparison, rows: Rows) -> str:
    """Return a change's effect: "7 of 239 prompts of benchmark move: 4 right, 1 wrong"; no word on whether it is real.

    Where there are too few rows to choose on some and judge on others, that is said.
    """
    name, moving = rows.dataset.name, len(found.moved)
    if not moving:
        return f"None of the {found.n:,} prompts of {name} moves."
    verb = "moves" if moving == 1 else "move"
    rest = moving - len(found.fixed) - len(found.broken)
    same = f", {rest} neither better nor worse" if rest else ""
    return (
        f"{moving} of {found.n:,} prompts of {name} {verb}: {len(found.fixed)} to the right place, "
        f"{len(found.broken)} to a wrong one{same}." + (f" {NO_PROOF}" if rows.nested else "")
    )
