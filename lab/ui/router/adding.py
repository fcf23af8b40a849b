"""One more pattern or utterance, tried while it is typed: why it cannot be, or what it would do, before it is added."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from lab.drafting import Change, with_expert
from lab.errors import LabError
from lab.forensics.draft_effect import DraftEffect
from lab.forensics.evidence import KEYWORD
from lab.routing.check import check_config
from lab.routing.folding import fold
from lab.routing.patterns import EXPRESSION
from lab.types import Expert, RouterConfig, new_id
from lab.ui import corrections, notices, resources, text
from lab.ui.router import desk, kinds
from lab.ui.router.desk import Desk
from lab.ui.tune import misrouted
from lab.ui.workbench import Workbench

Field = Literal["patterns", "utterances"]
_PAUSE = "300ms"
_ADDED = "router_added"


def draw(on: Desk, one: Expert, field: Field) -> None:
    """Draw the field for one more text of an expert. It runs by itself while one types."""
    notices.apart(_draw)(on, one, field)


def _draw(on: Desk, one: Expert, field: Field) -> None:
    if st.session_state.pop(_ADDED, False):
        st.rerun()  # the whole page: the draft has changed
    what = field.removesuffix("s")
    key = f"add-{field}-{one.name}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        written = st.text_input(f"One more {what}", key=key, live=_PAUSE).strip()
        known = _known(one, field, written)
        st.button(
            "Add", key=f"{key}-{on.revision}-do", on_click=_add, args=(key, one, field, new_id()),
            disabled=not written or known is not None,
        )  # fmt: skip
    if not written:
        return
    if known is not None:
        as_it = "" if known == written else f": it is the same as {text.code(known)}"
        st.caption(f"It is among the {field} already{as_it}.")
        return
    try:
        changed = _with(one.name, field, written)(on.config)
        check_config(changed)
    except LabError as err:
        st.error(text.sentence(str(err)))
        return
    if on.bench is not None:
        try:
            found = resources.drafted(on.bench.rows, on.config, changed)
        except LabError as err:
            st.caption(text.sentence(str(err)))
            return
        st.caption(text.plain(_in_words(on, found, field)))
        _moved(on, on.bench, changed, found, key)


def _moved(on: Desk, bench: Workbench, changed: RouterConfig, found: DraftEffect, key: str) -> None:
    """Draw the rows that it moves, once they are asked for."""
    moved = found.comparison.moved
    if len(moved) and kinds.picked({"moved": moved}, f"{key}-rows"):
        misrouted.table(
            bench, found.sample, found.after, moved, config=changed, key=f"{key}-moved", before=found.before,
            title=f"With it: {len(moved):,} of {len(found.sample):,} {on.measured} move",
        )  # fmt: skip


def _known(one: Expert, field: Field, written: str) -> str | None:
    """Return the text that the expert has already and that does the same, or None."""
    if field == "utterances":
        return written if written in one.utterances else None
    return next((pattern for pattern in one.patterns if matched(pattern) == matched(written)), None)


def matched(pattern: str) -> str:
    """Return a pattern as layer 1 compares it: two that are alike so match the same."""
    return pattern if pattern.startswith(EXPRESSION) else fold(pattern.strip()).text


def _in_words(on: Desk, found: DraftEffect, field: Field) -> str:
    assert on.bench is not None
    moved = corrections.in_words(found.comparison, on.bench.rows)
    if field == "utterances":
        return f"With it: {moved}"
    now = int((found.after.layer == KEYWORD).sum())
    return f"With it layer 1 decides {now:,} of {len(found.sample):,} {on.measured}. {moved}"


def _with(name: str, field: Field, written: str) -> Change:
    def change(config: RouterConfig) -> RouterConfig:
        texts = next((getattr(expert, field) for expert in config.experts if expert.name == name), ())
        return with_expert(config, name, **{field: texts if written in texts else (*texts, written)})

    return change


def _add(key: str, one: Expert, field: Field, edit_id: str) -> None:
    """Add what stands in the box now, which may be more than what was last drawn."""
    written = st.session_state[key].strip()
    if not written or _known(one, field, written) is not None:
        return

    def action() -> None:
        resources.lab().drafting.edit("", _with(one.name, field, written), edit_id=edit_id)

    if desk.doing(action):
        st.session_state[key] = ""
        st.session_state[_ADDED] = True
