"""What the page shows: all votes built into pairs, kept until a vote, a resolution, a thumb or the choices change.

A few thousand duels are read while one waits; more are read by a job that says how far it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lab.dpo.build import build
from lab.dpo.built import Built
from lab.dpo.report import Report, report
from lab.dpo.spec import Spec
from lab.errors import LabError
from lab.jobs import JobContext
from lab.store import judged
from lab.ui import notices, resources, text
from lab.ui.resources import Lab

AT_ONCE = 3_000
"""Judged duels that are read without a job."""

KIND = "export-check"


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of all votes under what was asked for."""

    lab: Lab
    spec: Spec
    built: Built
    report: Report

    @property
    def key(self) -> str:
        """Changes whenever what was asked for does."""
        return self.spec.hash


def nothing_judged() -> bool:
    """Tell whether nobody has judged or liked anything. Raises StoreError."""
    state = judged.state(resources.lab().store)
    return not state.judged and not state.thumbs


def opened(spec: Spec) -> Reading | None:
    """Return what the votes come to, or None after offering to read them. Raises LabError."""
    lab = resources.lab()
    state = judged.state(lab.store)
    key = f"export\n{spec.hash}\n{state}"
    found: Built | None = lab.counted.get(key)
    if found is None and state.judged <= AT_ONCE:
        with st.spinner("Reading the votes …", show_time=False):
            found = _built(lab, spec, None)
        lab.counted.put(key, found)
    if found is None:
        _offer(lab, spec, key, state.judged)
        return None
    return Reading(lab, spec, found, report(found))


def _built(lab: Lab, spec: Spec, job: JobContext | None) -> Built:
    encoder = lab.routers.live().version.config.encoder
    with judged.moment(lab.store) as at:
        return build(
            lab.store,
            at,
            spec,
            progress=None if job is None else job.progress,
            check=None if job is None else job.check,
            encode=lambda texts: lab.routers.encoder(encoder).encode(texts),
        )


def _offer(lab: Lab, spec: Spec, key: str, many: int) -> None:
    running = [job for job in lab.jobs.recent(5, KIND) if job.state in ("queued", "running")]
    with st.container(border=True):
        st.markdown(f"**{many:,} judged duels are to be read** for these choices: about {_seconds(many)} s.")
        if running:
            st.caption("They are being read: see the bar above. What it finds appears here.")
        else:
            st.button(
                "Read them", key=f"read-{spec.hash[:12]}", type="primary", icon=":material/stethoscope:",
                on_click=_start, args=(spec, key),
            )  # fmt: skip


def _seconds(many: int) -> int:
    return max(1, round(many / 7_000))


def _start(spec: Spec, key: str) -> None:
    lab = resources.lab()

    def work(job: JobContext) -> None:
        lab.counted.put(key, _built(lab, spec, job))

    try:
        lab.jobs.start(KIND, "Reading the votes", work, key=spec.hash)
    except LabError as err:
        notices.tell(text.sentence(str(err)))
