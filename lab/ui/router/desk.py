"""What lies on the Router page's desk: the adopted version, the draft beside it, and a dataset to measure both on.

Editing needs no dataset and no encoded prompts: where they are missing, the page says so and goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lab.differences import Difference, differences
from lab.errors import LabError
from lab.forensics.datasets import Rows, encode_job, load
from lab.live import LiveRouter
from lab.records import Draft, RouterVersion
from lab.types import RouterConfig
from lab.ui import notices, resources, text, wording, workbench
from lab.ui.components import fault
from lab.ui.resources import Lab
from lab.ui.workbench import Workbench

_SAID, _FAULT, _PRESSED, _POLL_S = "router_said", "router_fault", "router_pressed", 0.5


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that the page's parts work on."""

    lab: Lab
    adopted: RouterVersion  # what is live in the store: a draft begins from it and is compared with it
    draft: Draft | None
    changes: tuple[Difference, ...]  # from adopted to draft
    bench: Workbench | None  # None: nothing to measure on; `why` says what to do
    why: str

    @property
    def config(self) -> RouterConfig:
        """The router that an edit changes: the draft, or, before the first edit, the adopted version."""
        return self.adopted.config if self.draft is None else self.draft.config

    @property
    def revision(self) -> int:
        """The revision of the draft; -1 where there is none."""
        return -1 if self.draft is None else self.draft.revision

    @property
    def live_name(self) -> str:
        """What the adopted version is called, as Markdown."""
        return text.plain(f"live {wording.version(self.adopted)}")

    @property
    def measured(self) -> str:
        """The rows that effects are measured on, in words."""
        return "dev rows" if self.bench is not None and not self.bench.rows.nested else "rows"


def opened() -> Desk:
    """Return the desk; where not even the draft can be read, say why and stop the page."""
    lab = resources.lab()
    try:
        adopted, draft = lab.routers.adopted(), lab.drafting.current()
        live = lab.routers.live()
    except LabError as err:
        fault(err)
        st.stop()
    changes = differences(adopted.config, draft.config) if draft else ()
    bench, why = _bench(lab, live, adopted, draft)
    return Desk(lab, adopted, draft, changes, bench, why)


def _bench(lab: Lab, live: LiveRouter, adopted: RouterVersion, draft: Draft | None) -> tuple[Workbench | None, str]:
    """Return the dataset in use, ready to be measured on; or None, and what is to be done about it."""
    configs = [adopted.config, *([draft.config] if draft else [])]
    try:
        rows = _rows(lab)
        if rows is None:
            return None, "There is no dataset to measure on. Add one on the Data page."
        bench = Workbench(lab, rows, live, draft)
        waiting = [config for config in configs if not _ready(bench, config)]
    except LabError as err:
        return None, str(err)
    if waiting:
        notices.apart(_wait, _POLL_S)(bench, waiting)
        return None, (
            f"The {len(rows):,} prompts of {rows.dataset.name} are being encoded; what the draft does shows then."
        )
    return bench, ""


def _rows(lab: Lab) -> Rows | None:
    chosen = workbench.dataset()
    if chosen is None:
        return None
    workbench.in_address(chosen)
    return load(lab.store, lab.settings.data_dir, chosen.id)


def _ready(bench: Workbench, config: RouterConfig) -> bool:
    """Encode the prompts where they are few; start a job where they are many."""
    evidence = bench.evidence(config)
    if evidence.ready:
        return True
    if len(bench.rows) <= workbench.AT_ONCE:
        with st.spinner(f"Encoding {len(bench.rows):,} prompts …"):
            evidence.vectors()
        return True
    encode_job(bench.lab.jobs, evidence.encoder, bench.rows, then=evidence.vectors)
    return False


def _wait(bench: Workbench, configs: list[RouterConfig]) -> None:
    if all(bench.evidence(config).ready for config in configs):
        st.rerun()


def unfolded(on: Desk, title: str, key: str, **bound: Any) -> Any | None:
    """Draw a folded part that needs a dataset; return where to draw it, or None while it is closed or has none."""
    folded = st.expander(title, key=key, on_change="rerun", **bound)
    if not folded.open:
        return None
    if on.bench is None:
        folded.info(text.sentence(on.why))
        return None
    return folded


# ------------------------------------------------------------------------------------------------ what just happened


def doing(action: Callable[[], str | None]) -> bool:
    """Do something in a callback; what it returns is said once, and an error of the lab is shown. Tell if it went."""
    try:
        said = action()
    except LabError as err:
        st.session_state[_FAULT] = err
        return False
    if said:
        st.session_state[_SAID] = said
    return True


def again(press: object) -> bool:
    """Tell whether this very press was handled before: two clicks before the page is drawn anew are one."""
    before = st.session_state.get(_PRESSED)
    st.session_state[_PRESSED] = press
    return bool(before == press)


def tell() -> None:
    """Draw what the last action said, once."""
    error, said = st.session_state.pop(_FAULT, None), st.session_state.pop(_SAID, None)
    if error:
        fault(error)
    if said:
        st.success(text.sentence(said))
