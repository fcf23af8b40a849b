"""What the draft does to labelled rows, against live: a sentence, a few numbers, and the rows behind each."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import Rows
from lab.forensics.draft_effect import NO_PROOF, DraftEffect
from lab.forensics.evidence import Ints
from lab.ui import resources, text
from lab.ui.router import kinds
from lab.ui.router.desk import Desk
from lab.ui.tune import misrouted
from lab.ui.workbench import Workbench

SHOW, _LEFT_OUT = "show", "left_out"


def draw(on: Desk) -> None:
    """Draw the effect of the draft; without one, how live does."""
    if on.bench is None:
        st.info(text.sentence(on.why))
        st.page_link("pages/data.py", label="Datasets", icon=":material/table_rows:")
        return
    try:
        found = resources.drafted(on.bench.rows, on.adopted.config, on.config)
    except LabError as err:
        st.info(text.sentence(f"What the draft does cannot be measured. {err}"))
        return
    if on.draft is not None:
        st.markdown(text.plain(text.begun(found.in_words(second="the draft", first="live"))))
    counts = _counts(on, found)
    _numbers(on, found, counts)
    st.caption(text.plain(_caption(on, on.bench, found)))
    _left_out(on.bench.rows, found)
    label = st.query_params.get(SHOW, "")
    if label in counts:
        places = counts[label][0]
        misrouted.table(
            on.bench, found.sample, found.after, places, config=on.config, key=f"effect-{label}",
            title=f"{label}: {len(places):,} of {len(found.sample):,} {on.measured}",
            before=None if on.draft is None else found.before,
        )  # fmt: skip


def _left_out(rows: Rows, found: DraftEffect) -> None:
    """Draw the rows that nothing could be measured on, once they are asked for."""
    left = {name: places.tolist() for name, places in _reasons(found).items() if len(places)}
    kind = kinds.picked(left, _LEFT_OUT) if left else None
    if kind:
        kinds.listed(rows, left[kind], key="left-out", title=f"Left out, {kind}: {len(left[kind]):,}")


def _reasons(found: DraftEffect) -> dict[str, Ints]:
    return {
        "unlabelled": found.left_out.unlabelled,
        "with a label that is no expert here": found.left_out.unknown,
        "utterances of the router itself": found.left_out.utterances,
    }


def _counts(on: Desk, found: DraftEffect) -> dict[str, tuple[Ints, str]]:
    """Return the rows behind each number, and what the number is."""
    one = found.comparison
    wrong = np.flatnonzero(~found.sample.right(found.after))
    if on.draft is None:
        return {"wrong": (wrong, "Live gets them wrong. Click to read them.")}
    return {
        "fixed": (one.fixed, "Wrong under live, right under the draft. Click to read them."),
        "broken": (one.broken, "Right under live, wrong under the draft. Click to read them."),
        "moved": (one.moved, "Another expert or another layer decides, right or wrong. Click to read them."),
        "wrong": (wrong, "The draft gets them wrong. Click to read them."),
    }


def _numbers(on: Desk, found: DraftEffect, counts: dict[str, tuple[Ints, str]]) -> None:
    before, after = found.accuracies
    difference = found.comparison.accuracy.difference
    sure = found.verdict in ("better", "worse")
    measured = f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    with st.container(horizontal=True):
        st.metric(
            f"accuracy, n = {len(found.sample):,}",
            f"{after.value:.3f}" if on.draft is None else f"{before.value:.3f} → {after.value:.3f}",
            None if on.draft is None or found.verdict is None else measured,
            delta_color="normal" if sure else "off",
            border=True, width="content",
            help=f"Live {before}, the draft {after} (95 % Wilson). "
            + (NO_PROOF if found.verdict is None else "The difference: 95 % bootstrap by near-duplicate group."),
        )  # fmt: skip
        for label, (rows, about) in counts.items():
            with st.container(border=True, width="content", gap=None):
                st.caption(label)
                st.button(
                    f"{len(rows):,}", key=f"show-{label}", on_click=_show, args=(label,), type="tertiary", help=about
                )


def _caption(on: Desk, bench: Workbench, found: DraftEffect) -> str:
    out = ", ".join(f"{len(rows):,} {what}" for what, rows in _reasons(found).items() if len(rows))
    split = "dev" if found.split == "dev" else "all, under 300 labelled,"
    return (
        f"n = {len(found.sample):,} {split} rows of {bench.rows.dataset.name} · seed 0 · dataset "
        f"{bench.rows.hash[:10]} · live {on.adopted.content_hash[:10]}" + (f" · left out: {out}" if out else "")
    )


def _show(label: str) -> None:
    st.query_params[SHOW] = "" if st.query_params.get(SHOW) == label else label
