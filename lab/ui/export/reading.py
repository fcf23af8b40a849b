"""What the page shows: all votes built into pairs, kept until a vote, a resolution, a thumb or the choices change.

A few thousand duels are read while one waits; more are read by a job that says how far it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from lab.dpo.build import build
from lab.dpo.built import Built
from lab.dpo.report import Report, report
from lab.dpo.spec import Spec
from lab.errors import LabError, NotFound
from lab.jobs import JobContext
from lab.records import Job
from lab.store import judged
from lab.store.judged import State
from lab.ui import notices, resources, text
from lab.ui.resources import Lab

AT_ONCE = 3_000
"""Judged duels that are read without a job."""

KIND = "export-check"
_ACTIVE = ("queued", "running")
_WANTED = "export_read"
_A_SECOND = 5_000  # duels that are read in one


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of all votes under what was asked for."""

    lab: Lab
    spec: Spec
    built: Built
    report: Report
    state: State  # of the votes that it is of


def carry_over(before: Reading, frozen: Report) -> None:
    """Keep a reading after its pairs were frozen, which stores their sides and leaves all else as it was.

    Where a vote came in between, or the snapshot is not what was read, the votes are read again. Raises StoreError.
    """
    now = judged.state(before.lab.store)
    if now._replace(sides=before.state.sides) == before.state and frozen == before.report:
        settled = replace(before.report, settled=before.report.kept)  # as all of them are from now on
        before.lab.counted.put(_key(before.spec, now), replace(before, state=now, report=settled))


def _key(spec: Spec, now: State) -> str:
    return f"export\n{spec.hash}\n{now}"


def state() -> State:
    """Return what the votes are now. Raises StoreError."""
    return judged.state(resources.lab().store)


def opened(spec: Spec, now: State) -> Reading | None:
    """Return what the votes come to, or None after offering to read them. Raises LabError."""
    lab, key = resources.lab(), _key(spec, now)
    wanted = st.session_state.pop(_WANTED, False)
    found: Reading | None = lab.counted.get(key)
    if found is None and now.judged <= AT_ONCE:
        with st.spinner("Reading the votes …", show_time=False):
            found = _read(lab, spec, now, None)
        lab.counted.put(key, found)
    if found is None:
        if wanted:  # for the choices as they stand now, which may have changed right before the press
            _start(spec, now)
        _offer(lab, spec, now)
    return found


def _read(lab: Lab, spec: Spec, now: State, job: JobContext | None) -> Reading:
    encoder = lab.routers.live().version.config.encoder
    with judged.moment(lab.store) as at:
        built = build(
            lab.store,
            at,
            spec,
            progress=None if job is None else job.progress,
            check=None if job is None else job.check,
            encode=lambda texts: lab.routers.encoder(encoder).encode(texts),
        )
    return Reading(lab, spec, built, report(built), now)


def _offer(lab: Lab, spec: Spec, now: State) -> None:
    many, mine = now.judged, _job_of(lab, _key(spec, now))
    others = [job for job in lab.jobs.recent(5, KIND) if job.state in _ACTIVE and (mine is None or job.id != mine.id)]
    with st.container(border=True):
        st.markdown(f"**{many:,} judged duels are to be read** for these choices: about {_seconds(many):,} s.")
        if mine is not None and mine.state in _ACTIVE:
            st.caption("They are being read: see the bar above. What comes of it appears here by itself.")
            return
        if mine is not None and mine.error:
            st.error(text.sentence(mine.error))
        if others:
            st.caption("They are being read for other choices: see the bar above, which can be cancelled.")
        st.button(
            "Read them", key=f"read-{spec.hash[:12]}", type="primary", icon=":material/stethoscope:",
            disabled=bool(others), on_click=_want,
        )  # fmt: skip


def _want() -> None:
    st.session_state[_WANTED] = True


def _seconds(many: int) -> int:
    return max(1, round(many / _A_SECOND))


def _job_of(lab: Lab, key: str) -> Job | None:
    """Return the work that read, or reads, for these choices; None where none was started since the lab was."""
    job_id: str | None = lab.counted.get(f"job of {key}")
    try:
        return None if job_id is None else lab.jobs.get(job_id)
    except NotFound:
        return None


def _start(spec: Spec, now: State) -> None:
    lab, key = resources.lab(), _key(spec, now)

    def work(job: JobContext) -> None:
        lab.counted.put(key, _read(lab, spec, now, job))

    try:
        lab.counted.put(f"job of {key}", lab.jobs.start(KIND, "Reading the votes", work, key=spec.hash))
    except LabError as err:
        notices.tell(text.sentence(str(err)))
