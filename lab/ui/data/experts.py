"""A router out of labels: one expert a label, with utterances from rows that carry it; into the draft, not live."""

from __future__ import annotations

from collections import Counter
from statistics import median

import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import SPLITS, Rows, labelled, make_experts
from lab.records import Split
from lab.types import NONE, RouterConfig, new_id
from lab.ui import resources, tables, text
from lab.ui.components import fault
from lab.ui.data import places
from lab.ui.workbench import Workbench

_USUAL = 20
_MOST = 1_000
_ERROR = "experts_error"


def draw(bench: Workbench) -> None:
    """Draw what the router will be, the button that puts it into the draft, and what follows then."""
    rows = bench.rows
    error = st.session_state.pop(_ERROR, None)
    if error is not None:
        fault(error)
    st.markdown(
        "Any set of intents is a router to study: every label becomes an expert, and some of its rows become the "
        "utterances that layer 2 compares prompts with."
    )
    counts = {split: _labels(rows, split) for split in SPLITS}
    offered = [split for split in SPLITS if counts[split]]
    if not offered:
        st.caption("No row is labelled with anything but none yet.")
        st.button("Label some rows", key="to-label", on_click=places.go, args=(places.LABEL,), type="primary")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = _split(rows, offered)
        usual = _usual(counts[split])
        per = int(
            st.number_input(
                "Utterances an expert, at most", 1, 100_000, usual, key=f"per-{split}-{rows.dataset.id}",
                persist_state="session", width=210,
                help="Rows that become utterances are left out when the router is measured: leave some in every split.",
            )
        )  # fmt: skip
        seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="experts-seed", persist_state="session", width=120))
    try:
        made = make_experts(rows, per_expert=per, seed=seed, split=split, encoder=bench.config.encoder)
    except LabError as err:
        fault(err)
        return
    _said(bench, made, counts[split], split)
    _table(rows, made, counts[split])
    _put(bench, made, per, seed, split)


def _split(rows: Rows, offered: list[Split]) -> Split:
    if rows.nested:
        return offered[0]
    chosen = st.selectbox("Utterances from", offered, key="experts-split", persist_state="session", width=150)
    return chosen or offered[0]


def _labels(rows: Rows, split: Split) -> dict[str, int]:
    counts = Counter(str(rows.labels[row]) for row in labelled(rows, split).tolist())
    return {label: count for label, count in sorted(counts.items()) if label != NONE}


def _usual(counts: dict[str, int]) -> int:
    """Return how many utterances leave half of a usual expert's rows to be measured on."""
    return max(1, min(_USUAL, int(median(counts.values())) // 2))


def _said(bench: Workbench, made: RouterConfig, counts: dict[str, int], split: Split) -> None:
    utterances = sum(len(one.utterances) for one in made.experts)
    rows = sum(counts.values())
    n, now = len(made.experts), len(bench.config.experts)
    st.markdown(
        f"The draft gets **{n:,} expert{'s' * (n != 1)}** with {utterances:,} utterances in place of its {now:,}: "
        f"layer 2 alone, the mean of the {made.top_k} nearest utterances, and nobody as the fallback. Nothing is live "
        "until you adopt it, and the Router page undoes it."
    )
    left = rows - utterances
    where = "rows" if bench.rows.nested else f"{split} rows"
    if left:
        st.caption(f"{left:,} of {rows:,} labelled {where} stay to be measured on.")
    elif bench.rows.nested or split == "tune":
        st.warning(f"Every labelled one of the {where} becomes an utterance: none is left to choose a threshold on.")


def _table(rows: Rows, made: RouterConfig, counts: dict[str, int]) -> None:
    with st.expander(f"The {len(made.experts):,} experts", key="experts-listed", on_change="rerun") as more:
        if not more.open:
            return
        shown = made.experts[:_MOST]
        tables.table(
            {
                "expert": [one.name for one in shown],
                "rows": [counts[one.name] for one in shown],
                "utterances": [len(one.utterances) for one in shown],
                "first utterance": [one.utterances[0] for one in shown],
            },
            key="experts-table",
            name=f"{rows.dataset.name}-experts",
            caption="Click one to read its rows.",
            config={"first utterance": st.column_config.TextColumn(width="large")},
            on_pick=lambda place: places.show_rows(label=shown[place].name),
            height=320,
        )


def _put(bench: Workbench, made: RouterConfig, per: int, seed: int, split: Split) -> None:
    there = bench.draft is not None and bench.draft.config == made
    what = (
        f"{len(made.experts):,} experts from the labels of {bench.rows.dataset.name}, at most {per:,} utterances each "
        f"from {split}, seed {seed}"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "In the draft" if there else "Put them into the draft",
            key=f"put-experts-{made.content_hash(made.encoder)[:12]}-{len(bench.draft.edits) if bench.draft else 0}",
            on_click=_edit, args=(made, what, new_id()), type="primary", icon=":material/edit_note:", disabled=there,
        )  # fmt: skip
        if there:
            st.page_link("pages/tune.py", label="Find its thresholds on Tune", icon=":material/tune:")
            st.page_link("pages/router.py", label="Look at the draft", icon=":material/edit_note:")


def _edit(made: RouterConfig, what: str, edit_id: str) -> None:
    try:
        resources.lab().drafting.edit(what, lambda _: made, edit_id=edit_id)
    except LabError as err:
        st.session_state[_ERROR] = err
        return
    st.toast(f"The draft has {len(made.experts):,} experts now. {text.plain('Nothing is live until you adopt it.')}")
