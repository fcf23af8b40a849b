"""Long work on every page: how far it is, when it will be done, and a way to stop it."""

from __future__ import annotations

import streamlit as st

from lab.errors import LabError
from lab.records import Job
from lab.ui import notices, resources, text

_POLL_S = 0.5
_SEEN, _ACTIVE = "jobs_seen", ("queued", "running")
_LATEST = 5


def draw() -> None:
    """Draw the work that runs now, and say once how the work that this session saw running has ended."""
    seen: set[str] = st.session_state.setdefault(_SEEN, set())
    jobs = _latest()
    for job in jobs:
        if job.state in _ACTIVE:
            seen.add(job.id)
        elif job.id in seen:
            seen.discard(job.id)
            st.toast(_ended(job))
    running = any(job.state in _ACTIVE for job in jobs)
    notices.apart(_draw, _POLL_S if running else None)(running)


def _latest() -> list[Job]:
    try:
        return resources.lab().jobs.recent(_LATEST)
    except LabError:
        return []  # the page says elsewhere that the database does not answer


def _draw(was_running: bool) -> None:
    running = [job for job in _latest() if job.state in _ACTIVE]
    for job in running:
        _running(job)
    if was_running and not running:
        st.rerun()


def _running(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        share = min(1.0, job.done / job.total) if job.total else 0.0
        st.progress(share, f"{text.plain(job.title)}: {_how_far(job)}")
        st.button("Cancel", key=f"cancel-{job.id}", on_click=_cancel, args=(job.id,))


def _how_far(job: Job) -> str:
    parts = [text.plain(job.note)] if job.note else []
    if job.total:
        parts.append(f"{job.done / job.total:.0%}")
    if job.eta_s is not None:
        parts.append(f"about {job.eta_s:.0f} s to go")
    return ", ".join(parts) or "starting"


def _ended(job: Job) -> str:
    title = text.plain(job.title)
    return f"{title}: {job.state}." if job.error is None else f"{title}: {job.state}. {text.sentence(job.error)}"


def _cancel(job_id: str) -> None:
    try:
        resources.lab().jobs.cancel(job_id)
    except LabError as err:
        st.toast(text.sentence(str(err)))
