"""What Data, Tune and Router work on: the dataset in use, the router that is being edited, and the evidence of both."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import streamlit as st

from lab.errors import LabError
from lab.forensics.datasets import Rows, encode_job, load
from lab.forensics.evidence import Evidence
from lab.live import LiveRouter
from lab.records import Dataset, Draft
from lab.store import datasets as stored
from lab.types import RouterConfig
from lab.ui import notices, resources, text
from lab.ui.components import fault
from lab.ui.resources import Lab

DATASET = "dataset"
AT_ONCE = 3_000  # prompts that are encoded while the person waits; more are a job
_POLL_S = 0.5
_LEFT = "dataset-left"  # what the address named before, and when it was left
_UNDER_WAY_S = 2.0


@dataclass(frozen=True, slots=True)
class Workbench:
    """The dataset in use, the live router, and the one that is searched and edited: the draft, else the live one."""

    lab: Lab
    rows: Rows
    live: LiveRouter
    draft: Draft | None

    @property
    def config(self) -> RouterConfig:
        """The router to start from."""
        return self.live.version.config if self.draft is None else self.draft.config

    @property
    def name(self) -> str:
        """What that router is called."""
        return "live" if self.draft is None else "draft"

    def evidence(self, config: RouterConfig) -> Evidence:
        """Return the evidence of the dataset under a router's encoder."""
        return resources.evidence(self.rows, config.encoder)


def pick() -> None:
    """Draw the choice of the dataset: first the one that the address names, else that of before, else the newest."""
    names = [dataset.name for dataset in stored.listed(resources.lab().store)]
    if not names:
        return
    named = _named()
    if named in names:
        st.session_state[DATASET] = named
    elif st.session_state.get(DATASET) not in names:
        st.session_state[DATASET] = names[0]
    st.selectbox(
        "Dataset", names, key=DATASET, on_change=_use_chosen, label_visibility="collapsed", width=200,
        help="The dataset that Data, Tune and Router work on.",
    )  # fmt: skip
    if named and named not in names:
        st.warning(
            f"There is no dataset {text.plain(named)!r}: it was deleted or renamed. "
            f"This is {text.plain(st.session_state[DATASET])}."
        )


def _named() -> str | None:
    """The dataset that the address names. A click made just before another was taken still names the old one."""
    named = st.query_params.get(DATASET)
    before, at = st.session_state.get(_LEFT, ("", 0.0))
    if named == before and monotonic() - at < _UNDER_WAY_S:
        st.query_params[DATASET] = named = st.session_state[DATASET]
    return named


def use(name: str) -> None:
    """Take a dataset into use; for callbacks."""
    st.session_state[_LEFT] = st.query_params.get(DATASET), monotonic()
    st.session_state[DATASET] = st.query_params[DATASET] = name


def _use_chosen() -> None:
    use(st.session_state[DATASET])


def dataset() -> Dataset | None:
    """Return the dataset in use; None in a lab without any."""
    listed = stored.listed(resources.lab().store)
    chosen = st.session_state.get(DATASET)
    return next((one for one in listed if one.name == chosen), listed[0] if listed else None)


def in_address(chosen: Dataset) -> None:
    """Let the address name the dataset, so that a link shows it also when it is no longer the newest."""
    if st.query_params.get(DATASET) in (None, ""):
        st.query_params[DATASET] = chosen.name


def opened() -> Workbench:
    """Return the workbench, its prompts encoded; where something is missing, say what to do and stop the page."""
    lab = resources.lab()
    try:
        chosen = dataset()
        if chosen is None:
            _nothing()
        assert chosen is not None
        in_address(chosen)
        bench = Workbench(
            lab, load(lab.store, lab.settings.data_dir, chosen.id), lab.routers.live(), lab.drafting.current()
        )
        _encoded(bench)
    except LabError as err:
        fault(err)
        st.stop()
    return bench


def _nothing() -> None:
    st.markdown("### There is no dataset yet")
    st.markdown("Thresholds are searched on labelled prompts: a file of yours, or the prompts you corrected.")
    st.page_link("pages/data.py", label="Add a dataset", icon=":material/add:")
    st.stop()


def _encoded(bench: Workbench) -> None:
    """Encode the prompts: a few at once, many as a job that outlives the page."""
    evidence = bench.evidence(bench.config)
    if evidence.ready:
        return
    if len(bench.rows) <= AT_ONCE:
        with st.spinner(f"Encoding {len(bench.rows):,} prompts …"):
            evidence.vectors()
        return
    encode_job(bench.lab.jobs, evidence.encoder, bench.rows, then=evidence.vectors)
    st.markdown(f"### {text.plain(bench.rows.dataset.name)} is being encoded")
    st.markdown(
        f"{len(bench.rows):,} prompts are encoded once; then every search on them starts at once. The bar above says "
        "how long it takes. You can leave this page: it goes on."
    )
    notices.apart(_wait, _POLL_S)(evidence)
    st.stop()


def _wait(evidence: Evidence) -> None:
    if evidence.ready:
        st.rerun()
