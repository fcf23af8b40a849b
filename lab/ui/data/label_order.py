"""In which order prompts come to be labelled: what the live router is least sure of, or by chance."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import Rows, encode_job
from lab.forensics.evidence import Ints
from lab.forensics.hardest import hardest_first
from lab.ui import text
from lab.ui.workbench import AT_ONCE, Workbench

_HARDEST, _RANDOM = "hardest first", "at random"


def choose(bench: Workbench, todo: Ints) -> Ints:
    """Return the unlabelled rows in the order that is asked for; hardest first needs the prompts encoded."""
    config = bench.live.version.config
    evidence = bench.evidence(config)
    chosen = st.segmented_control(
        "Order", [_HARDEST, _RANDOM], default=_HARDEST, required=True, key="label_order", bind="query-params",
        help="Hardest first teaches most: what the live router is least sure of. But it is a biased sample, on which "
        "every router looks worse than it is. To measure, label at random.",
    )  # fmt: skip
    if chosen == _HARDEST:
        try:
            if evidence.ready or len(bench.rows) <= AT_ONCE or config.strategy == "keyword":
                with st.spinner("Asking the live router which prompts are hardest …"):
                    return hardest_first(evidence, config, todo)
        except LabError as err:
            st.caption(f"At random, because the live router cannot be asked. {text.sentence(str(err))}")
            return at_random(bench.rows, todo)
        st.button(
            f"Encode the {len(bench.rows):,} prompts to find the hardest", key=f"encode-{bench.rows.dataset.id}",
            on_click=_encode, args=(bench,), help="Until then they come at random.",
        )  # fmt: skip
    return at_random(bench.rows, todo)


def at_random(rows: Rows, todo: Ints) -> Ints:
    """Return the rows in an order by chance that stays the same for a dataset, whatever was labelled meanwhile."""
    rank = np.random.default_rng(int(rows.dataset.content_hash[:12], 16)).permutation(len(rows))
    return todo[np.argsort(rank[todo], kind="stable")]


def _encode(bench: Workbench) -> None:
    evidence = bench.evidence(bench.live.version.config)
    try:
        encode_job(bench.lab.jobs, evidence.encoder, bench.rows, then=evidence.vectors)
    except LabError as err:
        st.toast(text.sentence(str(err)))
